"""Who takes a ticket: absences, limits, and the order among those who are free."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.protocols import routing
from app.protocols.routing import Member, Roster, Scene, Team
from app.scoring.calendars import read_calendar
from connectors.ticket import Person

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
ANA, BEN, CAT = (
    Person(id=key, name=name, is_staff=True) for key, name in (("9", "Ana"), ("31", "Ben"), ("200", "Cat"))
)
MORNINGS = read_calendar({"zone": "UTC", "week": {"wednesday": "08:00-12:00"}})
AFTERNOONS = read_calendar({"zone": "UTC", "week": {"wednesday": "12:00-18:00"}})


def member(person: Person = ANA, **values) -> Member:
    return Member(agent_id=person.id, name=person.name, **values)


def roster(*members: Member, team: Team | None = None, **values) -> Roster:
    teams = {"20": team} if team else {}
    return Roster(members={one.agent_id: one for one in members}, teams=teams, **values)


def scene(*members: Member, now=NOW, **values) -> Scene:
    return Scene(group_id="20", group="Recovery", roster=roster(*members, **values), now=now)


def choose(*members: Member, people=(ANA, BEN, CAT), order=routing.by_turn, **values) -> routing.Choice:
    there = scene(*members, **values)
    return routing.choose(people, there, order(there.roster), lambda person, of: f"{person.name} of {of}")


class TestAbsence:
    @pytest.mark.parametrize(
        ("since", "until", "away"),
        [
            (None, None, False),
            (NOW, NOW + HOUR, True),
            (NOW - HOUR, NOW, False),
            (NOW + HOUR, None, False),
            (NOW - HOUR, None, True),
            (None, NOW + HOUR, True),
            (None, NOW, False),
        ],
    )
    def test_somebody_is_away_from_the_first_moment_to_before_the_last(self, since, until, away):
        assert member(away_from=since, away_until=until).is_away(NOW) is away

    def test_a_person_nobody_stored_is_there(self):
        assert routing.why_absent(ANA, scene()) is None

    def test_whoever_is_away_says_until_when(self):
        there = scene(member(away_from=NOW, away_until=NOW + 48 * HOUR))

        assert routing.why_absent(ANA, there) == "is away until 6 March 2026 12:00 UTC"

    def test_whoever_is_away_without_an_end_is_just_away(self):
        assert routing.why_absent(ANA, scene(member(away_from=NOW))) == "is away"

    def test_a_suspended_person_is_absent(self):
        assert routing.why_absent(Person(id="9", suspended=True), scene()) == "is suspended"

    @pytest.mark.parametrize(
        ("own", "team", "desk", "absence"),
        [
            (MORNINGS, AFTERNOONS, AFTERNOONS, "is not at work now"),
            (AFTERNOONS, MORNINGS, MORNINGS, None),
            (None, MORNINGS, AFTERNOONS, "is not at work now"),
            (None, None, MORNINGS, "is not at work now"),
            (None, None, AFTERNOONS, None),
            (None, None, None, None),
        ],
    )
    def test_own_hours_go_before_the_teams_and_those_before_the_desks(self, own, team, desk, absence):
        there = scene(member(hours=own), team=Team(group_id="20", hours=team), hours=desk)

        assert routing.why_absent(ANA, there) == absence


class TestBelonging:
    def test_everybody_in_the_group_belongs_where_no_members_are_listed(self):
        there = scene(team=Team(group_id="20", leads=("9",)))

        assert routing.belonging((ANA, BEN), there) == [ANA, BEN]

    def test_only_those_listed_belong_and_the_leads(self):
        there = scene(team=Team(group_id="20", leads=("9",), members=("31",)))

        assert routing.belonging((ANA, BEN, CAT), there) == [ANA, BEN]


class TestChoice:
    @pytest.mark.capability("TEA-05")
    def test_out_of_office_is_passed_over(self):
        chosen = choose(member(ANA, away_from=NOW), member(BEN))

        assert chosen == routing.Choice(agent_id=BEN.id, reason="Ben of 2")

    @pytest.mark.capability("TEA-05")
    def test_whoever_is_full_is_passed_over(self):
        chosen = choose(member(ANA, capacity=2), member(BEN, capacity=2), cases={"9": 2, "31": 1})

        assert chosen.agent_id == BEN.id

    def test_nobody_free_leaves_it_to_the_group_and_says_why(self):
        chosen = choose(member(ANA, away_from=NOW), member(BEN, capacity=1), people=(ANA, BEN), cases={"31": 3})

        assert chosen.agent_id is None
        assert chosen.reason == (
            'nobody is free in "Recovery": Ana is away, Ben has 3 of 1 cases; it waits for the whole group'
        )

    def test_a_long_list_of_absences_is_cut_short(self):
        people = tuple(Person(id=str(number), name=f"P{number}", suspended=True) for number in range(7))

        assert "P4 is suspended, and 2 more;" in choose(people=people).reason

    def test_a_team_that_is_full_gives_nobody_more(self):
        chosen = choose(team=Team(group_id="20", capacity=4), team_cases={"20": 4})

        assert chosen == routing.Choice(
            agent_id=None, reason='the team "Recovery" has 4 of 4 cases; the ticket waits for the whole group'
        )

    def test_whom_a_step_chose_before_is_chosen_again_however_much_they_have(self):
        chosen = choose(member(CAT, capacity=1), reserved=CAT.id, cases={"200": 1})

        assert chosen == routing.Choice(agent_id=CAT.id, reason="it was given to Cat before")

    def test_whom_a_step_chose_before_is_not_chosen_again_while_away(self):
        assert choose(member(CAT, away_from=NOW), reserved=CAT.id).agent_id == ANA.id

    def test_a_person_without_a_name_is_called_by_the_stored_one_or_the_number(self):
        people = (Person(id="9", suspended=True), Person(id="77", suspended=True))

        assert "Ana is suspended, agent 77 is suspended" in choose(member(), people=people).reason


class TestOrder:
    @pytest.mark.capability("TEA-05")
    def test_turns_go_round(self):
        turns: dict[str, datetime] = {}
        chosen = []
        for step in range(6):
            agent_id = choose(turns=dict(turns)).agent_id
            assert agent_id is not None
            turns[agent_id] = NOW + step * HOUR
            chosen.append(agent_id)

        assert chosen == ["9", "31", "200"] * 2

    @pytest.mark.capability("TEA-05")
    def test_the_least_loaded_goes_first(self):
        loads = {"9": 3, "31": 1, "200": 2}

        assert choose(order=lambda rows: routing.by_load(rows, loads)).agent_id == BEN.id

    def test_what_was_just_given_counts_before_the_helpdesk_counts_it(self):
        loads = {"9": 3, "31": 1, "200": 2}

        chosen = choose(order=lambda rows: routing.by_load(rows, loads), given={"31": 3})

        assert chosen.agent_id == CAT.id

    def test_what_the_helpdesk_counts_by_now_is_not_counted_twice(self):
        assert routing.load_of(BEN, roster(given={"31": 2}), {"31": 2}) == 2

    def test_the_fewest_open_cases_go_first_then_the_longest_wait(self):
        chosen = choose(order=routing.by_cases, cases={"9": 1}, turns={"31": NOW, "200": NOW - HOUR})

        assert chosen.agent_id == CAT.id


class TestRoom:
    @pytest.mark.parametrize(
        ("team", "left"),
        [
            (Team(group_id="20"), None),
            (Team(group_id="20", capacity=5), 2),
            (Team(group_id="20", capacity=2), 0),
            (Team(group_id="20", members=("9", "31")), 3),
            (Team(group_id="20", members=("9", "31"), capacity=4), 1),
            (Team(group_id="20", members=("9", "200")), None),
        ],
    )
    def test_room_is_the_tightest_limit(self, team, left):
        rows = roster(member(ANA, capacity=3), member(BEN, capacity=2), cases={"9": 2, "31": 0}, team_cases={"20": 3})

        assert routing.room(team, rows) == left


def test_a_teams_leads_are_reached_while_they_are_there() -> None:
    now = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
    away = Member(agent_id="2", email="two@example.com", away_until=now + timedelta(days=1))
    people = {"1": Member(agent_id="1", email="one@example.com"), "2": away, "3": Member(agent_id="3")}
    roster = Roster(teams={"20": Team(group_id="20", leads=("3", "2", "1", "9"))}, members=people)

    assert roster.lead_addresses("20", now) == ("one@example.com",)
    assert roster.lead_addresses("20", now + timedelta(days=2)) == ("two@example.com", "one@example.com")
    assert roster.lead_addresses("10", now) == roster.lead_addresses(None, now) == ()
