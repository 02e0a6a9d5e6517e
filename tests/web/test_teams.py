"""Teams and their people: forms and the document, against a sandbox over HTTP and against a helpdesk that is silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from app import team_setup
from app.clock import real_now
from app.protocols.team_document import read_teams
from app.protocols.yaml_text import read_yaml
from app.setting_up import sandbox_desk
from app.store import desks, teams
from app.store.database import Database
from app.store.models import MemberRow, Role, TeamRow
from connectors.sandbox import Sandbox
from tasks.parts import Parts
from tests import seeds
from tests.servers import free_port
from tests.web.people import SignedIn

TEAMS = """
teams:
  - group: Recovery
    leads: [agent-one@example.com]
    members: [agent-one@example.com, Agent Two]
    capacity: 9
people:
  - {agent: agent two, skills: [German], capacity: 5}
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    server = Sandbox(file=tmp_path_factory.mktemp("helpdesk") / "sandbox.sqlite", now=real_now, smtp_port=None)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def desk_id(joined: Parts, sandbox: Sandbox) -> int:
    sandbox_desk(joined, url=sandbox.url, account=sandbox.account)
    return 1


@pytest.fixture
def stored(joined: Parts, desk_id: int) -> None:
    """The team and the people of TEAMS."""
    with joined.database.desk(desk_id, read=True) as session:
        desk = desks.get(session, desk_id)
    team_setup.put(joined, desk, read_teams(read_yaml(TEAMS)))


@pytest.fixture
def silent(database: Database, desk_id: int, stored: None) -> None:
    """From now on the helpdesk does not answer."""
    with database.desk(desk_id) as session:
        desks.get(session, desk_id).base_url = f"http://127.0.0.1:{free_port()}"


def all_teams(database: Database) -> dict[str, TeamRow]:
    with database.desk(1, read=True) as session:
        return {row.name: row for row in teams.all_teams(session)}


def people(database: Database) -> dict[str, MemberRow]:
    with database.desk(1, read=True) as session:
        return {row.name: row for row in teams.all_members(session)}


def path_of(database: Database, name: str = "Recovery") -> str:
    return f"/teams/{all_teams(database)[name].group_id}"


def person_of(database: Database, name: str = "Agent Two") -> str:
    return f"/teams/people/{people(database)[name].agent_id}"


def form_of(page: str) -> dict[str, str]:
    """The version that the form was opened on."""
    return {"version": page.split('name="version" value="')[1].split('"')[0]}


def test_without_teams_the_page_tells_what_to_do(admin: SignedIn) -> None:
    page = admin.get("/teams").text

    assert "No team is stored yet" in page
    assert 'href="/teams/new"' in page


def test_the_list_tells_leads_room_and_who_is_away(admin: SignedIn, stored: None, database: Database) -> None:
    with database.desk(1) as session:
        teams.get_member(session, "Agent Two").away_from = datetime(2020, 1, 1, tzinfo=UTC)

    page = admin.get("/teams").text

    assert "Recovery" in page
    assert "0 of 9" in page
    assert 'Agent Two <span class="mark">away</span>' in page


def test_a_new_team_names_the_helpdesks_groups(admin: SignedIn, database: Database) -> None:
    page = admin.get("/teams/new").text

    assert '<option value="' in page
    assert ">Recovery</option>" in page


def test_a_team_is_stored_with_its_people_hours_and_room(admin: SignedIn, database: Database) -> None:
    answer = admin.post(
        "/teams/new",
        **{
            "group": "Recovery",
            "leads": "agent-one@example.com",
            "members": "Agent Two\n\nagent-one@example.com",
            "capacity": "12",
            "hours.zone": "Europe/Berlin",
            "hours.week.monday": "08:00-12:00, 13:00-17:00",
            "hours.holidays": "2026-12-25",
        },
    )

    row = all_teams(database)["Recovery"]
    assert answer.status_code == 303
    assert row.capacity == 12
    assert row.calendar == {
        "zone": "Europe/Berlin",
        "week": {"monday": ["08:00-12:00", "13:00-17:00"]},
        "holidays": ["2026-12-25"],
    }
    assert row.lead_ids == [people(database)["Agent One"].agent_id]
    assert "The team was stored." in admin.get(answer.headers["Location"]).text


def test_every_slip_is_at_its_field_and_nothing_typed_is_lost(admin: SignedIn, database: Database) -> None:
    answer = admin.post(
        "/teams/new",
        **{
            "group": "Recovery",
            "leads": "<b>nobody</b>",
            "capacity": "many",
            "hours.week.monday": "late",
            "hours.zone": "Nowhere",
        },
    )

    assert answer.status_code == 422
    assert not all_teams(database)
    assert '<a href="#f-capacity">Open cases at most</a>' in answer.text
    assert '<a href="#f-hours-week-monday">Monday</a>' in answer.text
    assert '<a href="#f-hours-zone">' in answer.text
    assert 'value="many"' in answer.text
    assert "&lt;b&gt;nobody&lt;/b&gt;" in answer.text


