"""How Zendesk's tickets end, as its audits and notes tell it, and the ticket object of a follow-up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.errors import Refused
from connectors.ticket import Author, Message, NewTicket, StatusChange
from connectors.zendesk import endings, mapping
from tests.connectors.zendesk.bodies import ticket_body

RULE = {"channel": "rule", "source": {"from": {"id": 9, "title": "Solve what is pending"}, "rel": "automation"}}
PERSON = {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}


def audit(*changes: tuple[str, str], author_id: int = 7, via: Any = PERSON, event_via: Any = None) -> dict[str, Any]:
    """An audit with these changes of status, from and to."""
    events = [
        {"type": "Change", "field_name": "status", "previous_value": before, "value": after, "via": event_via}
        for before, after in changes
    ]
    return {"id": 1, "author_id": author_id, "via": via, "events": events}


BY_RULE = audit(("pending", "solved"), author_id=-1, via=RULE)
BY_PERSON = audit(("open", "solved"))


@pytest.mark.parametrize(
    ("audits", "solver"),
    [
        ([BY_RULE], StatusChange(by_rule=True, rule="Solve what is pending")),
        ([BY_PERSON], StatusChange(by_rule=False)),
        ([audit(("solved", "closed"), author_id=-1, via=RULE), BY_PERSON], StatusChange(by_rule=False)),
        ([BY_PERSON, BY_RULE], StatusChange(by_rule=False)),
        ([audit(("open", "solved"), event_via=RULE)], StatusChange(by_rule=True, rule="Solve what is pending")),
        ([audit(("open", "solved"), author_id=-1, via={})], StatusChange(by_rule=True)),
        (
            [audit(("open", "solved"), via={"channel": "rule", "source": {"from": {"title": 5}}})],
            StatusChange(by_rule=True),
        ),
        ([audit(("open", "pending"))], None),
        ([None, {}, {"events": None}, {"events": [None, {}]}], None),
    ],
)
def test_who_brought_a_ticket_to_rest(audits: list[Any], solver: StatusChange | None) -> None:
    assert endings.solver_in(audits) == solver


def note(text: str, *, public: bool = False) -> Message:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Message(id="1", author_id="7", author=Author.AGENT, public=public, text=text, at=at)


@pytest.mark.parametrize(
    ("changed", "messages", "target"),
    [
        ({}, [note("merged into request #17")], "17"),
        ({}, [note('Fundido na solicitação #17 "Lâmpada"')], "17"),
        ({}, [note("merged into #17"), note("see #18")], "18"),
        ({}, [note("merged into #17", public=True)], None),
        ({}, [note("no number")], None),
        ({}, [note("itself, #41")], None),
        ({"tags": ["other"]}, [note("merged into #17")], None),
        ({"status": "solved"}, [note("merged into #17")], None),
    ],
)
def test_where_a_ticket_was_merged(changed: dict[str, Any], messages: list[Message], target: str | None) -> None:
    body = {**ticket_body(), "id": 41, "status": "closed", "tags": ["closed_by_merge"], **changed}

    assert endings.merged_into(mapping.read_ticket_body(body), messages) == target


def test_a_follow_up_is_our_own_note_for_the_customer() -> None:
    new = NewTicket(subject="S", text="T", requester_id="5", marker="m-1", follow_up_of="9", tags=frozenset({"b", "a"}))

    assert endings.creation(new, "3") == {
        "subject": "S",
        "requester_id": 5,
        "submitter_id": 3,
        "comment": {"body": "T", "public": False, "author_id": 3},
        "tags": ["a", "b"],
        "metadata": {"kintsugi": "m-1"},
        "via_followup_source_id": 9,
    }


def test_a_group_is_sent_where_one_is_wanted() -> None:
    new = NewTicket(subject="S", text="T", requester_id="5", marker="m", group_id="8")

    assert endings.creation(new, "3")["group_id"] == 8


@pytest.mark.parametrize("wrong", [{"requester_id": "x"}, {"group_id": "-1"}, {"follow_up_of": ""}])
def test_an_id_that_is_none_is_refused(wrong: dict[str, str]) -> None:
    values = {"subject": "S", "text": "T", "requester_id": "5", "marker": "m", **wrong}

    with pytest.raises(Refused):
        endings.creation(NewTicket(**values), "3")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "ids"),
    [({"followup_ids": [3, "12", 5]}, ["12", "5", "3"]), ({"followup_ids": None}, []), ({}, []), (None, [])],
)
def test_follow_ups_are_listed_newest_first(body: Any, ids: list[str]) -> None:
    assert endings.follow_up_ids(body) == ids
