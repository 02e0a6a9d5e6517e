"""Webhooks are verified, stored once, and answered with the truth about that; strangers leave nothing behind."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as sql_event
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app import connect
from app.clock import real_now
from app.store import deliveries, desks
from app.store.database import Database, DatabaseUnavailable, Purpose
from app.store.models import Delivery, DeliveryState, Desk, Refusal, TrackedTicket
from app.web import webhooks
from app.web.webhooks import Directory
from connectors.base import Connector, ConnectorKind, Line, WebhookRequest
from connectors.errors import BadSignature
from connectors.freshdesk import FRESHDESK
from connectors.ticket import DeskEvent, Person
from connectors.zendesk import webhook
from tests import seeds

SECRET = "made-up-secret"


def envelope(event_id: str = "e1", **changes: Any) -> dict[str, Any]:
    """An event as Zendesk sends it."""
    body = {
        "account_id": 1,
        "id": event_id,
        "type": "zen:event-type:ticket.comment_added",
        "time": "2026-03-02T09:00:00.123456789Z",
        "subject": "zen:ticket:7",
        "detail": {"id": "7", "actor_id": "41"},
        "event": {"comment": {"id": "5", "body": "This is the third time I write"}},
    }
    return body | changes


def signed(body: bytes, *, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    timestamp = (at or real_now()).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "Content-Type": "application/json; charset=utf-8",
        "X-Zendesk-Webhook-Signature": webhook.sign(secret, timestamp, body),
        "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
        "X-Zendesk-Webhook-Invocation-Id": "01HZ0000000000000000000000",
    }


@pytest.fixture
def key(database: Database, desk_id: int) -> str:
    with database.desk(desk_id, read=True) as session:
        return desks.get(session, desk_id).key


Send = Callable[..., TestResponse]


@pytest.fixture
def send(stranger: FlaskClient, key: str) -> Send:
    """Post a body to the desk, signed unless headers are given."""

    def post(body: bytes | dict[str, Any], headers: Mapping[str, str] | None = None, *, to: str = key) -> TestResponse:
        raw = json.dumps(body).encode() if isinstance(body, dict) else body
        return stranger.post(f"/hooks/{to}", data=raw, headers=signed(raw) if headers is None else headers)

    return post


def stored(database: Database) -> list[Delivery]:
    with database.system(Purpose.OPERATE, read=True) as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def refusals(database: Database) -> dict[str, int]:
    with database.system(Purpose.OPERATE, read=True) as session:
        return {row.reason: row.count for row in session.scalars(select(Refusal))}


def test_signed_event_is_stored_and_its_ticket_is_due(database: Database, send: Send, desk_id: int) -> None:
    answer = send(envelope())

    (delivery,) = stored(database)
    assert (answer.status_code, answer.get_json()) == (202, {"status": "stored"})
    assert (delivery.desk_id, delivery.event_id, delivery.type) == (desk_id, "e1", "message.added")
    assert (delivery.ticket_id, delivery.actor_id, delivery.state) == ("7", "41", DeliveryState.RECEIVED)
    with database.desk(desk_id, read=True) as session:
        ticket = session.scalars(select(TrackedTicket)).one()
    assert ticket.due_at is not None
    assert timedelta(0) < ticket.due_at - delivery.received_at <= timedelta(seconds=2)


def test_body_is_kept_sealed(database: Database, send: Send) -> None:
    send(envelope())

    (delivery,) = stored(database)
    assert delivery.sealed_body is not None
    assert b"third time" not in delivery.sealed_body
    assert json.loads(database.vault.open(delivery.sealed_body)) == envelope()


def test_event_that_was_stored_before_is_fine_too(database: Database, send: Send) -> None:
    send(envelope())

    again = send(envelope())

    assert (again.status_code, again.get_json()) == (202, {"status": "known"})
    assert len(stored(database)) == 1


def test_change_by_our_own_integration_user_asks_for_no_reading(database: Database, send: Send) -> None:
    answer = send(envelope(detail={"id": "7", "actor_id": "900"}))

    assert answer.status_code == 202
    assert stored(database)[0].state is DeliveryState.ECHO


@pytest.mark.parametrize("body", [b"", b"{}", b"  \n"])
def test_signed_test_request_is_answered_and_recorded(database: Database, send: Send, body: bytes) -> None:
    answer = send(body)

    assert answer.status_code == 202
    assert stored(database)[0].state is DeliveryState.IGNORED


BAD_BODIES = {
    "no JSON": b"hello",
    "half a JSON": b'{"id": "e1", "type"',
    "a list": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "a number": b"1",
    "not a number": b'{"id": NaN}',
    "invalid UTF-8": b'{"id": "\xff\xfe"}',
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000,
    "digits": b'{"id": ' + b"1" * 10_000 + b"}",
    "wrong shape": json.dumps({"id": 7, "type": ["x"]}).encode(),
    "no ticket": json.dumps(envelope(subject="zen:ticket:", detail={})).encode(),
    "long id": json.dumps(envelope("x" * 400)).encode(),
    "NUL": json.dumps(envelope("e\x00")).encode(),
    "half a pair": json.dumps(envelope("\ud800")).encode(),
    "odd actor": json.dumps(envelope(detail={"id": "7", "actor_id": {"a": 1}})).encode(),
    "bytes": bytes(range(256)) * 4,
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_signed_body_that_makes_no_sense_is_refused_and_kept(database: Database, send: Send, body: bytes) -> None:
    answer = send(body)

    (delivery,) = stored(database)
    assert answer.status_code == 400
    assert answer.get_json()["error"] == delivery.reason
    assert (delivery.state, delivery.ticket_id) == (DeliveryState.REFUSED, None)
    assert delivery.sealed_body is not None
    assert database.vault.open(delivery.sealed_body).encode("utf-8", "surrogateescape") == body


def test_same_bad_body_again_is_recorded_once(database: Database, send: Send) -> None:
    answers = [send(b"hello").status_code for _ in range(3)]

    assert answers == [400, 400, 400]
    assert len(stored(database)) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda headers: {},
        lambda headers: headers | {"X-Zendesk-Webhook-Signature": ""},
        lambda headers: headers | {"X-Zendesk-Webhook-Signature": "AAAA"},
        lambda headers: headers | {"X-Zendesk-Webhook-Signature": "é\x80"},
        lambda headers: headers | {"X-Zendesk-Webhook-Signature-Timestamp": "now"},
        lambda headers: {k: v for k, v in headers.items() if not k.endswith("Timestamp")},
    ],
    ids=["none", "empty", "wrong", "not ASCII", "odd time", "no time"],
)
def test_bad_signature_is_refused_before_anything_is_read(
    database: Database, send: Send, spoil: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    body = json.dumps(envelope()).encode()

    answer = send(body, spoil(signed(body)))

    assert answer.status_code == 401
    assert stored(database) == []


@pytest.mark.parametrize("away", [timedelta(seconds=-330), timedelta(seconds=330)])
def test_signature_of_another_time_is_refused(database: Database, send: Send, away: timedelta) -> None:
    body = json.dumps(envelope()).encode()

    answer = send(body, signed(body, at=real_now() + away))

    assert answer.status_code == 401
    assert stored(database) == []


def test_altered_body_is_refused(database: Database, send: Send) -> None:
    headers = signed(json.dumps(envelope()).encode())

    answer = send(json.dumps(envelope(), indent=1).encode(), headers)

    assert answer.status_code == 401


def test_secret_of_another_desk_opens_nothing(database: Database, send: Send, desk_id: int) -> None:
    other = seeds.add_desk(database, "Second example shop")
    with database.desk(other) as session:
        desk = desks.get(session, other)
        desk.sealed_webhook_secrets = database.vault.seal(json.dumps(["another-made-up-secret"]))
    body = json.dumps(envelope()).encode()

    answer = send(body, signed(body, secret="another-made-up-secret"))

    assert answer.status_code == 401


def test_both_secrets_open_while_one_is_replaced(database: Database, send: Send, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        desks.rotate_webhook_secret(session, desks.get(session, desk_id), "newer-made-up-secret")
    bodies = [json.dumps(envelope(one)).encode() for one in ("e1", "e2")]

    answers = [
        send(bodies[0]).status_code,
        send(bodies[1], signed(bodies[1], secret="newer-made-up-secret")).status_code,
    ]

    assert answers == [202, 202]


def test_refusals_are_counted_where_an_admin_sees_them(database: Database, send: Send) -> None:
    send(b"{}", {})

    (reason,) = refusals(database)
    assert "x-zendesk-webhook-signature: missing" in reason


def test_flood_of_bad_signatures_hardly_writes(database: Database, send: Send) -> None:
    for _ in range(30):
        send(b"{}", {})

    assert sum(refusals(database).values()) <= 3


def test_numbers_do_not_make_new_reasons(database: Database, send: Send) -> None:
    for seconds in (400, 500, 600):
        send(b"{}", signed(b"{}", at=real_now() - timedelta(seconds=seconds)))

    assert len(refusals(database)) == 1


def test_refusal_that_cannot_be_counted_is_a_refusal_all_the_same(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise DatabaseUnavailable("made up")

    monkeypatch.setattr(desks, "refuse", fail)

    assert send(b"{}", {}).status_code == 401


@pytest.mark.parametrize("key", ["unknown", "x" * 65, "x" * 5000, "%01", "..%2f..", "%F0%9F%94%91"])
def test_unknown_desk_is_not_there(database: Database, send: Send, key: str) -> None:
    answer = send(envelope(), to=key)

    assert answer.status_code == 404
    assert stored(database) == []


def test_desk_that_was_removed_a_moment_ago_is_not_there(
    database: Database, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: object) -> bool:
        raise desks.NotFound("desk 1")

    monkeypatch.setattr(deliveries, "receive", gone)

    assert send(envelope()).status_code == 404


def test_body_of_just_the_allowed_size_is_stored(database: Database, send: Send) -> None:
    filler = webhooks.MOST_BYTES - len(json.dumps(envelope(filler="")))

    answer = send(envelope(filler="x" * filler))

    assert answer.status_code == 202
    assert len(stored(database)) == 1


def test_body_over_the_limit_is_refused_unread(database: Database, send: Send) -> None:
    answer = send(b"x" * (webhooks.MOST_BYTES + 1))

    assert answer.status_code == 413
    assert stored(database) == []


@pytest.mark.parametrize(("size", "status"), [(1000, 202), (webhooks.MOST_BYTES + 1, 413), (5_000_000, 413)])
def test_body_of_unannounced_length_has_the_same_limit(stranger: FlaskClient, key: str, size: int, status: int) -> None:
    body = json.dumps(envelope(filler="x" * size)).encode()

    answer = stranger.post(
        f"/hooks/{key}",
        headers=signed(body),
        environ_overrides={
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
    )

    assert answer.status_code == status


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_posts_are_webhooks(stranger: FlaskClient, key: str, method: str) -> None:
    assert getattr(stranger, method)(f"/hooks/{key}").status_code == 405


def test_zendesk_is_told_to_try_again_in_its_own_way(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    _break_storing(monkeypatch, DatabaseUnavailable("OperationalError"))

    answer = send(envelope())

    assert answer.status_code == 409
    assert "OperationalError" not in answer.get_data(as_text=True)


def test_bug_of_ours_is_no_reason_to_lose_an_event(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    _break_storing(monkeypatch, ZeroDivisionError("made up"))

    assert send(envelope()).status_code == 409


def test_other_senders_are_told_when_to_try_again(
    database: Database, send: Send, desk_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "KINDS", {"plain": PlainKind()})
    monkeypatch.setattr(webhooks, "KINDS", {"plain": PlainKind()})
    with database.desk(desk_id) as session:
        session.execute(update(Desk).values(kind="plain"))
    _break_storing(monkeypatch, DatabaseUnavailable("made up"))

    answer = send(b"{}", {"X-Secret": SECRET})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_sender_we_could_not_look_up_is_told_when_to_try_again(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise DatabaseUnavailable("made up")

    monkeypatch.setattr(desks, "find_by_key", fail)

    answer = send(envelope())

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def _break_storing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_args: object) -> bool:
        raise error

    monkeypatch.setattr(deliveries, "receive", fail)


def test_request_asks_the_database_for_the_delivery_and_nothing_else(database: Database, send: Send) -> None:
    send(envelope("e1"))  # the desk is known from here on
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    sql_event.listen(database.engine, "before_cursor_execute", listen)
    send(envelope("e2"))

    assert said == []
    assert len(stored(database)) == 2


def test_answer_sets_no_cookie(send: Send) -> None:
    assert "Set-Cookie" not in send(envelope()).headers


class FakeTimer:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def timer() -> FakeTimer:
    return FakeTimer()


def test_desk_is_looked_up_again_after_five_seconds(
    database: Database, key: str, desk_id: int, timer: FakeTimer
) -> None:
    directory = Directory(timer)
    directory.find(database, key)
    with database.desk(desk_id) as session:
        desks.get(session, desk_id).integration_user_id = "901"

    before = directory.find(database, key)
    timer.now += 5.1
    after = directory.find(database, key)

    assert before is not None
    assert after is not None
    assert (sorted(before.own_names), sorted(after.own_names)) == (["900"], ["901"])


def test_guessed_keys_do_not_fill_the_memory(database: Database, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "_MOST_KEYS", 3)
    directory = Directory()

    found = [directory.find(database, f"guess-{number}") for number in range(10)]

    assert found == [None] * 10
    assert len(directory._known) <= 3
    assert directory.find(database, key) is not None


def test_known_desk_outlives_a_database_that_is_away(
    database: Database, key: str, timer: FakeTimer, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = Directory(timer)
    directory.find(database, key)
    timer.now += 60

    def fail(*_args: object) -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(desks, "find_by_key", fail)

    assert directory.find(database, key) is not None
    with pytest.raises(DatabaseUnavailable):
        directory.find(database, "never seen")


def test_refusals_are_counted_once_a_second_for_each_desk_and_reason(timer: FakeTimer) -> None:
    directory = Directory(timer)

    first = [directory.may_count(1, "a"), directory.may_count(1, "a"), directory.may_count(1, "b")]
    timer.now += 1.0
    later = [directory.may_count(1, "a"), directory.may_count(2, "a")]

    assert first == [True, False, True]
    assert later == [True, True]


def test_every_kind_has_an_app_that_serves_it(web_app: Flask) -> None:
    assert any(rule.rule == "/hooks/<key>" for rule in web_app.url_map.iter_rules())


class PlainKind(ConnectorKind):
    """A helpdesk that signs nothing and sends its secret in a header."""

    name = "plain"

    def open(
        self,
        *,
        subdomain: str,
        base_url: str | None,
        credentials: Mapping[str, str],
        line: Line,
    ) -> Connector:
        raise NotImplementedError

    def verify(self, request: WebhookRequest, secrets: Any) -> None:
        if request.headers.get("x-secret") not in secrets:
            raise BadSignature("the secret does not fit")

    def parse(self, request: WebhookRequest) -> DeskEvent:
        return DeskEvent(event_id="e1", type="ticket.changed", ticket_id="7", actor_id=None, occurred_at=None)

    def ticket_url(self, *, subdomain: str, base_url: str | None, ticket_id: str) -> str:
        return f"https://{subdomain}.example.com/{ticket_id}"


@pytest.mark.parametrize(("email", "state"), [("Robot@example.com", "echo"), ("agent@example.com", "received")])
def test_an_echo_is_known_by_the_address_that_a_rule_tells(
    stranger: FlaskClient, database: Database, desk_id: int, key: str, email: str, state: str
) -> None:
    ours = FRESHDESK.names(Person(id="900", email="robot@example.com")) - {"900"}
    with database.system(Purpose.OPERATE) as session:
        desk = desks.get(session, desk_id)
        desk.kind = "freshdesk"
        desks.change_settings(desk, {desks.OWN_NAMES: sorted(ours)})
    body = {"kintsugi": 1, "ticket_id": "7", "triggered_event": "{note_type:private}", "actor_email": email}

    answer = stranger.post(f"/hooks/{key}", json=body, headers={"X-Webhook-Secret": SECRET})

    assert answer.status_code == 202
    assert [delivery.state.value for delivery in stored(database)] == [state]
