"""What Zendesk's bodies become: the plain case, the odd ones, and the nonsense."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from marshmallow import ValidationError

from connectors.http import USER_AGENT
from connectors.ticket import Author, Person, Priority, TicketStatus
from connectors.wire import parse_instant
from connectors.zendesk import mapping
from tests.connectors.zendesk.bodies import (
    AGENT,
    INTEGRATION,
    OTHER,
    REQUESTER,
    STAMP,
    comment_body,
    people_bodies,
    ticket_body,
    user_body,
)

PEOPLE = mapping.read_people({"users": people_bodies()})


def author(**changed: Any) -> Author:
    comment = mapping.read_comment(comment_body(**changed))
    return mapping.build_message(comment, str(REQUESTER), PEOPLE, {str(INTEGRATION)}).author


class TestTickets:
    def test_a_ticket_is_read_whole(self) -> None:
        ticket = mapping.read_ticket_body(ticket_body())

        assert (ticket.id, ticket.subject, ticket.channel) == ("35", "Lamp arrived broken", "email")
        assert (ticket.status, ticket.priority) == (TicketStatus.OPEN, Priority.NORMAL)
        assert (ticket.group_id, ticket.assignee_id, ticket.brand_id) == ("701", None, "801")
        assert ticket.tags == {"lamp", "vip"}
        assert ticket.custom_fields == {"901": "A-17", "902": None}
        assert ticket.requester == Person(id=str(REQUESTER))
        assert (ticket.updated_at, ticket.stamp) == (datetime(2026, 3, 2, 8, 59, tzinfo=UTC), STAMP)

    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("new", TicketStatus.NEW),
            ("SOLVED", TicketStatus.SOLVED),
            ("hold", TicketStatus.HOLD),
            ("deleted", TicketStatus.DELETED),
            ("SCRUBBED", TicketStatus.DELETED),
            ("ARCHIVED", TicketStatus.CLOSED),
            ("suspended", TicketStatus.SPAM),
            ("spam", TicketStatus.SPAM),
            ("a_word_of_tomorrow", TicketStatus.OPEN),
            (None, TicketStatus.OPEN),
        ],
    )
    def test_every_status_has_a_neutral_one(self, word: str | None, status: TicketStatus) -> None:
        assert mapping.read_ticket_body(ticket_body(status=word)).status is status

    @pytest.mark.parametrize(("word", "priority"), [("HIGH", Priority.HIGH), (None, None), ("", None), ("odd", None)])
    def test_a_priority_may_be_missing(self, word: str | None, priority: Priority | None) -> None:
        assert mapping.read_ticket_body(ticket_body(priority=word)).priority is priority

    @pytest.mark.parametrize("via", [None, {}, {"channel": None}])
    def test_a_ticket_of_no_channel_came_by_the_web(self, via: Any) -> None:
        assert mapping.read_ticket_body(ticket_body(via=via)).channel == "web"

    def test_lists_that_are_null_are_empty(self) -> None:
        ticket = mapping.read_ticket_body(ticket_body(tags=None, custom_fields=None, subject=None))

        assert (ticket.tags, ticket.custom_fields, ticket.subject) == (frozenset(), {}, "")

    def test_a_field_with_several_choices_reads_as_one_text(self) -> None:
        fields = [{"id": 1, "value": ["red", "blue"]}, {"id": 2, "value": {"odd": 1}}, {"id": 3, "value": True}]

        assert mapping.read_ticket_body(ticket_body(custom_fields=fields)).custom_fields == {
            "1": "red,blue",
            "2": None,
            "3": True,
        }

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"id": None}, "id"),
            ({"id": "x"}, "id"),
            ({"requester_id": None}, "requester_id"),
            ({"assignee_id": []}, "assignee_id"),
            ({"updated_at": "today"}, "updated_at"),
            ({"updated_at": None}, "updated_at"),
            ({"created_at": "2026-03-01T10:00:00"}, "created_at"),
            ({"tags": "lamp"}, "tags"),
            ({"subject": 5}, "subject"),
            ({"via": "email"}, "via"),
        ],
    )
    def test_a_field_of_the_wrong_type_is_named(self, changed: dict[str, Any], field: str) -> None:
        with pytest.raises(ValidationError) as caught:
            mapping.read_ticket_body(ticket_body(**changed))

        assert list(caught.value.messages_dict) == [field]

    @pytest.mark.parametrize("body", [None, [], "ticket", 5])
    def test_what_is_no_object_is_no_ticket(self, body: Any) -> None:
        with pytest.raises(ValidationError):
            mapping.read_ticket_body(body)


class TestComments:
    @pytest.mark.parametrize(
        ("changed", "text"),
        [
            ({}, "The lamp is broken."),
            ({"plain_body": None}, "The lamp is broken."),
            ({"plain_body": "", "body": "from body"}, "from body"),
            ({"plain_body": "two&nbsp;words"}, "two words"),
            ({"plain_body": None, "body": None}, ""),
            ({"plain_body": None, "body": None, "data": {"transcription_text": "said aloud"}}, "said aloud"),
            ({"plain_body": None, "body": None, "data": {"transcription_text": 5}}, ""),
            ({"plain_body": "half \ud83d a pair"}, "half ? a pair"),
        ],
    )
    def test_the_words_are_found_where_they_are(self, changed: dict[str, Any], text: str) -> None:
        assert mapping.read_comment(comment_body(**changed)).text == text

    @pytest.mark.parametrize(
        ("changed", "part"),
        [
            ({}, Author.CUSTOMER),
            ({"via": {"channel": "api"}}, Author.CUSTOMER),
            ({"author_id": str(REQUESTER)}, Author.CUSTOMER),
            ({"author_id": OTHER}, Author.PARTICIPANT),
            ({"author_id": OTHER, "via": {"channel": "api"}}, Author.PARTICIPANT),
            ({"author_id": 4}, Author.PARTICIPANT),
            ({"author_id": 4, "public": False}, Author.AGENT),
            ({"author_id": AGENT}, Author.AGENT),
            ({"author_id": AGENT, "public": False}, Author.AGENT),
            ({"author_id": AGENT, "via": {"channel": "api"}}, Author.SYSTEM),
            ({"author_id": AGENT, "via": {"channel": "side_conversation"}}, Author.SYSTEM),
            ({"author_id": REQUESTER, "via": {"channel": "rule"}}, Author.SYSTEM),
            ({"author_id": -1}, Author.SYSTEM),
            ({"author_id": None}, Author.SYSTEM),
            ({"author_id": INTEGRATION}, Author.SYSTEM),
        ],
    )
    def test_the_author_has_a_part(self, changed: dict[str, Any], part: Author) -> None:
        assert author(**changed) is part

    @pytest.mark.parametrize(
        ("metadata", "part"),
        [
            ({"custom": {mapping.MARKER_KEY: "step-1"}}, Author.SYSTEM),
            ({"system": {"client": f"{USER_AGENT} and more"}}, Author.SYSTEM),
            ({"system": {"client": "Mozilla/5.0"}, "custom": {"their": "own"}}, Author.AGENT),
            ({"system": None, "custom": []}, Author.AGENT),
            (None, Author.AGENT),
        ],
    )
    def test_our_own_words_are_known_by_their_marks(self, metadata: Any, part: Author) -> None:
        assert author(author_id=AGENT, metadata=metadata) is part

    @pytest.mark.parametrize("changed", [{"id": None}, {"created_at": 5}, {"public": "perhaps"}, {"plain_body": []}])
    def test_a_comment_of_the_wrong_shape_is_none(self, changed: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            mapping.read_comment(comment_body(**changed))


class TestPeople:
    def test_a_user_is_read(self) -> None:
        assert mapping.read_person(user_body()) == Person(
            id=str(REQUESTER), name="Person 1", email="person-1@example.com", locale="en-GB"
        )

    @pytest.mark.parametrize(("role", "staff"), [("end-user", False), ("agent", True), ("admin", True), (None, False)])
    def test_the_role_says_who_is_staff(self, role: str | None, staff: bool) -> None:
        assert mapping.read_person(user_body(role=role)).is_staff is staff

    @pytest.mark.parametrize(
        ("changed", "suspended"),
        [({}, False), ({"suspended": True}, True), ({"active": False}, True), ({"active": None}, False)],
    )
    def test_a_deleted_user_is_out_of_reach_like_a_suspended_one(
        self, changed: dict[str, Any], suspended: bool
    ) -> None:
        assert mapping.read_person(user_body(**changed)).suspended is suspended

    def test_an_empty_address_is_none(self) -> None:
        assert mapping.read_person(user_body(email="")).email is None


class TestMarkers:
    @pytest.mark.parametrize(
        ("metadata", "markers"),
        [
            ({"custom": {"kintsugi": "step-1 step-2"}}, {"step-1", "step-2"}),
            ({"custom": {"kintsugi": "-"}}, {"-"}),
            ({"custom": {"kintsugi": 7}}, set()),
            ({"custom": {}}, set()),
            ({"custom": None}, set()),
            (None, set()),
            ("odd", set()),
        ],
    )
    def test_markers_are_found_in_a_changes_metadata(self, metadata: Any, markers: set[str]) -> None:
        assert mapping.markers_in(metadata) == markers


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T09:00:00Z", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02T09:00:00.123456789Z", datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)),
        ("2026-03-02 10:00:00+01:00", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02t09:00z", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02T04:00:00-0500", datetime(2026, 3, 2, 9, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_utc(text: str, moment: datetime) -> None:
    assert parse_instant(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-02",
        "2026-W10-1T09:00Z",
        "2026-03-02T09:00:00",
        "2026-02-30T09:00:00Z",
        "2026-03-02T09:00:00.1234567890Z",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_instant(text)
