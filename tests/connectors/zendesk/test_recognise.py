"""What the mapping makes of bodies that somebody recorded: the neutral value, the error, and never a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.errors import BadBody, Closed, Conflict, NotFound, RateLimited, Refused, Unavailable
from connectors.recording import Explained, Named, plain, read_recorded
from connectors.ticket import Author, DeskEvent, Message, Person, Rating, Ticket
from connectors.zendesk import ZENDESK
from tests.connectors.zendesk.bodies import comment_body, event_body, ticket_body, trigger_body, user_body

ANSWER = {
    "type": "rating_scale",
    "rating": 4,
    "rating_category": "good",
    "question": {"id": "01Q", "sub_type": "customer_satisfaction"},
    "updated_at": "2026-03-01T12:05:00.000Z",
}
AUDIT = {
    "id": 61,
    "author_id": 5,
    "created_at": "2026-03-01T12:05:00Z",
    "metadata": {"custom": {"kintsugi": "step-1 step-2"}},
    "events": [{"type": "Comment"}, {"type": "Change"}],
}
ATTEMPT = {"id": "01A", "status": "delivered", "request": {"payload": json.dumps(event_body())}, "response": {}}
BODIES: dict[str, Any] = {
    "ticket": {"ticket": ticket_body(), "audit": AUDIT},
    "tickets": {"tickets": [ticket_body(), ticket_body(id=36)], "count": 2},
    "comment": {"comment": comment_body()},
    "comments": {"comments": [comment_body()], "meta": {"has_more": False}},
    "user": {"user": user_body()},
    "users": {"users": [user_body()]},
    "group": {"group": {"id": 701, "name": "Recovery"}},
    "groups": {"groups": [{"id": 701, "name": "Recovery"}]},
    "macro": {"macro": {"id": 11, "title": "Say sorry", "actions": []}},
    "macros": {"macros": [{"id": 11, "title": "Say sorry", "active": False}]},
    "satisfaction_rating": {
        "satisfaction_rating": {"id": 9, "score": "good", "created_at": "2026-03-01T12:05:00Z"},
    },
    "survey_response": {"survey_response": {"id": "01R", "answers": []}},
    "survey_responses": {"survey_responses": [{"id": "01R", "answers": [ANSWER]}]},
    "audit": {"audit": AUDIT},
    "audits": {"audits": [AUDIT]},
    "job_status": {"job_status": {"id": "j1", "status": "queued", "total": 4, "progress": 0}},
    "attempts": {"attempts": [ATTEMPT]},
    "tags": {"tags": ["vip", {"name": "lamp", "count": 3}]},
    "trigger": {"trigger": {"id": 71, "title": "Tell somebody", "conditions": {}}},
    "views": {"views": [{"id": 81, "title": "Mine"}], "next_page": None},
    "delivery": event_body(),
    "other": {"count": 12},
}


def explained(body: Any, **kept: Any) -> Explained:
    whole = {"request": {"method": "GET"}, "response": {"body": body, **kept}} if kept else body
    return ZENDESK.explain(read_recorded(json.dumps(whole).encode()))


@pytest.mark.parametrize("sort", BODIES)
def test_every_sort_of_body_is_known(sort: str) -> None:
    found = explained(BODIES[sort])

    assert found.sort == sort
    json.dumps(plain(found.value))


@pytest.mark.parametrize(
    ("sort", "value_type"), [("ticket", Ticket), ("user", Person), ("comment", Message), ("delivery", DeskEvent)]
)
def test_a_single_thing_becomes_its_neutral_value(sort: str, value_type: type) -> None:
    assert isinstance(explained(BODIES[sort]).value, value_type)


def test_a_list_of_bare_tickets_is_tickets() -> None:
    found = explained([ticket_body()])

    assert (found.sort, [ticket.id for ticket in found.value]) == ("tickets", ["35"])  # type: ignore[attr-defined]


def test_a_search_that_found_tickets_is_tickets() -> None:
    assert explained({"results": [ticket_body(result_type="ticket")], "count": 1}).sort == "tickets"


def test_a_bare_ticket_is_a_ticket() -> None:
    assert explained(ticket_body()).sort == "ticket"


def test_an_end_users_comment_alone_is_a_participants() -> None:
    message = explained({"comment": comment_body(public=True)}).value

    assert isinstance(message, Message)
    assert message.author is Author.PARTICIPANT


def test_the_answer_to_a_redaction_is_a_comment_without_a_time() -> None:
    redacted = {"comment": {"id": 5001, "author_id": 5, "plain_body": "My number is \u2587\u2587", "public": True}}

    assert explained(redacted).sort == "comment"


def test_an_offer_is_a_survey_response_without_a_rating() -> None:
    assert explained(BODIES["survey_response"]).value is None


def test_an_answered_survey_is_its_rating() -> None:
    value = explained(BODIES["survey_responses"]).value

    assert isinstance(value, list)
    assert isinstance(value[0], Rating)
    assert (value[0].value, value[0].original) == (0.75, "4")


def test_an_audit_tells_whose_markers_it_holds() -> None:
    value = explained({"audit": AUDIT}).value

    assert isinstance(value, dict)
    assert (value["ours"], value["markers"]) == (True, frozenset({"step-1", "step-2"}))


def test_an_attempt_holds_the_delivery_that_was_sent() -> None:
    assert plain(explained(BODIES["attempts"]).value)[0]["type"] == "message.added"


def test_a_trigger_body_is_a_delivery() -> None:
    assert plain(explained(trigger_body()).value)["event_id"].startswith("trigger:")


def test_what_we_have_no_value_for_keeps_its_name() -> None:
    assert explained(BODIES["trigger"]).value == Named(id="71", name="Tell somebody")


def test_an_answer_without_a_body_is_other() -> None:
    assert explained(None, status=204) == Explained(sort="other", value=[])


def test_the_request_counts_where_there_was_no_answer() -> None:
    kept = {"request": {"headers": {"X-Y": "z"}, "body": json.dumps(event_body())}, "response": None}

    assert explained(kept).sort == "delivery"


@pytest.mark.parametrize(
    ("body", "kept", "error"),
    [
        ({"error": "RecordNotFound", "description": "Not found"}, {}, NotFound),
        ({"error": "RecordNotFound", "description": "Not found"}, {"status": 404}, NotFound),
        ({"error": {"title": "Forbidden", "message": "No"}}, {}, Refused),
        ({"error": "UpdateConflict"}, {}, Conflict),
        ({"error": "TooManyValues", "max_count": 100}, {"status": 400}, Refused),
        ({"error": "APIRateLimitExceeded"}, {}, RateLimited),
        ({"errors": [{"code": "SurveyNotFound", "status": "404", "title": "Survey not found"}]}, {}, NotFound),
        ({"message": "away"}, {"status": 503}, Unavailable),
        (
            {
                "error": "RecordInvalid",
                "details": {"status": [{"description": "Status: closed prevents ticket update"}]},
            },
            {},
            Closed,
        ),
    ],
)
def test_an_error_body_is_the_error_that_our_client_raises(body: Any, kept: dict[str, Any], error: type) -> None:
    found = explained(body, **kept)

    assert found.sort == "error"
    assert type(found.value) is error
    assert plain(found.value)["type"] == error.__name__


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"NaN", b"[" * 100_000, b"1" * 5000])
def test_what_is_not_json_is_said_without_quoting_it(raw: bytes) -> None:
    with pytest.raises(BadBody, match="body"):
        ZENDESK.explain(read_recorded(raw))


@pytest.mark.parametrize("body", ["words", 7, True])
def test_a_bare_value_is_no_body(body: Any) -> None:
    with pytest.raises(BadBody, match="must be a JSON object"):
        explained(body)


def spoiled(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every member inside a body."""
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from spoiled(inner, (*path, key))


def attempt(body: Any) -> str:
    """What came of it, in JSON or in the words of the refusal."""
    try:
        return json.dumps(plain(explained(body).value))
    except BadBody as refused:
        return str(refused)


@pytest.mark.parametrize("sort", BODIES)
def test_a_body_with_any_member_spoiled_is_explained_or_refused_in_words(sort: str) -> None:
    nonsense: list[Any] = [None, 10**30, "\x00\ud800", [None], {"id": {}}]
    for path in spoiled(BODIES[sort]):
        for value in nonsense:
            body = json.loads(json.dumps(BODIES[sort]))
            place = body
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value

            assert attempt(body)
