"""Webhooks from end to end: which events a change sends, what they look like, and how triggers and tests differ."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.parts import Api, Play, Received, Receiver, wait_until

PREFIX = "zen:event-type:ticket."


def envelope(received: Received) -> Any:
    return json.loads(received.body)


def types(receiver: Receiver, count: int) -> list[str]:
    return [envelope(received)["type"].removeprefix(PREFIX) for received in receiver.wait_for(count)]


def settle(play: Play) -> None:
    wait_until(lambda: play.read("outbox")["pending"] == 0)


def test_a_new_ticket_is_told_with_its_description(play: Play, hooked: Receiver) -> None:
    ticket_id = play.ticket("It arrived broken.", tags=["vip"])

    event = envelope(hooked.wait_for(1)[0])

    assert (event["type"], event["event"]) == (PREFIX + "created", {})
    assert (event["subject"], event["zendesk_event_version"]) == (f"zen:ticket:{ticket_id}", "2022-11-06")
    assert event["time"] == "2026-01-05T12:00:00.000000Z"
    detail = event["detail"]
    assert (detail["id"], detail["description"], detail["status"]) == (str(ticket_id), "It arrived broken.", "NEW")
    assert (detail["tags"], detail["assignee_id"], detail["via"]) == (["vip"], "0", {"channel": "web"})
    assert detail["actor_id"] == detail["requester_id"]
    assert "custom_fields" not in detail


def test_a_request_carries_the_vendors_headers_and_a_signature_that_holds(
    play: Play, hooked: Receiver, sandbox: Sandbox
) -> None:
    play.ticket("Größer")

    request = hooked.wait_for(1)[0]

    headers = request.headers
    stamp = headers["X-Zendesk-Webhook-Signature-Timestamp"]
    secret = sandbox.account.webhook_secret.encode()
    expected = base64.b64encode(hmac.digest(secret, stamp.encode() + request.body, hashlib.sha256)).decode()
    assert headers["X-Zendesk-Webhook-Signature"] == expected
    assert (headers["User-Agent"], headers["Content-Type"]) == ("Zendesk Webhook", "application/json; charset=utf-8")
    assert headers["X-Zendesk-Account-Id"] == str(sandbox.account.id)
    assert (len(headers["X-Zendesk-Webhook-Id"]), len(headers["X-Zendesk-Webhook-Invocation-Id"])) == (26, 26)


def test_the_signature_has_real_time_whatever_the_business_time_is(play: Play, hooked: Receiver) -> None:
    play.ticket()

    stamp = hooked.wait_for(1)[0].headers["X-Zendesk-Webhook-Signature-Timestamp"]

    assert abs((datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds()) < 60


def test_a_comment_says_who_wrote_it(play: Play, hooked: Receiver) -> None:
    ticket_id = play.ticket()
    play(f"tickets/{ticket_id}/comments", **{"as": "agent", "text": "We look", "public": False})

    comment = envelope(hooked.wait_for(2)[1])["event"]["comment"]

    assert (comment["body"], comment["is_public"]) == ("We look", False)
    assert (comment["author"]["is_staff"], comment["author"]["name"]) == (True, "Agent One")
    assert comment["id"].isdigit()


def test_every_change_of_one_update_is_an_event_of_one_sequence(
    api: Api, play: Play, hooked: Receiver, sandbox: Sandbox
) -> None:
    ticket_id, account = play.ticket(tags=["old"]), sandbox.account
    wanted = {
        "status": "pending",
        "priority": "high",
        "group_id": account.group_ids["Recovery"],
        "assignee_id": account.agent_ids[1],
        "tags": ["new"],
        "custom_fields": [{"id": account.field_ids["Order number"], "value": "A-1"}],
        "comment": {"body": "Hello"},
    }

    api("PUT", f"tickets/{ticket_id}", ticket=wanted)

    events = [envelope(received) for received in hooked.wait_for(8)[1:]]
    by_type = {event["type"].removeprefix(PREFIX): event["event"] for event in events}
    assert list(by_type) == [
        "comment_added",
        "status_changed",
        "priority_changed",
        "group_assignment_changed",
        "agent_assignment_changed",
        "tags_changed",
        "custom_field_changed",
    ]
    assert {event["event"]["meta"]["sequence"]["id"] for event in events} == {
        by_type["status_changed"]["meta"]["sequence"]["id"]
    }
    assert [event["event"]["meta"]["sequence"]["position"] for event in events] == [1, 2, 3, 4, 5, 6, 7]
    assert (by_type["status_changed"]["current"], by_type["status_changed"]["previous"]) == ("PENDING", "NEW")
    assert by_type["agent_assignment_changed"]["previous"] == "0"
    assert by_type["agent_assignment_changed"]["current"] == str(account.agent_ids[1])
    assert (by_type["tags_changed"]["tags_added"], by_type["tags_changed"]["tags_removed"]) == (["new"], ["old"])
    assert {event["detail"]["actor_id"] for event in events} == {str(account.integration_id)}


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("spam", ["marked_as_spam", "soft_deleted"]),
        ("delete", ["soft_deleted"]),
        ("close", ["status_changed"]),
    ],
)
def test_the_ends_of_a_ticket(play: Play, hooked: Receiver, act: str, told: list[str]) -> None:
    ticket_id = play.ticket()

    play(f"tickets/{ticket_id}/{act}")

    assert types(hooked, 1 + len(told))[1:] == told


def test_a_merge_closes_one_ticket_and_tells_the_other(play: Play, hooked: Receiver) -> None:
    source, target = play.ticket(), play.ticket()

    play(f"tickets/{source}/merge", into=target)

    assert (play.state(source)["status"], play.state(source)["tags"]) == ("closed", ["closed_by_merge"])
    assert play.state(target)["comments"][-1]["public"] is False
    wait_until(lambda: PREFIX + "merged" in [envelope(received)["type"] for received in hooked.requests])


@pytest.mark.parametrize(("system", "score", "word"), [("legacy", "bad", "bad"), ("survey", 5, "good")])
def test_a_rating_is_told_in_both_systems(
    play: Play, hooked: Receiver, system: str, score: str | int, word: str
) -> None:
    play("settings", csat=system)
    ticket_id = play.ticket()

    play(f"tickets/{ticket_id}/rating", score=score)

    event = envelope(hooked.wait_for(2)[1])
    assert event["type"] == PREFIX + "csat_received"
    assert event["event"]["satisfaction_score"] == {"score": word}


def test_nobody_is_told_of_a_change_that_changes_nothing(api: Api, play: Play, hooked: Receiver) -> None:
    ticket_id = play.ticket(tags=["kept"])

    api("PUT", f"tickets/{ticket_id}", ticket={"additional_tags": ["kept"]})

    settle(play)
    assert len(hooked.requests) == 1


def test_only_what_is_subscribed_is_sent_and_only_to_active_webhooks(api: Api, play: Play, receiver: Receiver) -> None:
    wanted = {"name": "Comments", "endpoint": receiver.url, "subscriptions": [PREFIX + "comment_added"]}
    webhook_id = api("POST", "webhooks", webhook=wanted).json()["webhook"]["id"]
    ticket_id = play.ticket()
    play(f"tickets/{ticket_id}/comments", text="First")
    settle(play)
    api("PATCH", f"webhooks/{webhook_id}", webhook={"status": "inactive"})

    play(f"tickets/{ticket_id}/comments", text="Second")

    settle(play)
    assert types(receiver, 1) == ["comment_added"]


def test_a_fresh_redelivery_has_a_new_event_id_and_a_valid_signature(
    play: Play, hooked: Receiver, sandbox: Sandbox
) -> None:
    ticket_id = play.ticket()

    event_id = play(f"tickets/{ticket_id}/redeliver")["event_id"]

    first, again = (envelope(received) for received in hooked.wait_for(2))
    assert (again["id"], first["id"] != event_id) == (event_id, True)
    assert {**again, "id": first["id"]} == first
    stamp = hooked.requests[1].headers["X-Zendesk-Webhook-Signature-Timestamp"]
    digest = hmac.digest(sandbox.account.webhook_secret.encode(), stamp.encode() + hooked.requests[1].body, "sha256")
    assert hooked.requests[1].headers["X-Zendesk-Webhook-Signature"] == base64.b64encode(digest).decode()


def test_the_same_event_can_be_sent_twice(play: Play, hooked: Receiver) -> None:
    ticket_id = play.ticket()

    play(f"tickets/{ticket_id}/redeliver", same_event=True)

    first, again = hooked.wait_for(2)
    assert first.body == again.body
    ids = {received.headers["X-Zendesk-Webhook-Invocation-Id"] for received in (first, again)}
    assert len(ids) == 2


def test_there_is_nothing_to_redeliver_without_a_webhook(play: Play) -> None:
    assert play.try_to(f"tickets/{play.ticket()}/redeliver").status_code == 404


class TestTriggers:
    BODY = (
        '{"ticket": "{{ticket.id}}", "at": "{{ticket.updated_at_with_timestamp}}", "by": "{{current_user.id}}{{x.y}}"}'
    )

    def connect(self, api: Api, receiver: Receiver, **conditions: Any) -> str:
        wanted = {"name": "Rule", "endpoint": receiver.url, "subscriptions": ["conditional_ticket_events"]}
        webhook_id = str(api("POST", "webhooks", webhook=wanted).json()["webhook"]["id"])
        action = {"field": "notification_webhook", "value": [webhook_id, self.BODY]}
        trigger = {"title": "Tell", "conditions": conditions, "actions": [action]}
        made = api("POST", "triggers", trigger=trigger)
        assert made.status_code == 201, made.text
        return webhook_id

    def test_a_trigger_sends_the_body_that_its_author_wrote(
        self, api: Api, play: Play, receiver: Receiver, sandbox: Sandbox
    ) -> None:
        self.connect(api, receiver, all=[{"field": "update_type", "operator": "is", "value": "Change"}])
        ticket_id = play.ticket()

        api("PUT", f"tickets/{ticket_id}", ticket={"priority": "low"})

        by = str(sandbox.account.integration_id)
        assert envelope(receiver.wait_for(1)[0]) == {
            "ticket": str(ticket_id),
            "at": "2026-01-05T12:00:00Z",
            "by": by,
        }

    @pytest.mark.parametrize(
        ("conditions", "told"),
        [
            ({"all": [{"field": "comment_is_public", "operator": "is", "value": "true"}]}, 1),
            ({"all": [{"field": "comment_is_public", "operator": "is", "value": "not_relevant"}]}, 1),
            ({"all": [{"field": "role", "operator": "is", "value": "end_user"}]}, 1),
            ({"all": [{"field": "role", "operator": "is", "value": "agent"}]}, 0),
            ({"all": [{"field": "status", "operator": "changed", "value": None}]}, 1),
            ({"all": [{"field": "status", "operator": "not_changed", "value": None}]}, 0),
            ({"all": [{"field": "current_tags", "operator": "includes", "value": "vip gold"}]}, 1),
            ({"all": [{"field": "current_tags", "operator": "not_includes", "value": "vip"}]}, 0),
            ({"any": [{"field": "status", "value": "solved"}, {"field": "status", "value": "open"}]}, 1),
            ({"all": [{"field": "status", "operator": "is_not", "value": "open"}]}, 0),
        ],
    )
    def test_conditions_decide(
        self, api: Api, play: Play, receiver: Receiver, conditions: dict[str, Any], told: int
    ) -> None:
        ticket_id = play.ticket(tags=["vip"])
        play(f"tickets/{ticket_id}/update", status="pending")
        self.connect(api, receiver, **conditions)

        play(f"tickets/{ticket_id}/comments", text="Still waiting")

        settle(play)
        assert len(receiver.requests) == told

    @pytest.mark.parametrize("template", ['{"ticket": "{{ticket.id}}"}', "ticket={{ticket.id}}"])
    def test_a_trigger_request_has_no_event_id_to_change_when_it_is_sent_again(
        self, api: Api, play: Play, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, template: str
    ) -> None:
        monkeypatch.setattr(self, "BODY", template, raising=False)
        self.connect(api, receiver)
        ticket_id = play.ticket()

        play(f"tickets/{ticket_id}/redeliver")

        first, again = receiver.wait_for(2)
        assert first.body == again.body

    @pytest.mark.parametrize(
        "trigger",
        [
            {"title": "x", "conditions": {"all": [{"field": "moon"}]}, "actions": []},
            {"title": "x", "conditions": {}, "actions": [{"field": "status", "value": "open"}]},
            {"title": "x", "conditions": {}, "actions": [{"field": "notification_webhook", "value": ["none", "{}"]}]},
        ],
    )
    def test_what_could_not_be_honoured_is_refused(self, api: Api, trigger: dict[str, Any]) -> None:
        assert api("POST", "triggers", trigger=trigger).status_code == 422

    @pytest.mark.parametrize("trigger", [{"title": 3}, {"title": "x", "actions": [3]}, {"title": "x", "actions": "y"}])
    def test_a_trigger_without_its_parts_is_malformed(self, api: Api, trigger: dict[str, Any]) -> None:
        assert api("POST", "triggers", trigger=trigger).status_code == 400

    def test_a_trigger_is_shown_and_deleted(self, api: Api, receiver: Receiver) -> None:
        self.connect(api, receiver)
        trigger = api.read("triggers")["triggers"][0]

        assert api.read(f"triggers/{trigger['id']}")["trigger"] == trigger
        assert api("DELETE", f"triggers/{trigger['id']}").status_code == 204
        assert api("GET", f"triggers/{trigger['id']}").status_code == 404


class TestTheApi:
    def made(self, api: Api, receiver: Receiver, **more: Any) -> Any:
        wanted = {"name": "Ours", "endpoint": receiver.url, "subscriptions": [PREFIX + "created"], **more}
        answer = api("POST", "webhooks", webhook=wanted)
        assert answer.status_code == 201, answer.text
        return answer.json()["webhook"]

    def test_a_secret_of_ones_own_and_a_new_one(self, api: Api, receiver: Receiver) -> None:
        webhook = self.made(api, receiver, signing_secret={"secret": "chosen"})

        first = api.read(f"webhooks/{webhook['id']}/signing_secret")["signing_secret"]
        second = api("POST", f"webhooks/{webhook['id']}/signing_secret").json()["signing_secret"]

        assert first == {"secret": "chosen", "algorithm": "SHA256"}
        assert second["secret"] != "chosen"

    def test_attempts_hold_request_and_answer(self, api: Api, play: Play, receiver: Receiver) -> None:
        receiver.answers = [(409, {}), (202, {"X-Seen": "yes"})]
        webhook = self.made(api, receiver)
        play.ticket()
        settle(play)

        invocation = api.read(f"webhooks/{webhook['id']}/invocations")["invocations"][0]
        attempts = api.read(f"webhooks/{webhook['id']}/invocations/{invocation['id']}/attempts")["attempts"]

        assert invocation["status"] == "success"
        assert [(attempt["status"], attempt["status_code"]) for attempt in attempts] == [
            ("failed", 409),
            ("success", 202),
        ]
        assert attempts[0]["request"]["payload"] == receiver.requests[0].body.decode()
        assert {"key": "X-Seen", "value": ["yes"]} in attempts[1]["response"]["headers"]

    @pytest.mark.parametrize(
        ("authentication", "header", "value"),
        [
            ({"type": "bearer_token", "data": {"token": "t"}}, "Authorization", "Bearer t"),
            ({"type": "basic_auth", "data": {"username": "u", "password": "p"}}, "Authorization", "Basic dTpw"),
            ({"type": "api_key", "data": {"name": "X-Key", "value": "k"}}, "X-Key", "k"),
        ],
    )
    def test_a_webhooks_own_authentication(
        self, api: Api, play: Play, receiver: Receiver, authentication: Any, header: str, value: str
    ) -> None:
        webhook = self.made(api, receiver, authentication={**authentication, "add_position": "header"})

        play.ticket()

        assert receiver.wait_for(1)[0].headers[header] == value
        assert webhook["authentication"] == {"type": authentication["type"], "add_position": "header"}

    def test_a_test_request_has_an_empty_body_unless_given(self, api: Api, receiver: Receiver) -> None:
        webhook = self.made(api, receiver)

        api("POST", f"webhooks/test?webhook_id={webhook['id']}")

        assert receiver.wait_for(1)[0].body == b""

    def test_before_there_is_a_webhook_a_test_is_signed_with_the_fixed_secret(
        self, api: Api, receiver: Receiver
    ) -> None:
        api("POST", "webhooks/test", request={"endpoint": receiver.url, "payload": "{}"})

        request = receiver.wait_for(1)[0]
        stamp = request.headers["X-Zendesk-Webhook-Signature-Timestamp"].encode()
        digest = hmac.digest(b"dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", stamp + b"{}", "sha256")
        assert request.headers["X-Zendesk-Webhook-Signature"] == base64.b64encode(digest).decode()

    def test_a_deleted_webhook_gets_nothing_more(self, api: Api, play: Play, receiver: Receiver) -> None:
        webhook = self.made(api, receiver)

        api("DELETE", f"webhooks/{webhook['id']}")
        play.ticket()

        settle(play)
        assert (receiver.requests, api("GET", f"webhooks/{webhook['id']}").status_code) == ([], 404)

    @pytest.mark.parametrize(
        "webhook",
        [
            {"name": "x"},
            {"name": "x", "endpoint": "ftp://x", "subscriptions": ["a"]},
            {"name": "x", "endpoint": "http://x", "subscriptions": []},
            {"name": "x", "endpoint": "http://x", "subscriptions": ["conditional_ticket_events", "a"]},
            {"name": "x", "endpoint": "http://x", "subscriptions": ["a"], "status": "sleepy"},
            {"name": 3, "endpoint": "http://x", "subscriptions": ["a"]},
        ],
    )
    def test_a_webhook_that_cannot_be_is_malformed(self, api: Api, webhook: dict[str, Any]) -> None:
        assert api("POST", "webhooks", webhook=webhook).status_code == 400

    def test_unknown_ids(self, api: Api, receiver: Receiver) -> None:
        webhook = self.made(api, receiver)

        assert api("GET", "webhooks/none/invocations").status_code == 404
        assert api("GET", f"webhooks/{webhook['id']}/invocations/none/attempts").status_code == 404
        assert api("POST", "webhooks/test").status_code == 400