def test_people_whom_the_group_does_not_have_are_named(admin: SignedIn, database: Database) -> None:
    answer = admin.post("/teams/new", group="Recovery", leads="agent-one@example.com\nzoe@example.com")

    assert answer.status_code == 422
    assert "zoe@example.com" in answer.text.split('id="f-leads-told"')[1][:400]


def test_a_group_has_one_team(admin: SignedIn, stored: None) -> None:
    answer = admin.post("/teams/new", group="Recovery")

    assert answer.status_code == 422
    assert "has a team already" in answer.text


def test_a_team_is_changed(admin: SignedIn, stored: None, database: Database) -> None:
    path = path_of(database)

    admin.post(path, **form_of(admin.get(path).text), leads="Agent Two", members="", capacity="")

    row = all_teams(database)["Recovery"]
    assert (row.capacity, row.member_ids, row.lead_ids) == (None, [], [people(database)["Agent Two"].agent_id])
    assert people(database)["Agent Two"].skills == ["german"]
    assert "Agent One" not in people(database)


def test_a_stale_form_shows_both_and_can_be_sent_again(admin: SignedIn, stored: None, database: Database) -> None:
    path = path_of(database)
    opened = form_of(admin.get(path).text)
    admin.post(path, **opened, leads="agent-one@example.com", capacity="20")

    stale = admin.post(path, **opened, leads="agent-one@example.com", capacity="30")

    assert stale.status_code == 409
    assert 'name="capacity" value="30"' in stale.text
    assert '<td class="written">20</td><td class="written">30</td>' in stale.text
    assert all_teams(database)["Recovery"].capacity == 20
    admin.post(path, **form_of(stale.text), leads="agent-one@example.com", capacity="30")
    assert all_teams(database)["Recovery"].capacity == 30


def test_a_team_removed_meanwhile_keeps_what_was_typed(admin: SignedIn, stored: None, database: Database) -> None:
    path = path_of(database)
    opened = form_of(admin.get(path).text)
    admin.post(f"{path}/remove", **opened)

    answer = admin.post(path, **opened, leads="agent-one@example.com", capacity="7")

    assert answer.status_code == 409
    assert "Somebody removed this meanwhile" in answer.text
    assert 'value="7"' in answer.text
    admin.post(path, **form_of(answer.text), leads="agent-one@example.com", capacity="7")
    assert all_teams(database)["Recovery"].capacity == 7


def test_removing_a_team_forgets_whom_nothing_is_said_of(admin: SignedIn, stored: None, database: Database) -> None:
    path = path_of(database)

    admin.post(f"{path}/remove", **form_of(admin.get(path).text))

    assert not all_teams(database)
    assert list(people(database)) == ["Agent Two"]


def test_a_team_that_changed_meanwhile_is_not_removed(admin: SignedIn, stored: None, database: Database) -> None:
    answer = admin.post(f"{path_of(database)}/remove", version="another")

    assert answer.status_code == 409
    assert "was not removed" in answer.text
    assert all_teams(database)


def test_a_silent_helpdesk_leaves_what_is_stored_and_its_age(admin: SignedIn, silent: None, database: Database) -> None:
    page = admin.get(path_of(database)).text

    assert "The helpdesk does not answer" in page
    assert "last changed" in page
    assert "agent-one@example.com" in page


def test_people_who_are_known_can_be_named_without_the_helpdesk(
    admin: SignedIn, silent: None, database: Database
) -> None:
    path = path_of(database)

    admin.post(path, **form_of(admin.get(path).text), leads="Agent Two", capacity="4")
    refused = admin.post(path, **form_of(admin.get(path).text), leads="zoe@example.com")

    assert all_teams(database)["Recovery"].capacity == 4
    assert refused.status_code == 422
    assert "only what is stored is known" in refused.text


@pytest.mark.parametrize("path", ["/teams/4711", "/teams/people/4711", "/teams/people/a%20b"])
def test_what_is_not_there_is_not_found(admin: SignedIn, path: str) -> None:
    assert admin.get(path).status_code == 404


def test_another_desks_team_is_not_there(
    person: Callable[..., SignedIn], stored: None, database: Database, joined: Parts
) -> None:
    other = person(Role.ADMIN, email="other@example.com", on=seeds.add_desk(database, "Second shop"))

    assert other.get(person_of(database)).status_code == 404
    assert "Agent Two" not in other.get("/teams").text


