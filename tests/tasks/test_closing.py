"""A person closes a case: its ticket is marked, its survey is called off, and nobody closes one just so."""

from __future__ import annotations

import pytest

from app import reports
from app.protocols.routing import Member, Team
from app.store import deviations, teams
from app.store.deviations import ReasonMissing
from app.store.models import InvitationState, RecoveryCase, StepState
from app.words import CaseStage
from tasks import closing, own_steps
from tasks.closing import ByHand, CannotClose, Ending
from tests.tasks.closing import solved, surveyed
from tests.tasks.stage import CALM, NOTE, Stage, protocol

WHY = "Refunded by phone, and glad of it."


def close(stage: Stage, ticket: str, ending: Ending, *, confirmed: bool = False, reason: str = "") -> None:
    wanted = ByHand(ending=ending, confirmed=confirmed, reason=reason, by="lena@example.com")
    with stage.parts.database.desk(stage.desk_id) as session:
        closing.close(session, session.get_one(RecoveryCase, stage.case(ticket).id), wanted, stage.now)
    stage.drain()


@pytest.mark.capability("PRO-09")
def test_a_confirmed_recovery_marks_the_ticket_and_asks_nobody(stage: Stage) -> None:
    ticket = solved(stage)

    close(stage, ticket, Ending.RECOVERED, confirmed=True)

    assert stage.case(ticket).stage is CaseStage.RECOVERED
    assert "recovery_recovered" in stage.tags(ticket)
    assert [row.state for row in stage.surveys(ticket)] == [InvitationState.CANCELLED]


@pytest.mark.capability("PRO-09")
def test_a_case_ended_with_a_reason_loses_its_mark(stage: Stage) -> None:
    ticket = solved(stage)

    close(stage, ticket, Ending.ENDED, reason=WHY)

    assert stage.case(ticket).stage is CaseStage.EXPIRED
    assert not {"recovery_open", "recovery_recovered", "recovery_lost"} & stage.tags(ticket)


@pytest.mark.capability("PRO-09")
@pytest.mark.parametrize(
    ("ending", "reason", "error"),
    [(Ending.ENDED, " ", ReasonMissing), (Ending.LOST, "", ReasonMissing), (Ending.RECOVERED, WHY, CannotClose)],
)
def test_without_confirmation_or_reason_it_stays_open(
    stage: Stage, ending: Ending, reason: str, error: type[Exception]
) -> None:
    ticket = solved(stage)

    with pytest.raises(error):
        close(stage, ticket, ending, reason=reason)

    assert stage.case(ticket).closed_at is None
    assert [row.state for row in stage.surveys(ticket)] == [InvitationState.SCHEDULED]


@pytest.mark.capability("PRO-10")
def test_deviations_are_reported_with_their_reasons(stage: Stage) -> None:
    ticket = solved(stage)
    close(stage, ticket, Ending.LOST, reason=WHY)

    report = reports.deviations(stage.parts.database, stage.desk_id)

    (one,) = report["deviations"]
    assert (one["kind"], one["reason"], one["ticket_id"], one["by"]) == ("closed", WHY, ticket, "lena@example.com")
    assert (report["by_kind"], report["by_protocol"]) == ({"closed": 1}, {"Rescue": 1})


@pytest.mark.capability("PRO-10")
def test_equal_tickets_of_two_agents_get_the_same_steps(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, {"do": "priority", "to": "high"}))
    tickets = [stage.opens(CALM, email=f"customer-{number}@example.com") for number in range(2)]
    for number, ticket in enumerate(tickets):
        stage.edits(ticket, assignee_id=str(stage.account.agent_ids[number]))

    stage.drain()

    first, second = (stage.states(ticket) for ticket in tickets)
    assert first == second
    assert len({stage.case(ticket).version_id for ticket in tickets}) == 1


@pytest.mark.capability("PRO-06")
def test_a_gesture_within_the_protocol_needs_nobodys_approval(stage: Stage) -> None:
    macro = {"do": "macro", "macro": "Recovery: acknowledge and take over"}

    ticket = surveyed(stage, macro, NOTE)

    assert set(stage.states(ticket).values()) == {"done"}
    assert all(row.done_by is None and row.owner is None for row in stage.steps(ticket).values())


@pytest.mark.capability("N10")
def test_after_a_failed_recovery_the_ticket_goes_to_a_named_lead(stage: Stage) -> None:
    lead = str(stage.account.agent_ids[0])
    ticket = surveyed(stage)
    stage.answer_survey(ticket, 1)
    stage.drain()
    group = group_of(stage)
    with stage.parts.database.desk(stage.desk_id) as session:
        team = Team(group_id=group, name="Recovery", leads=(lead,))
        teams.replace_all(session, stage.desk_id, [team], [Member(agent_id=lead, name="Lead")], stage.now)

    second = stage.opens("And now the shade is missing.")
    stage.drain()

    assert stage.tracked(second).assignee_id == lead
    assert stage.case(second).owner_id == lead
    assert stage.steps(second)[own_steps.IN_PERSON].owner == lead
    assert stage.steps(second)[own_steps.HAND_OVER].state is StepState.DONE


def group_of(stage: Stage) -> str:
    """The id of the group Recovery."""
    with stage.parts.connections.open(stage.desk_id) as connector:
        return next(group.id for group in connector.read_groups() if group.name == "Recovery")


def test_what_was_done_otherwise_is_empty_at_first(stage: Stage) -> None:
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        assert deviations.all_of(session) == []
