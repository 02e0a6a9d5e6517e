"""Teams as stored, and whom steps chose."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.protocols.routing import Member, Team
from app.scoring.calendars import read_calendar
from app.store import cases, steps, teams
from app.store.database import Database
from app.store.desks import NotFound
from app.store.models import AssignmentRow, Desk, MemberRow, StepRow, StepState, TeamRow, TrackedTicket
from app.words import CaseStage
from tests.store.factories import DAY, HOUR, MINUTE, NOW, add_case, add_desk, add_step, add_ticket, all_rows, together

HOURS = read_calendar({"zone": "Europe/Berlin", "week": {"monday": "09:00-17:00"}})
RECOVERY = Team(group_id="20", name="Recovery", capacity=9, hours=HOURS, leads=("9",), members=("9", "31"))
ANA = Member(
    agent_id="9",
    name="Ana",
    email="ana@example.com",
    skills=frozenset({"german", "refunds"}),
    capacity=3,
    senior=True,
    hours=HOURS,
    away_from=NOW,
    away_until=NOW + DAY,
)
BEN = Member(agent_id="31", name="Ben")


def store(database: Database, desk_id: int, *given: Team | Member) -> None:
    found = [one for one in given if isinstance(one, Team)], [one for one in given if isinstance(one, Member)]
    with database.desk(desk_id) as session:
        teams.replace_all(session, desk_id, *found, NOW)


def choose(database: Database, desk_id: int, step_id: int, agent_id: str, *, load: int | None = None, at=NOW) -> None:
    with database.desk(desk_id) as session:
        chosen = teams.Reservation(step_id=step_id, group_id="20", agent_id=agent_id, load=load)
        teams.reserve(session, steps.get(session, step_id), chosen, at)


def roster(database: Database, desk_id: int, now=NOW, **options):
    with database.desk(desk_id, read=True) as session:
        return teams.roster(session, desk_id, now, **options)


def assign_step(database: Database, desk_id: int, **columns) -> tuple[int, int]:
    """A planned step on a ticket with a case; the ids of case and step."""
    case_id = add_case(database, desk_id, add_ticket(database, desk_id, **columns))
    return case_id, add_step(database, desk_id, case_id, action="1-assign", do="assign", params={})


def test_what_is_stored_comes_back_as_it_was(database: Database, desk_id: int) -> None:
    store(database, desk_id, RECOVERY, ANA, BEN)

    found = roster(database, desk_id)

    assert found.teams == {"20": RECOVERY}
    assert found.members == {"9": ANA, "31": BEN}


def test_storing_again_replaces_all_but_absences(database: Database, desk_id: int) -> None:
    store(database, desk_id, RECOVERY, ANA, BEN)

    store(database, desk_id, Team(group_id="30", name="Retention"), Member(agent_id="9", name="Ana"))

    found = roster(database, desk_id)
    assert list(found.teams) == ["30"]
    assert found.members == {"9": Member(agent_id="9", name="Ana", away_from=NOW, away_until=NOW + DAY)}


def test_desks_know_nothing_of_each_others_teams(database: Database, desk_id: int) -> None:
    other = add_desk(database, "Other shop")
    store(database, desk_id, RECOVERY, ANA)

    store(database, other, Team(group_id="20", name="Theirs"))

    assert roster(database, desk_id).teams["20"].name == "Recovery"
    assert roster(database, other).members == {}
    assert [row.name for row in all_rows(database, TeamRow)] == ["Recovery", "Theirs"]


@pytest.mark.parametrize("word", ["9", "ana", " ANA@example.com "])
def test_a_member_is_found_by_number_name_or_address(database: Database, desk_id: int, word: str) -> None:
    store(database, desk_id, ANA, BEN)

    with database.desk(desk_id, read=True) as session:
        assert teams.get_member(session, word).agent_id == "9"


def test_a_member_who_is_not_there_or_there_twice_is_refused(database: Database, desk_id: int) -> None:
    store(database, desk_id, ANA, Member(agent_id="77", name="ana"))

    with database.desk(desk_id, read=True) as session:
        with pytest.raises(NotFound, match='no member called "Zoe"'):
            teams.get_member(session, "Zoe")
        with pytest.raises(NotFound, match='2 members called "Ana"'):
            teams.get_member(session, "Ana")


def test_leads_come_in_the_order_of_the_team(database: Database, desk_id: int) -> None:
    store(database, desk_id, Team(group_id="20", leads=("31", "9", "404")), ANA, BEN)

    with database.desk(desk_id, read=True) as session:
        assert [row.name for row in teams.leads_of(session, "20")] == ["Ben", "Ana"]
        assert teams.leads_of(session, "99") == []


def test_an_absence_ends_when_it_is_taken_back(database: Database, desk_id: int) -> None:
    store(database, desk_id, ANA)

    with database.desk(desk_id) as session:
        teams.be_away(teams.get_member(session, "Ana"), None, None)

    (row,) = all_rows(database, MemberRow)
    assert (row.away_from, row.away_until) == (None, None)


class TestWork:
    def test_open_cases_are_counted_where_their_tickets_are(self, database: Database, desk_id: int) -> None:
        for agent_id in ("9", "9", "31"):
            add_case(database, desk_id, add_ticket(database, desk_id, group_id="20", assignee_id=agent_id))
        closed, _ = assign_step(database, desk_id, group_id="20", assignee_id="31")
        with database.desk(desk_id) as session:
            cases.move(cases.get(session, closed), CaseStage.EXPIRED, NOW)

        found = roster(database, desk_id)

        assert (found.cases, found.team_cases) == ({"9": 2, "31": 1}, {"20": 3})

    def test_a_case_on_its_way_counts_where_it_goes(self, database: Database, desk_id: int) -> None:
        case_id, step_id = assign_step(database, desk_id, group_id="10", assignee_id="31")

        choose(database, desk_id, step_id, "9")

        found = roster(database, desk_id)
        assert (found.cases, found.team_cases) == ({"9": 1}, {"20": 1})
        assert roster(database, desk_id, besides=[case_id]).cases == {}

    def test_a_choice_that_came_to_nothing_counts_nothing(self, database: Database, desk_id: int) -> None:
        _, step_id = assign_step(database, desk_id)
        choose(database, desk_id, step_id, "9", load=4)
        with database.desk(desk_id) as session:
            steps.finish([steps.get(session, step_id)], StepState.REFUSED, NOW)

        found = roster(database, desk_id)

        assert (found.cases, found.turns, found.given) == ({}, {}, {})

    def test_turns_are_when_each_was_chosen_last(self, database: Database, desk_id: int) -> None:
        for agent_id, at in (("9", NOW), ("9", NOW + HOUR), ("31", NOW + MINUTE)):
            choose(database, desk_id, assign_step(database, desk_id)[1], agent_id, at=at)

        assert roster(database, desk_id).turns == {"9": NOW + HOUR, "31": NOW + MINUTE}

    def test_a_turn_long_ago_is_none(self, database: Database, desk_id: int) -> None:
        choose(database, desk_id, assign_step(database, desk_id)[1], "9", at=NOW)

        assert roster(database, desk_id, NOW + teams.TURNS_COUNT).turns == {}

    def test_what_was_given_lately_adds_to_what_they_had(self, database: Database, desk_id: int) -> None:
        later = NOW + 2 * MINUTE
        choose(database, desk_id, assign_step(database, desk_id)[1], "9", load=4, at=NOW)
        choose(database, desk_id, assign_step(database, desk_id)[1], "9", load=5, at=NOW + MINUTE)
        choose(database, desk_id, assign_step(database, desk_id)[1], "31", load=1, at=NOW - teams.SEARCH_LAG)
        choose(database, desk_id, assign_step(database, desk_id)[1], "200", at=NOW)

        assert roster(database, desk_id, later).given == {"9": 6}

    def test_a_step_is_reserved_once_and_anew_for_somebody_else(self, database: Database, desk_id: int) -> None:
        _, step_id = assign_step(database, desk_id)
        choose(database, desk_id, step_id, "9", at=NOW)
        choose(database, desk_id, step_id, "9", at=NOW + HOUR)
        (first,) = all_rows(database, AssignmentRow)

        choose(database, desk_id, step_id, "31", at=NOW + HOUR)

        (row,) = all_rows(database, AssignmentRow)
        assert (first.at, row.agent_id, row.at) == (NOW, "31", NOW + HOUR)
        with database.desk(desk_id, read=True) as session:
            assert teams.reserved(session, [step_id, 404]) == {step_id: "31"}


def test_a_ticket_arrives_while_somebody_chooses(on_postgres: Database) -> None:
    desk_id = add_desk(on_postgres)
    with on_postgres.desk(desk_id) as choosing:
        teams.hold_choice(choosing, desk_id)

        with on_postgres.desk(desk_id) as arriving:
            arriving.execute(select(func.set_config("lock_timeout", "500ms", True)).select_from(Desk))
            arriving.add(TrackedTicket(desk_id=desk_id, ticket_id="7"))

    assert [row.ticket_id for row in all_rows(on_postgres, TrackedTicket)] == ["7"]


def test_two_who_choose_at_once_do_so_one_after_the_other(on_postgres: Database) -> None:
    desk_id = add_desk(on_postgres)
    step_ids = [assign_step(on_postgres, desk_id)[1] for _ in range(6)]

    def choose_next(index: int) -> None:
        with on_postgres.desk(desk_id) as session:
            teams.hold_choice(session, desk_id)
            seen = teams.roster(session, desk_id, NOW).cases
            agent_id = min(("9", "31"), key=lambda one: seen.get(one, 0))
            step = session.get_one(StepRow, step_ids[index])
            chosen = teams.Reservation(step_id=step.id, group_id="20", agent_id=agent_id, load=None)
            teams.reserve(session, step, chosen, NOW)

    together(6, choose_next)

    assert sorted(row.agent_id for row in all_rows(on_postgres, AssignmentRow)) == ["31"] * 3 + ["9"] * 3
