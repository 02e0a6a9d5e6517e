"""Who signed a webhook, and what it tells of: our own vectors, and everything a body can be instead of an event."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import WebhookRequest
from connectors.errors import BadBody, BadSignature
from connectors.zendesk import ZENDESK, webhook
from tests.connectors.zendesk.bodies import AGENT, NOW, event_body, request, trigger_body

SECRET = "a secret of ours"
BODY = b'{"say": "mended"}'
SIGNED_AT = "2026-03-02T09:00:00Z"
#: Made with openssl: printf '%s%s' "$SIGNED_AT" "$BODY" | openssl dgst -sha256 -hmac "$SECRET" -binary | base64
VECTOR = "LC+om930ZXpI/6AaanbthScvYG3/xbMk8anwHYcUOpI="
EMPTY_VECTOR = "u0Nar24BCaxalDDxm4r4bfOl7l5DxF6UrEBfk9DsJeo="


def staged(signature: str, body: bytes = BODY) -> WebhookRequest:
    headers = {webhook.SIGNATURE: signature, webhook.TIMESTAMP: SIGNED_AT}
    return WebhookRequest(headers=headers, body=body, received_at=NOW)


class TestSignature:
    @pytest.mark.parametrize(("body", "signature"), [(BODY, VECTOR), (b"", EMPTY_VECTOR)])
    def test_a_known_signature_is_recognised(self, body: bytes, signature: str) -> None:
        ZENDESK.verify(staged(signature, body), [SECRET])

        assert webhook.sign(SECRET, SIGNED_AT, body) == signature

    def test_the_body_before_the_timestamp_is_the_wrong_order(self) -> None:
        reversed_order = hmac.digest(SECRET.encode(), BODY + SIGNED_AT.encode(), hashlib.sha256)

        with pytest.raises(BadSignature, match="does not match"):
            ZENDESK.verify(staged(base64.b64encode(reversed_order).decode()), [SECRET])

    def test_a_secret_is_not_decoded_before_it_is_used(self) -> None:
        secret = base64.b64encode(b"0123456789abcdef").decode()
        decoded = hmac.digest(b"0123456789abcdef", SIGNED_AT.encode() + BODY, hashlib.sha256)

        with pytest.raises(BadSignature):
            ZENDESK.verify(staged(base64.b64encode(decoded).decode()), [secret])

    @pytest.mark.parametrize("secrets", [["new", "old"], ["old", "new"], ["", "old"]])
    def test_the_old_secret_still_opens_during_rotation(self, secrets: list[str]) -> None:
        ZENDESK.verify(request(BODY, secret="old"), secrets)

    def test_the_old_secret_does_not_open_after_rotation(self) -> None:
        with pytest.raises(BadSignature, match="does not match"):
            ZENDESK.verify(request(BODY, secret="old"), ["new"])

    @pytest.mark.parametrize("secrets", [[], [""]])
    def test_without_a_secret_nothing_is_genuine(self, secrets: list[str]) -> None:
        with pytest.raises(BadSignature, match="no webhook secret"):
            ZENDESK.verify(request(BODY, secret=""), secrets)

    @pytest.mark.parametrize("body", [b'{"say": "mendeD"}', b'{"say":"mended"}', b"", b'{"say": "mended"} '])
    def test_one_altered_byte_breaks_it(self, body: bytes) -> None:
        with pytest.raises(BadSignature):
            ZENDESK.verify(staged(VECTOR, body), [SECRET])

    @pytest.mark.parametrize(
        "signature", ["x", "ä" * 44, "\udcff", "=" * 44, VECTOR[:-1], VECTOR.lower(), "sha256=" + VECTOR]
    )
    def test_a_signature_of_another_form_does_not_match(self, signature: str) -> None:
        with pytest.raises(BadSignature, match="does not match"):
            ZENDESK.verify(staged(signature), [SECRET])

    @pytest.mark.parametrize("name", [webhook.SIGNATURE, webhook.TIMESTAMP])
    @pytest.mark.parametrize(("value", "said"), [("", "missing"), ("  ", "missing"), ("a,a", "more than once")])
    def test_a_header_that_is_missing_or_doubled_is_named(self, name: str, value: str, said: str) -> None:
        with pytest.raises(BadSignature, match=f"{name}: .*{said}"):
            ZENDESK.verify(request(BODY, **{name: value}), [SECRET])

    def test_a_header_in_two_spellings_counts_as_doubled(self) -> None:
        doubled = request(BODY)
        headers = {**doubled.headers, webhook.SIGNATURE.upper(): "other"}

        with pytest.raises(BadSignature, match="more than once"):
            ZENDESK.verify(replace(doubled, headers=headers), [SECRET])

    def test_other_spellings_of_a_headers_name_are_the_same_header(self) -> None:
        odd = request(BODY)

        ZENDESK.verify(
            replace(odd, headers={name.title(): f" {value} " for name, value in odd.headers.items()}), [SECRET]
        )


class TestWindow:
    @pytest.mark.parametrize("seconds", [-300, -1, 0, 1, 300])
    def test_a_signature_of_the_last_five_minutes_is_taken(self, seconds: int) -> None:
        ZENDESK.verify(self._signed(NOW + timedelta(seconds=seconds)), [SECRET])

    @pytest.mark.parametrize("seconds", [-301, 301, 86400])
    def test_an_older_or_a_later_one_is_not(self, seconds: int) -> None:
        with pytest.raises(BadSignature, match=f"{-seconds} seconds old"):
            ZENDESK.verify(self._signed(NOW + timedelta(seconds=seconds)), [SECRET])

    def test_the_time_of_the_event_does_not_count(self) -> None:
        ZENDESK.verify(request(event_body(time="2020-01-01T00:00:00Z")), [SECRET])

    @pytest.mark.parametrize(
        "text", ["2026-03-02T09:00:00.5Z", "2026-03-02T09:00:00.123456789Z", "2026-03-02T10:00:00+01:00"]
    )
    def test_fractions_and_zones_are_read(self, text: str) -> None:
        ZENDESK.verify(request(BODY, signed_at=text), [SECRET])

    @pytest.mark.parametrize(
        "text", ["yesterday", "2026-03-02T09:00:00", "1772442000", "2026-13-02T09:00:00Z", "20260302T090000Z"]
    )
    def test_a_signed_time_that_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(BadSignature, match="RFC 3339"):
            ZENDESK.verify(request(BODY, signed_at=text), [SECRET])

    @staticmethod
    def _signed(moment: datetime) -> WebhookRequest:
        return request(BODY, signed_at=moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


class TestEvents:
    def test_an_event_is_read_as_what_it_is(self) -> None:
        event = ZENDESK.parse(request(event_body()))

        assert (event.event_id, event.type) == ("11111111-2222-4333-8444-555555555555", "message.added")
        assert (event.ticket_id, event.actor_id) == ("35", str(AGENT))
        assert event.occurred_at == datetime(2026, 3, 2, 8, 59, 0, 123456, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("kind", "neutral"),
        [
            ("ticket.created", "ticket.created"),
            ("ticket.comment_added", "message.added"),
            ("ticket.comment_redacted", "message.redacted"),
            ("ticket.attachment_redacted_from_comment", "message.redacted"),
            ("ticket.comment_made_private", "message.hidden"),
            ("ticket.status_changed", "ticket.status_changed"),
            ("ticket.custom_status_changed", "ticket.status_changed"),
            ("ticket.agent_assignment_changed", "ticket.assigned"),
            ("ticket.group_assignment_changed", "ticket.assigned"),
            ("ticket.priority_changed", "ticket.priority_changed"),
            ("ticket.tags_changed", "ticket.tags_changed"),
            ("ticket.custom_field_changed", "ticket.field_changed"),
            ("ticket.next_sla_breach_changed", "ticket.sla_changed"),
            ("ticket.csat_requested", "rating.requested"),
            ("ticket.csat_received", "rating.received"),
            ("ticket.merged", "ticket.merged"),
            ("ticket.soft_deleted", "ticket.deleted"),
            ("ticket.permanently_deleted", "ticket.purged"),
            ("ticket.marked_as_spam", "ticket.spam"),
            ("ticket.undeleted", "ticket.restored"),
            ("ticket.a_name_of_tomorrow", "ticket.changed"),
            ("messaging_ticket.message_added", "message.added"),
        ],
    )
    def test_the_vendors_names_become_neutral(self, kind: str, neutral: str) -> None:
        assert ZENDESK.parse(request(event_body(kind))).type == neutral

    def test_an_event_about_something_else_is_other_and_names_no_ticket(self) -> None:
        event = ZENDESK.parse(request(event_body("user.deleted", subject="zen:user:35")))

        assert (event.type, event.ticket_id) == ("other", None)

    def test_the_ticket_is_taken_from_the_details_where_the_subject_names_none(self) -> None:
        assert ZENDESK.parse(request(event_body(subject=None))).ticket_id == "35"

    def test_messaging_names_its_actor_in_the_event(self) -> None:
        said = {"actor": {"id": str(AGENT), "type": "agent"}, "conversation_id": "c1", "message": {"id": "m1"}}
        body = event_body("messaging_ticket.message_added", subject="zen:messaging_ticket:35", detail={}, event=said)

        event = ZENDESK.parse(request(body))

        assert (event.type, event.ticket_id, event.actor_id) == ("message.added", "35", str(AGENT))

    @pytest.mark.parametrize("event", [None, {}, {"satisfaction_score": {"score": "GOOD"}}, {"current": ["a"]}])
    def test_what_an_event_says_beyond_its_identity_may_be_anything(self, event: Any) -> None:
        assert ZENDESK.parse(request(event_body("ticket.csat_received", event=event))).type == "rating.received"

    def test_an_installed_webhook_asks_for_every_event_that_has_a_name(self) -> None:
        kinds = [name.removeprefix("zen:event-type:") for name in webhook.SUBSCRIPTIONS]

        assert len(set(kinds)) == len(kinds) >= 20
        assert {ZENDESK.parse(request(event_body(kind))).type for kind in kinds} >= {"ticket.sla_changed"}

    def test_ids_above_two_to_the_53_stay_exact(self) -> None:
        event = ZENDESK.parse(
            request(event_body(subject="zen:ticket:9223372036854775807", detail={"actor_id": 9007199254740993}))
        )

        assert (event.ticket_id, event.actor_id) == ("9223372036854775807", "9007199254740993")

    @pytest.mark.parametrize("actor", ["0", 0, "", None])
    def test_a_missing_actor_has_many_spellings(self, actor: Any) -> None:
        assert ZENDESK.parse(request(event_body(detail={"id": "35", "actor_id": actor}))).actor_id is None

    @pytest.mark.parametrize(
        ("time", "microsecond"), [("2026-03-02T08:59:00Z", 0), ("2026-03-02T08:59:00.9Z", 900000), (None, None)]
    )
    def test_times_have_from_none_to_nine_fraction_digits(self, time: str | None, microsecond: int | None) -> None:
        at = ZENDESK.parse(request(event_body(time=time))).occurred_at

        assert (at and at.microsecond) == microsecond

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"id": None}, "id: "),
            ({"id": 7}, "id: "),
            ({"id": ""}, "id: "),
            ({"id": "x" * 65}, "id: "),
            ({"type": None}, "type: "),
            ({"type": ["ticket.created"]}, "type: "),
            ({"time": "soon"}, "time: "),
            ({"time": 1772442000}, "time: "),
            ({"time": "0001-01-01T00:00:00+14:00"}, "time: "),
            ({"subject": 35}, "subject: "),
            ({"subject": "zen:ticket:0", "detail": {"id": "0"}}, "subject: names no ticket"),
            ({"subject": "zen:ticket:x", "detail": None}, "subject: names no ticket"),
            ({"detail": "35"}, "detail: "),
            ({"detail": {"id": "35", "actor_id": "me"}}, "detail.actor_id: not an id"),
            ({"detail": {"id": 10**25}}, "detail.id: not an id"),
            ({"detail": {"id": True}}, "detail.id: not an id"),
            ({"detail": {"id": 3.5}}, "detail.id: not an id"),
        ],
    )
    def test_a_wrong_type_is_answered_with_the_field_and_without_its_value(
        self, changed: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(BadBody) as caught:
            ZENDESK.parse(request(event_body(**changed)))

        assert str(caught.value).startswith(said)
        assert "soon" not in str(caught.value)


class TestTriggers:
    def test_our_own_body_is_read(self) -> None:
        event = ZENDESK.parse(request(trigger_body()))

        assert (event.type, event.ticket_id, event.actor_id) == ("ticket.changed", "35", str(AGENT))
        assert event.occurred_at == datetime(2026, 3, 2, 8, 59, 1, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("word", "neutral"),
        [
            ("created", "ticket.created"),
            ("comment", "message.added"),
            ("rating", "rating.received"),
            ("x", "ticket.changed"),
        ],
    )
    def test_the_triggers_word_says_what_happened(self, word: str, neutral: str) -> None:
        assert ZENDESK.parse(request(trigger_body(trigger=word))).type == neutral

    def test_a_redelivery_has_the_same_identity(self) -> None:
        first = ZENDESK.parse(request(trigger_body()))
        again = ZENDESK.parse(
            request(trigger_body(), signed_at="2026-03-02T09:02:00Z", x_zendesk_webhook_invocation_id="B")
        )

        assert first.event_id == again.event_id
        assert len(first.event_id) <= 64

    @pytest.mark.parametrize(
        "changed", [{"ticket_id": 36}, {"updated_at": "2026-03-02T08:59:02Z"}, {"trigger": "rating"}]
    )
    def test_another_change_has_another_identity(self, changed: dict[str, Any]) -> None:
        assert (
            ZENDESK.parse(request(trigger_body())).event_id != ZENDESK.parse(request(trigger_body(**changed))).event_id
        )

    def test_times_in_whole_minutes_do_not_make_two_changes_one(self) -> None:
        minute = trigger_body(updated_at="2026-03-02T08:59Z")

        events = {ZENDESK.parse(request(minute, x_zendesk_webhook_invocation_id=name)).event_id for name in "ABA"}

        assert len(events) == 2

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"kintsugi": 2}, "kintsugi: must be 1"),
            ({"kintsugi": None}, "kintsugi: "),
            ({"ticket_id": "0"}, "ticket_id: names no ticket"),
            ({"ticket_id": {}}, "ticket_id: not an id"),
            ({"updated_at": "now"}, "updated_at: not an RFC 3339"),
            ({"updated_at": 5}, "updated_at: "),
            ({"trigger": ""}, "trigger: "),
            ({"actor_id": [1]}, "actor_id: not an id"),
        ],
    )
    def test_a_wrong_field_is_named(self, changed: dict[str, Any], said: str) -> None:
        with pytest.raises(BadBody) as caught:
            ZENDESK.parse(request(trigger_body(**changed)))

        assert str(caught.value).startswith(said)


class TestOtherBodies:
    @pytest.mark.parametrize("body", [b"", b" \n", b"{}", {"kintsugi": 1, "ticket_id": "{{ticket.id}}"}])
    def test_a_test_delivery_is_a_sign_of_life(self, body: Any) -> None:
        event = ZENDESK.parse(request(body))

        assert (event.type, event.ticket_id, event.actor_id, event.occurred_at) == ("test", None, None, None)

    def test_two_tests_are_two_events_and_a_redelivered_one_is_not(self) -> None:
        def event_id(attempt: str) -> str:
            return ZENDESK.parse(request(b"", x_zendesk_webhook_invocation_id=attempt)).event_id

        assert event_id("A") == event_id("A") != event_id("B")

    @pytest.mark.parametrize(
        "missing",
        [{"x_zendesk_webhook_invocation_id": ""}, {"x_zendesk_webhook_invocation_id": "", webhook.TIMESTAMP: ""}],
    )
    def test_a_test_without_headers_has_an_identity_too(self, missing: dict[str, str]) -> None:
        assert ZENDESK.parse(request(b"", **missing)).event_id.startswith("test:")

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"{", "body: not JSON at line 1, column 2"),
            (b'{"id": "half', "body: not JSON"),
            (b"ticket=35", "body: not JSON at line 1, column 1"),
            (b"[]", "body: must be a JSON object, not list"),
            (b"null", "body: must be a JSON object, not NoneType"),
            (b'{"a": "caf\xe9"}', "body: not UTF-8 at byte 10"),
            (b'{"a": NaN}', "body: NaN is not JSON"),
            (b'{"a": -Infinity}', "body: -Infinity is not JSON"),
            (b'{"a":' * 100_000, "body: nested too deeply"),
            (b"[" * 100_000, "body: nested too deeply"),
            (b'{"a": ' + b"9" * 5000 + b"}", "body: holds a number that is too long"),
            (b'{"a": 1}', "id: "),
        ],
    )
    def test_a_body_that_is_no_event_says_what_is_wrong(self, body: bytes, said: str) -> None:
        with pytest.raises(BadBody) as caught:
            ZENDESK.parse(request(body))

        assert str(caught.value).startswith(said)

    def test_a_byte_order_mark_is_no_part_of_the_body(self) -> None:
        assert ZENDESK.parse(request(b"\xef\xbb\xbf{}")).type == "test"
