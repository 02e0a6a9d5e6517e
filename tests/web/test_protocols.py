"""Protocols to read: in sentences, as a document, with their versions."""

from __future__ import annotations

from app.store import protocols
from app.store.database import Database
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import SignedIn


def test_a_desk_without_protocols_is_shown_the_way(admin: SignedIn) -> None:
    assert "kintsugi protocol import pack:default" in admin.get("/protocols").text


def test_the_list_names_version_state_and_cause(admin: SignedIn, story: Seeded) -> None:
    page = admin.get("/protocols").text

    for said in ("Late parcel", "In force", "version 1", "Shipping delay", "2 conditions, 3 actions"):
        assert said in page


def test_a_protocol_reads_as_sentences(admin: SignedIn, story: Seeded) -> None:
    page = admin.get(f"/protocols/{story.protocol_id}").text

    for said in (
        "Satisfaction state is “Poor, worsening”",
        "Satisfaction score (0 to 100) is at most 40",
        "Assign to the least loaded member of the protocol&#39;s team",
        "asked again 24 hours after",
        "field: state",
    ):
        assert said in page


def test_earlier_versions_can_be_read(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        newer = seeds.DOCUMENT.replace("at_most, value: 40", "at_most, value: 35")
        protocols.import_document(session, story.desk_id, "Late parcel", newer, seeds.NOW)

    second = admin.get(f"/protocols/{story.protocol_id}?version=2").text

    assert "is at most 35" in second
    assert "Draft" in second
    assert admin.get(f"/protocols/{story.protocol_id}?version=3").status_code == 404


def test_a_document_of_an_unknown_form_is_shown_with_what_is_wrong(
    admin: SignedIn, desk_id: int, database: Database
) -> None:
    with database.desk(desk_id) as session:
        version, _ = protocols.import_document(session, desk_id, "Odd", "criteria: 7\n", seeds.NOW)

    page = admin.get(f"/protocols/{version.protocol_id}").text

    assert "This document cannot be read" in page
    assert "criteria" in page
    assert "cannot be read" in admin.get("/protocols").text


def test_a_protocol_that_does_not_exist_is_not_found(admin: SignedIn) -> None:
    assert admin.get("/protocols/99").status_code == 404


def test_a_persons_step_names_who_and_by_when(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        newer = seeds.DOCUMENT.replace(
            "{do: assign, to: least_loaded}",
            "{do: note, text: Call, owner: lead, within_hours: 4, done_when: public_reply}",
        )
        protocols.import_document(session, story.desk_id, "Late parcel", newer, seeds.NOW)

    page = admin.get(f"/protocols/{story.protocol_id}?version=2").text

    assert "a lead of the team, within 4 business hours; done when an agent answered the customer" in page
