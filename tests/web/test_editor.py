"""The protocol editor without a script: every button is a form, and nothing is stored that is not right."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from app.protocols.evaluation import Evaluation, Snapshot
from app.store import evaluations, protocols, tracked_tickets
from app.store.database import Database
from app.store.models import Role, VersionState
from app.web.protocols.widgets import id_of
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import SignedIn

NEW: dict[str, str] = {
    "name": "Angry customers",
    "cause": "any",
    "criteria.all[0].field": "score",
    "criteria.all[0].operator": "at_most",
    "criteria.all[0].value": "35",
    "actions[0].do": "priority",
    "actions[0].to": "high",
}
EDITED: dict[str, str] = {
    "base": "1",
    "kept_name": "yes",
    "name": "Late parcel",
    "cause": "unknown",
    "criteria.all[0].field": "score",
    "criteria.all[0].operator": "at_most",
    "criteria.all[0].value": "30",
    "actions[0].do": "priority",
    "actions[0].to": "high",
}


def said_at(page: str, id_: str) -> str:
    """What the page says beside one control."""
    found = re.search(rf'<ul class="told" id="{id_}-told">(.*?)</ul>', page, re.S)
    assert found is not None, id_
    return html.unescape(re.sub("<[^>]+>", "", found[1])).strip()


def save(admin: SignedIn, path: str, fields: dict[str, str], **more: str) -> Any:
    return admin.post(path, **{**fields, **more, "do": "save"})


def documents(database: Database, story: Seeded) -> list[str]:
    with database.desk(story.desk_id, read=True) as session:
        return [one.document for row, _ in protocols.all_of(session) for one in protocols.versions_of(session, row.id)]


def look(database: Database, story: Seeded, **facts: Any) -> None:
    """What the engine knew of the angry ticket last."""
    with database.desk(story.desk_id) as session:
        tracked = tracked_tickets.find_by_ticket(session, story.ticket_id)
        assert tracked is not None
        known = {"score": 31, "state": "poor_worsening", **facts}
        evaluations.record(
            session,
            tracked,
            Evaluation(
                tracked_id=tracked.id,
                ticket_id=story.ticket_id,
                at=seeds.NOW,
                as_of=seeds.NOW,
                facts=known,
                ticket=Snapshot(),
            ),
        )


def test_a_new_protocol_becomes_a_draft(admin: SignedIn, story: Seeded, database: Database) -> None:
    answer = save(admin, "/protocols/new", NEW)

    assert answer.status_code == 303
    page = admin.get(answer.headers["Location"]).text
    assert "Saved as a draft" in page
    assert "is at most 35" in page
    with database.desk(story.desk_id, read=True) as session:
        row = protocols.find_by_name(session, "Angry customers")
        assert row is not None
        assert [one.state for one in protocols.versions_of(session, row.id)] == [VersionState.DRAFT]


@pytest.mark.capability("PRO-05")
@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("criteria.all[0].value", "lots", 'must be a number (got "lots")'),
        ("criteria.all[0].operator", "includes", "must be one of is, is_not, at_least"),
        ("name", "", "is missing"),
        ("name", "x" * 81, "must have 1 to 80 characters"),
        ("name", "Late parcel", "is the name of another protocol"),
        ("cause", "weather", "must be one of any, shipping_delay"),
        ("actions[0].to", "highest", "must be one of low, normal, high, urgent"),
        ("guardrails.max_cases", "1000", "must be a whole number from 1 to 100"),
        ("guardrails.cooldown_hours", "soon", "must be a number"),
        ("tags", "Two Words", "must be one tag"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(
    admin: SignedIn, story: Seeded, database: Database, path: str, value: str, said: str
) -> None:
    before = documents(database, story)

    answer = save(admin, "/protocols/new", {**NEW, path: value})

    assert answer.status_code == 422
    assert said in said_at(answer.text, id_of(path))
    assert documents(database, story) == before
    assert html.escape(value) in answer.text


@pytest.mark.capability("ACT-09")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hi {{ nmae }}", 'must not use the placeholder "nmae"'),
        ("Hi {% for x in y %}", "must not have a lone {%"),
        ("Hi {{ customer }}", "may be empty; give a fallback"),
        ("y" * 4001, "must have 1 to 4000 characters"),
    ],
)
def test_a_text_with_code_or_a_hole_in_it_is_told_at_its_field(
    admin: SignedIn, story: Seeded, text: str, said: str
) -> None:
    answer = admin.post("/protocols/new", **{**NEW, "actions[0].do": "note", "actions[0].text": text, "do": "check"})

    assert said in said_at(answer.text, "f-actions-0-text")


def test_an_empty_form_is_not_full_of_complaints(admin: SignedIn, story: Seeded) -> None:
    page = admin.get("/protocols/new").text

    assert said_at(page, "f-name") == ""
    assert "things are missing or wrong" in page


def test_rows_come_and_go_without_a_script(admin: SignedIn, story: Seeded) -> None:
    added = admin.post("/protocols/new", **NEW, do="add:criteria.any").text
    moved = admin.post(
        "/protocols/new", **NEW, **{"actions[1].do": "note", "actions[1].text": "Call first"}, do="up:actions[1]"
    ).text
    removed = admin.post("/protocols/new", **NEW, do="remove:criteria.all[0]").text

    assert 'name="criteria.any[0].field"' in added
    assert moved.index('name="actions[0].text"') < moved.index('name="actions[1].to"')
    assert 'name="criteria.all[0].field"' not in removed
    assert 'value="Angry customers"' in removed


def test_an_open_choice_brings_its_own_controls(admin: SignedIn, story: Seeded) -> None:
    sent = {**NEW, "criteria.all[0].field": "cause", "criteria.all[0].operator": "one_of"}

    page = admin.post("/protocols/new", **sent, do="refresh:criteria.all[0].operator").text

    assert '<input type="checkbox" name="criteria.all[0].value" value="billing">' in page


@pytest.mark.capability("CRI-01")
def test_a_preset_adds_its_conditions(admin: SignedIn, story: Seeded) -> None:
    page = admin.post("/protocols/new", **NEW, preset="below_five", do="preset").text

    assert '<option value="rating_stars" selected>' in page
    assert '<option value="below" selected>' in page
    assert 'value="5"' in page


@pytest.mark.parametrize(
    "do", ["explode", "add:name", "remove:actions[9]", "up:actions", "remove:", "add:actions[0].x[1]", "merge:1"]
)
def test_a_button_that_is_none_of_ours_is_refused(admin: SignedIn, story: Seeded, do: str) -> None:
    assert admin.post("/protocols/new", **NEW, do=do).status_code in {400, 404}


def test_the_document_can_be_written_as_yaml(admin: SignedIn, story: Seeded, database: Database) -> None:
    as_yaml = admin.post("/protocols/new", **NEW, do="yaml").text
    text = html.unescape(re.search(r"<textarea[^>]*>\n(.*?)</textarea>", as_yaml, re.S)[1])  # type: ignore[index]

    back = admin.post("/protocols/new", document=text, do="form").text
    stored = save(admin, "/protocols/new", {"document": text})

    assert "name: Angry customers" in text
    assert 'value="Angry customers"' in back
    assert stored.status_code == 303


@pytest.mark.parametrize("text", ["name: [", "- a\n- b", "", "a: &x 1", "name: X\nnmae: y"])
def test_yaml_that_is_no_protocol_is_told_and_kept(admin: SignedIn, story: Seeded, text: str) -> None:
    answer = save(admin, "/protocols/new", {"document": text})

    assert answer.status_code == 422
    assert "missing or wrong" in answer.text
    assert html.escape(text) in answer.text


def test_a_huge_document_is_too_large(admin: SignedIn, story: Seeded) -> None:
    assert save(admin, "/protocols/new", {"document": "x" * 10_000_000}).status_code == 413


def test_a_draft_says_what_it_would_do_on_a_ticket(admin: SignedIn, story: Seeded, database: Database) -> None:
    look(database, story)

    holds = admin.post("/protocols/new", **NEW, ticket=story.ticket_id, do="check").text
    fails = admin.post(
        "/protocols/new", **{**NEW, "criteria.all[0].value": "20"}, ticket=story.ticket_id, do="check"
    ).text

    assert "A case is open already." in holds
    assert "score is at most 20 (it is 31)" in fails


def test_a_ticket_that_nobody_knows_is_told(admin: SignedIn, story: Seeded) -> None:
    page = admin.post("/protocols/new", **NEW, ticket="99", do="check").text

    assert "No ticket &#34;99&#34; is known here." in page


def test_another_desks_ticket_is_not_known(admin: SignedIn, story: Seeded, database: Database) -> None:
    other = seeds.add_story(database, seeds.add_desk(database, "Second shop"), prefix="x")

    page = admin.post("/protocols/new", **NEW, ticket=other.ticket_id, do="check").text

    assert "is known here" in page


def test_an_edit_is_the_next_version(admin: SignedIn, story: Seeded, database: Database) -> None:
    answer = save(admin, f"/protocols/{story.protocol_id}/edit", EDITED)

    assert answer.headers["Location"].endswith("?version=2&said=saved")
    assert len(documents(database, story)) == 2


def test_saving_what_says_the_same_makes_no_version(admin: SignedIn, story: Seeded, database: Database) -> None:
    save(admin, f"/protocols/{story.protocol_id}/edit", EDITED)

    again = save(admin, f"/protocols/{story.protocol_id}/edit", {**EDITED, "base": "2"})

    assert again.headers["Location"].endswith("said=unchanged")
    assert len(documents(database, story)) == 2


def test_two_admins_changes_are_brought_together(admin: SignedIn, story: Seeded, database: Database) -> None:
    path = f"/protocols/{story.protocol_id}/edit"
    save(admin, path, EDITED)

    late = save(admin, path, {**EDITED, "criteria.all[0].value": "25", "team": "Care"})
    merge = admin.post(
        path,
        base="1",
        document=html.unescape(re.search(r'name="document"[^>]*>\n(.*?)</textarea>', late.text, re.S)[1]),  # type: ignore[index]
        **{"take:criteria.all": "theirs", "do": "merge:2"},
    )

    assert late.status_code == 409
    assert "version 2 of “Late parcel” was saved" in late.text
    assert "both changed it" in late.text
    assert len(documents(database, story)) == 2
    assert 'name="base" value="2"' in merge.text
    assert 'value="30"' in merge.text
    assert 'value="Care"' in merge.text


def test_a_protocol_keeps_its_name(admin: SignedIn, story: Seeded) -> None:
    answer = save(admin, f"/protocols/{story.protocol_id}/edit", {**EDITED, "name": "Other"})

    assert answer.status_code == 422
    assert "must stay" in answer.text


def test_a_copy_has_everything_but_the_name(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id, read=True) as session:
        version = protocols.versions_of(session, story.protocol_id)[0]

    page = admin.get(f"/protocols/new?copy={version.id}").text

    assert 'value="recovery_vip"' in page
    assert 'value="Late parcel"' not in page
    assert admin.get("/protocols/new?copy=99999").status_code == 404


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD])
def test_only_admins_edit(person: Callable[..., SignedIn], story: Seeded, role: Role) -> None:
    somebody = person(role, email=f"{role}@example.com")

    answers = [
        somebody.get("/protocols/new"),
        somebody.get(f"/protocols/{story.protocol_id}/edit"),
        somebody.post("/protocols/new", **NEW, do="save"),
        somebody.post("/protocols/look", **NEW),
        somebody.get(f"/protocols/{story.protocol_id}/rollback"),
        somebody.get(f"/protocols/{story.protocol_id}/versions/1/publish"),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert "New protocol" not in somebody.get("/protocols").text


def test_another_desks_protocol_is_not_there(admin: SignedIn, database: Database, desk_id: int) -> None:
    other = seeds.add_story(database, seeds.add_desk(database, "Second shop"))

    codes = {
        admin.get(f"/protocols/{other.protocol_id}/edit").status_code,
        save(admin, f"/protocols/{other.protocol_id}/edit", EDITED).status_code,
        admin.get(f"/protocols/{other.protocol_id}/history").status_code,
    }

    # The desk of the visitor is the first of all that they may see.
    assert codes <= {404}


def test_the_script_is_told_what_is_wrong_where(admin: SignedIn, story: Seeded) -> None:
    told = admin.post("/protocols/look", **{**NEW, "criteria.all[0].value": "lots"}).json

    assert told is not None
    assert told["at"]["f-criteria-all-0-value"][0]["message"].startswith("must be a number")
    assert "missing or wrong" in told["panel"]
