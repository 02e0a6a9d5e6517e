"""The document of teams: every slip has a path, and what is written is read again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.protocols.routing import Member, Team
from app.protocols.team_document import (
    Directory,
    PersonEntry,
    TeamEntry,
    TeamError,
    match,
    moment,
    read_teams,
    write_teams,
)
from app.scoring.calendars import read_calendar
from connectors.ticket import Group, Person

CALENDAR = {"zone": "Europe/Berlin", "week": {"monday": ["09:00-17:00"]}, "holidays": []}
HOURS = read_calendar(CALENDAR)
ANA = Person(id="9", name="Ana", email="ana@example.com", is_staff=True)
BEN = Person(id="31", name="Ben", email="ben@example.com", is_staff=True)
TWIN = Person(id="32", name="Ben", is_staff=True)
GROUPS = (Group(id="20", name="Recovery"), Group(id="10", name="Support"), Group(id="11", name="support"))
DIRECTORY = Directory(groups=GROUPS, members={"20": (ANA, BEN)})


def slips(value: Any) -> list[str]:
    with pytest.raises(TeamError) as caught:
        read_teams(value)
    return str(caught.value).splitlines()


def document(*people: dict[str, Any], **team: Any) -> Any:
    return {"teams": [{"group": "Recovery", **team}], "people": list(people)}


def matched(value: Any, directory: Directory = DIRECTORY) -> tuple[list[Team], list[Member]]:
    return match(read_teams(value), directory)


def test_a_whole_document_is_read() -> None:
    person = {"agent": 31, "skills": ["German"], "capacity": 5, "senior": True, "hours": CALENDAR}

    found = read_teams(document({**person, "away": {"from": "2027-01-01T12:00", "until": "2027-01-02"}}, leads=["Ana"],
                                members=["Ana", "Ana", 31], capacity=9, hours=CALENDAR), "Europe/Berlin")  # fmt: skip

    assert found.teams == (TeamEntry(group="Recovery", leads=("Ana",), members=("Ana", "31"), capacity=9, hours=HOURS),)
    assert found.people == (
        PersonEntry(
            agent="31",
            skills=frozenset({"german"}),
            capacity=5,
            senior=True,
            hours=HOURS,
            away_from=datetime(2027, 1, 1, 11, tzinfo=UTC),
            away_until=datetime(2027, 1, 1, 23, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ([], "document: must be a mapping of teams, people (got [])"),
        ({}, "teams: is missing; name at least one group"),
        ({"team": []}, "team: must be one of teams, people (got [])"),
        ({"teams": "Recovery"}, 'teams: must be a list of at most 1,000 (got "Recovery")'),
        ({"teams": [1]}, "teams[0]: must be a mapping of group, leads, members, capacity, hours (got 1)"),
        (document(group=None), "teams[0].group: is missing"),
        (document(group=True), "teams[0].group: must be text of 1 to 254 characters (got true)"),
        (document(group="a\nb"), 'teams[0].group: must be text of 1 to 254 characters (got "a\\nb")'),
        (document(leads="Ana"), 'teams[0].leads: must be a list of at most 1,000 (got "Ana")'),
        (document(members=["Ana", {}]), "teams[0].members[1]: must be text of 1 to 254 characters (got {})"),
        (document(capacity=-1), "teams[0].capacity: must be a whole number from 0 to 10,000 (got -1)"),
        (document(capacity=True), "teams[0].capacity: must be a whole number from 0 to 10,000 (got true)"),
        (document(hours={"zone": "UTC", "week": {}}), "teams[0].hours.week: no hours on any day: {}"),
        (document({"agent": "Ana", "senior": "yes"}), 'people[0].senior: must be true or false (got "yes")'),
        (document({"agent": "Ana", "away": True}), "people[0].away: must be a mapping of from, until (got true)"),
        (
            document({"agent": "Ana", "away": {"until": "soon"}}),
            'people[0].away.until: must be a date or a time, such as 2027-01-02 (got "soon")',
        ),
        (
            document({"agent": "Ana", "away": {"from": "2027-01-02", "until": "2027-01-02"}}),
            'people[0].away.until: must be after from (got "2027-01-02")',
        ),
    ],
)
def test_a_slip_has_a_path_and_quotes_what_was_given(value: Any, line: str) -> None:
    assert line in slips(value)


def test_all_slips_are_told_at_once() -> None:
    assert len(slips({"teams": [{"group": "", "capacity": "many"}], "people": [{}]})) == 3


def test_people_are_matched_by_name_address_or_number() -> None:
    teams, members = matched(document({"agent": "Ben", "capacity": 2}, leads=["ana@example.com"], members=[9, "BEN"]))

    assert teams == [Team(group_id="20", name="Recovery", leads=("9",), members=("9", "31"))]
    assert members == [
        Member(agent_id="31", name="Ben", email="ben@example.com", capacity=2),
        Member(agent_id="9", name="Ana", email="ana@example.com"),
    ]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (document(group="Nowhere"), 'teams[0].group: is not among the groups (got "Nowhere")'),
        (document(group="SUPPORT"), 'teams[0].group: 2 groups are called that; use the id (got "SUPPORT")'),
        (document(leads=["Zoe"]), 'teams[0].leads[0]: is not among the people in "Recovery" (got "Zoe")'),
        (document({"agent": "Zoe"}), 'people[0].agent: is not among the people in these teams\' groups (got "Zoe")'),
        (document({"agent": "Ana"}, {"agent": "9"}), 'people[1].agent: is given twice (got "9")'),
        ({"teams": [{"group": "Recovery"}, {"group": "20"}]}, 'teams[1].group: is given twice (got "20")'),
    ],
)
def test_what_the_helpdesk_does_not_have_or_has_twice_is_said(value: Any, line: str) -> None:
    with pytest.raises(TeamError) as caught:
        matched(value)

    assert str(caught.value) == line


def test_of_two_people_with_one_name_the_id_tells() -> None:
    directory = Directory(groups=GROUPS, members={"20": (BEN, TWIN)})

    with pytest.raises(TeamError, match="2 people in"):
        matched(document(leads=["Ben"]), directory)
    assert matched(document(leads=["32"]), directory)[0][0].leads == ("32",)


def test_what_is_written_is_read_again() -> None:
    person = {"agent": "31", "skills": ["german"], "capacity": 0, "senior": True, "hours": CALENDAR}
    given = document({**person, "away": {"until": "2027-01-02T00:00:00+00:00"}}, leads=["9"], members=["9", "31"],
                     capacity=9, hours=CALENDAR)  # fmt: skip
    teams, members = matched(given)

    again = write_teams(teams, members)

    assert again == given
    assert [set(found) for found in matched(again)] == [set(teams), set(members)]


def test_people_of_whom_nothing_is_said_are_not_written() -> None:
    assert write_teams([Team(group_id="20")], [Member(agent_id="9")]) == {"teams": [{"group": "20"}]}


@pytest.mark.parametrize("text", ["", "tomorrow", "2027-13-01", 7, None, "0001-01-01"])
def test_a_moment_that_makes_no_sense_is_none(text: object) -> None:
    assert moment(text, "Asia/Tokyo") is None