def test_a_persons_skills_capacity_and_hours_are_changed(admin: SignedIn, stored: None, database: Database) -> None:
    path = person_of(database)

    answer = admin.post(
        path,
        **form_of(admin.get(path).text),
        skills="German, refunds",
        capacity="3",
        senior="yes",
        **{"hours.zone": "UTC", "hours.week.friday": "09:00-12:00"},
    )

    row = people(database)["Agent Two"]
    assert answer.status_code == 303
    assert (row.skills, row.capacity, row.senior) == (["german", "refunds"], 3, True)
    assert row.calendar is not None
    assert row.calendar["week"] == {"friday": ["09:00-12:00"]}


def test_a_persons_slips_are_at_their_fields(admin: SignedIn, stored: None, database: Database) -> None:
    path = person_of(database)

    answer = admin.post(path, **form_of(admin.get(path).text), capacity="-1", skills="x" * 300)

    assert answer.status_code == 422
    assert 'name="capacity" value="-1"' in answer.text
    assert '<a href="#f-skills">Skills</a>' in answer.text
    assert people(database)["Agent Two"].capacity == 5


def test_a_stale_form_of_a_person_shows_both(admin: SignedIn, stored: None, database: Database) -> None:
    path = person_of(database)
    opened = form_of(admin.get(path).text)
    admin.post(path, **opened, capacity="6")

    stale = admin.post(path, **opened, capacity="8")

    assert stale.status_code == 409
    assert '<td class="written">6</td><td class="written">8</td>' in stale.text
    assert people(database)["Agent Two"].capacity == 6


def test_a_person_removed_while_on_the_page_is_not_found(admin: SignedIn, stored: None, database: Database) -> None:
    path = person_of(database)
    with database.desk(1) as session:
        session.delete(teams.get_member(session, "Agent Two"))

    assert admin.post(path, capacity="8").status_code == 404


def test_a_lead_sets_somebody_away_and_back(person: Callable[..., SignedIn], stored: None, database: Database) -> None:
    lead, path = person(Role.LEAD), person_of(database)

    lead.post(f"{path}/away", **{"away.from": "2026-12-24", "away.until": "2027-01-02"}, do="away")
    gone = people(database)["Agent Two"]
    lead.post(f"{path}/away", do="back")

    assert (gone.away_from, gone.away_until) == (datetime(2026, 12, 24, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC))
    assert people(database)["Agent Two"].away_from is None
    assert lead.post(path, capacity="9").status_code == 403


@pytest.mark.parametrize(("since", "until"), [("soon", ""), ("2026-02-02", "2026-02-01")])
def test_an_absence_that_is_none_is_told_at_its_field(
    admin: SignedIn, stored: None, database: Database, since: str, until: str
) -> None:
    answer = admin.post(f"{person_of(database)}/away", **{"away.from": since, "away.until": until}, do="away")

    assert answer.status_code == 422
    assert '<a href="#f-away-' in answer.text
    assert f'value="{since}"' in answer.text


def test_the_document_is_the_commands_own(admin: SignedIn, stored: None, joined: Parts) -> None:
    answer = admin.get("/teams/document.yaml")

    assert answer.text == team_setup.export(joined, 1)
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_document_is_stored_as_a_whole(admin: SignedIn, stored: None, database: Database) -> None:
    opened = form_of(admin.get("/teams/document").text)

    answer = admin.post("/teams/document", **opened, document="teams:\n  - {group: retention, capacity: 2}\n")

    assert answer.status_code == 303
    assert list(all_teams(database)) == ["Retention"]


@pytest.mark.parametrize("text", ["teams: [{group: Nowhere}]", "teams: 7", "{", "a: &a [*a]"])
def test_a_document_with_slips_stores_nothing_and_stays(
    admin: SignedIn, stored: None, database: Database, text: str
) -> None:
    answer = admin.post("/teams/document", **form_of(admin.get("/teams/document").text), document=text)

    assert answer.status_code == 422
    assert list(all_teams(database)) == ["Recovery"]
    assert text.replace("&", "&amp;") in answer.text


def test_a_stale_document_shows_what_is_stored_by_now(admin: SignedIn, stored: None, database: Database) -> None:
    opened = form_of(admin.get("/teams/document").text)
    admin.post(f"{person_of(database)}/away", do="away", **{"away.until": "2099-01-01"})

    answer = admin.post("/teams/document", **opened, document=TEAMS)

    assert answer.status_code == 409
    assert "Stored now" in answer.text
    assert people(database)["Agent Two"].away_until is not None
