"""Whom a case falls on, through the whole pipeline: leads, turns, loads, days off, and tickets handled at once."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from app.clock import real_now
from app.protocols.routing import Member, Team
from app.store import teams
from app.store.models import AssignmentRow
from tests.tasks.closing import solved
from tests.tasks.stage import NOTE, START, Stage, protocol

TURNS = {"do": "assign", "to": "round_robin"}
LEAST = {"do": "assign", "to": "least_loaded"}


def agents(stage: Stage) -> tuple[str, str, str]:
    one, two, three = (str(agent_id) for agent_id in stage.account.agent_ids)
    return one, two, three


def store(stage: Stage, *members: Member, **of_teams: dict[str, Any]) -> None:
    """These teams, by the names of their groups with a capital, and these people."""
    groups = stage.account.group_ids
    stored = [
        Team(group_id=str(groups[name.capitalize()]), name=name.capitalize(), **values)
        for name, values in of_teams.items()
    ]
    with stage.parts.database.desk(stage.desk_id) as session:
        teams.replace_all(session, stage.desk_id, stored, members, real_now())


def assignee(stage: Stage, ticket: str) -> str | None:
    found: str | None = stage.shown(ticket)["assignee_id"]
    return found


def reason(stage: Stage, ticket: str) -> str | None:
    return stage.steps(ticket)["1-assign"].reason


def opened(stage: Stage, number: int) -> list[str]:
    """Tickets of so many customers, each handled before the next one comes."""
    found = []
    for one in range(number):
        found.append(stage.opens(email=f"customer-{one}@example.com"))
        stage.drain()
    return found


@pytest.mark.capability("TEA-02")
def test_a_lead_of_the_agents_group_takes_the_ticket(stage: Stage) -> None:
    _, two, three = agents(stage)
    store(stage, support={"leads": (three,)}, recovery={"leads": (two,)})
    stage.publish(protocol("Rescue", {"do": "assign", "to": "lead"}))
    ticket = stage.opens()
    stage.act(f"tickets/{ticket}/update", group_id=stage.account.group_ids["Support"], assignee_id=int(two))

    stage.drain()

    assert (stage.shown(ticket)["group"], assignee(stage, ticket)) == ("Support", three)
    assert stage.case(ticket).owner_id == three
    assert "who leads it" in (reason(stage, ticket) or "")


@pytest.mark.capability("TEA-05")
def test_cases_go_round_in_turn(stage: Stage) -> None:
    one, two, _ = agents(stage)
    stage.publish(protocol("Rescue", TURNS))

    tickets = opened(stage, 3)

    assert [assignee(stage, ticket) for ticket in tickets] == [one, two, one]
    assert reason(stage, tickets[1]) == "it is Agent Two's turn, of 2 who are free"


@pytest.mark.capability("TEA-05")
def test_the_next_case_goes_to_the_least_loaded_member_who_is_there(stage: Stage) -> None:
    one, two, _ = agents(stage)
    store(stage, Member(agent_id=one, name="Agent One"), recovery={})
    stage.publish(protocol("Rescue", LEAST))
    for number in range(2):
        made = stage.act("tickets", email=f"other-{number}@example.com", name="Other", subject="x", text="x")
        stage.act(f"tickets/{made['id']}/update", assignee_id=int(one))

    first = opened(stage, 1)[0]
    with stage.parts.database.desk(stage.desk_id) as session:
        teams.be_away(teams.get_member(session, one), START, None)
    stage.says(first, "And now?")
    rest = opened(stage, 3)

    assert [assignee(stage, ticket) for ticket in (first, *rest)] == [two] * 4


def test_a_person_full_of_cases_is_passed_over_until_one_is_closed(stage: Stage) -> None:
    one, two, _ = agents(stage)
    store(
        stage,
        Member(agent_id=one, name="Agent One", capacity=1),
        Member(agent_id=two, name="Agent Two", capacity=1),
        recovery={},
    )
    stage.publish(protocol("Rescue", TURNS))

    tickets = opened(stage, 3)

    assert [assignee(stage, ticket) for ticket in tickets] == [one, two, None]
    assert stage.shown(tickets[2])["group"] == "Recovery"
    assert (reason(stage, tickets[2]) or "").startswith('nobody is free in "Recovery": Agent One has 1 of 1 cases')


@pytest.mark.capability("TEA-04")
def test_the_original_agent_keeps_the_ticket_and_is_told_what_to_do(stage: Stage) -> None:
    _, _, three = agents(stage)
    task = {"do": "task", "text": "Call them today.", "owner": "agent"}
    stage.publish(protocol("Rescue", {"do": "assign", "to": "keep"}, NOTE, task))
    ticket = stage.opens()
    stage.act(f"tickets/{ticket}/update", group_id=stage.account.group_ids["Support"], assignee_id=int(three))

    stage.drain()

    assert (stage.shown(ticket)["group"], assignee(stage, ticket)) == ("Support", three)
    assert stage.comments(ticket, public=False) == [NOTE["text"]]
    assert stage.case(ticket).owner_id == three
    assert stage.states(ticket)["3-task"] == "waiting"


@pytest.mark.capability("TEA-08")
def test_a_senior_member_takes_it_over(stage: Stage) -> None:
    _, two, _ = agents(stage)
    store(stage, Member(agent_id=two, name="Agent Two", senior=True), recovery={})
    stage.publish(protocol("Rescue", {"do": "assign", "to": "senior"}))

    (ticket,) = opened(stage, 1)

    assert assignee(stage, ticket) == two


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"to": "lead"}, "the ticket is in no group, and the protocol has no team, whose lead could take it"),
        ({"to": "member", "member": "Zoe"}, 'nobody is called "Zoe" in the group or among the stored members'),
    ],
)
def test_an_assignment_that_falls_on_nobody_is_refused_and_the_rest_is_done(stage: Stage, action, said: str) -> None:
    stage.publish(protocol("Rescue", {"do": "assign", **action}, NOTE, team=None))
    ticket = stage.opens()

    stage.drain()

    assert stage.states(ticket)["1-assign"] == "refused"
    assert reason(stage, ticket) == said
    assert stage.comments(ticket, public=False) == [NOTE["text"]]
    assert stage.rows(AssignmentRow) == []


@pytest.mark.capability("TEA-03")
def test_a_recovered_ticket_goes_to_the_group_of_the_rule(stage: Stage) -> None:
    ticket = solved(stage, TURNS, return_to="group", return_group="Retention")
    stage.step(hours=25)
    stage.drain()

    stage.answer_survey(ticket, 5)
    stage.drain()

    assert stage.shown(ticket)["group"] == "Retention"


@pytest.mark.capability("TEA-03")
def test_a_ticket_returns_to_its_group_while_its_agent_is_away(stage: Stage) -> None:
    _, _, three = agents(stage)
    store(stage, Member(agent_id=three, away_from=START), recovery={})
    stage.publish(
        protocol("Rescue", TURNS, follow_up={"resurvey": {"after_hours": 24}, "return_to": "previous"}),
    )
    ticket = stage.opens()
    stage.act(f"tickets/{ticket}/update", group_id=stage.account.group_ids["Support"], assignee_id=int(three))
    stage.drain()
    stage.solves(ticket)
    stage.drain()
    stage.step(hours=25)
    stage.drain()

    stage.answer_survey(ticket, 5)
    stage.drain()

    assert (stage.shown(ticket)["group"], assignee(stage, ticket)) == ("Support", None)


def test_a_step_that_is_planned_again_chooses_the_same_person(stage: Stage) -> None:
    stage.publish(protocol("Rescue", TURNS))
    ticket = stage.opens()
    stage.on_write(before=lambda: stage.act(f"tickets/{ticket}/update", priority="low"))

    stage.drain()

    (row,) = stage.rows(AssignmentRow)
    assert row.agent_id == assignee(stage, ticket)


@pytest.mark.capability("TEA-05")
def test_tickets_handled_at_once_do_not_choose_the_same_person(postgres_stage: Stage) -> None:
    stage = postgres_stage
    stage.publish(protocol("Rescue", TURNS))
    tickets = [stage.opens(email=f"customer-{number}@example.com") for number in range(4)]
    claims = stage.claim()

    workers = [threading.Thread(target=stage.work, args=(claim,)) for claim in claims]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    stage.pass_time(minutes=5)  # some may have met the one who was renewing the desk's access, and come back later
    stage.drain()

    one, two, _ = agents(stage)
    assert sorted(str(assignee(stage, ticket)) for ticket in tickets) == sorted([one, two] * 2)
