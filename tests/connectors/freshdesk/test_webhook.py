"""Who sent a delivery, and what it tells of."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import WebhookRequest
from connectors.errors import BadBody, BadSignature
from connectors.freshdesk import FRESHDESK, wanted, webhook
from tests.connectors.freshdesk.bodies import NOW, SECRET, delivered

RULE = {
    "kintsugi": 1,
    "ticket_id": "35",
    "triggered_event": "{status:{from:2,to:4}}",
    "modified_on": "2026-03-02T08:59:07Z",
    "actor_email": "Agent@example.com",
}


class TestVerify:
    def test_any_of_the_desks_secrets_will_do(self) -> None:
        FRESHDESK.verify(delivered(RULE), ["newer", SECRET])

    @pytest.mark.parametrize(
        ("headers", "said"),
        [
            ({}, "missing"),
            ({"x-webhook-secret": " "}, "missing"),
            ({"x-webhook-secret": "wrong"}, "not this desk's"),
            ({"x-webhook-secret": f"{SECRET}, wrong"}, "more than once"),
            ({"x-webhook-secret": SECRET, "X-Webhook-Secret": SECRET}, "more than once"),
            ({"x-webhook-secret": "sécret"}, "not this desk's"),
        ],
    )
    def test_anything_else_is_turned_away(self, headers: dict[str, str], said: str) -> None:
        request = WebhookRequest(headers=headers, body=b"{}", received_at=NOW)

        with pytest.raises(BadSignature, match=said):
            FRESHDESK.verify(request, [SECRET])

    def test_no_secret_lets_nobody_in(self) -> None:
        with pytest.raises(BadSignature, match="no webhook secret"):
            FRESHDESK.verify(delivered(RULE), ["", ""])


class TestRules:
    def test_a_rules_body_says_where_to_look(self) -> None:
        event = FRESHDESK.parse(delivered(RULE))

        assert (event.ticket_id, event.type) == ("35", "ticket.status_changed")
        assert event.occurred_at == datetime(2026, 3, 2, 8, 59, 7, tzinfo=UTC)
        assert event.actor_id == webhook.actor_by_email("agent@example.com")

    def test_who_did_it_is_told_without_the_address(self) -> None:
        assert "example" not in repr(FRESHDESK.parse(delivered(RULE)))

    def test_the_wrapped_form_is_the_same_event(self) -> None:
        plain, wrapped = delivered(RULE), delivered({"freshdesk_webhook": RULE})

        assert FRESHDESK.parse(plain) == FRESHDESK.parse(wrapped)

    def test_a_delivery_a_day_late_is_the_same_event_when_it_comes_again(self) -> None:
        again = delivered(RULE, received_at=NOW + timedelta(days=1))

        assert FRESHDESK.parse(again) == FRESHDESK.parse(delivered(RULE))

    @pytest.mark.parametrize("changed", ["ticket_id", "triggered_event", "modified_on"])
    def test_another_change_is_another_event(self, changed: str) -> None:
        other = {**RULE, changed: {"ticket_id": "36", "modified_on": "2026-03-02T08:59:08Z"}.get(changed, "{other:1}")}

        assert FRESHDESK.parse(delivered(other)).event_id != FRESHDESK.parse(delivered(RULE)).event_id

    @pytest.mark.parametrize("modified_on", ["", "2026-03-02T08:59:00Z", "yesterday", None])
    def test_without_a_time_to_the_second_no_change_is_taken_for_an_earlier_one(self, modified_on: str | None) -> None:
        body = {**RULE, "modified_on": modified_on}
        first, second = delivered(body), delivered(body, received_at=NOW + timedelta(seconds=1))

        assert FRESHDESK.parse(first).event_id != FRESHDESK.parse(second).event_id

    @pytest.mark.parametrize(
        ("triggered", "kind"),
        [
            ("{ticket_action:created}", "ticket.created"),
            ("{ticket_action:deleted}", "ticket.deleted"),
            ("{ticket_action:marked_spam}", "ticket.spam"),
            ("{ticket_action:merged}", "ticket.merged"),
            ("{note_type:private}", "message.added"),
            ("{reply_sent:sent}", "message.added"),
            ("{status:{from:Open,to:Waiting on Customer}}", "ticket.status_changed"),
            ('{"priority":{"from":1,"to":4}}', "ticket.priority_changed"),
            ("{responder_id:{from:1,to:2}}", "ticket.assigned"),
            ("{customer_feedback:-103}", "rating.received"),
            ("{cf_order:{from:,to:A}}", "ticket.field_changed"),
            ("something else", "ticket.changed"),
            ("", "ticket.changed"),
            ({"status": {"from": 2, "to": 3}}, "ticket.status_changed"),
        ],
    )
    def test_what_triggered_it_is_read_though_it_is_no_json(self, triggered: Any, kind: str) -> None:
        assert FRESHDESK.parse(delivered({**RULE, "triggered_event": triggered})).type == kind

    def test_a_body_that_a_placeholder_broke_is_still_a_reason_to_look(self) -> None:
        broken = '{"ticket_id": "35", "triggered_event": "{cf_note:{from:,to:say "hello"}}"}'

        event = FRESHDESK.parse(delivered(broken))

        assert (event.ticket_id, event.type) == ("35", "ticket.changed")
        assert FRESHDESK.parse(delivered(broken, received_at=NOW + timedelta(hours=3))) == event

    @pytest.mark.parametrize("ticket_id", [35, "35", "INC-35", "#35"])
    def test_a_ticket_is_known_by_its_number_however_it_is_shown(self, ticket_id: Any) -> None:
        assert FRESHDESK.parse(delivered({**RULE, "ticket_id": ticket_id})).ticket_id == "35"

    @pytest.mark.parametrize("body", ["", "{}", '{"ticket_id": "{{ticket.id}}", "kintsugi": 1}'])
    def test_a_test_of_the_rule_is_a_sign_of_life(self, body: str) -> None:
        event = FRESHDESK.parse(delivered(body))

        assert (event.type, event.ticket_id) == ("test", None)

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ("[]", "JSON object"),
            ('{"freshdesk_webhook": 1}', "freshdesk_webhook"),
            ('{"ticket_id": "0"}', "ticket_id"),
            ('{"subject": "Lamp"}', "ticket_id"),
            ('{"ticket_id": "35", "actor_id": {}}', "actor_id"),
            ("{nonsense", "line 1"),
            ('{"ticket_id": "", "x": "a"b"}', "line 1"),
        ],
    )
    def test_a_body_without_sense_says_what_is_wrong(self, body: str, said: str) -> None:
        with pytest.raises(BadBody, match=said):
            FRESHDESK.parse(delivered(body))

    def test_a_body_that_is_not_utf8_says_so(self) -> None:
        request = replace(delivered(""), body=b'{"id": "\xff"}')

        with pytest.raises(BadBody, match="UTF-8"):
            FRESHDESK.parse(request)

    def test_the_body_that_is_installed_is_one_we_read(self) -> None:
        filled = (
            wanted.content().replace("{{ticket.id}}", "35").replace("{{triggered_event}}", "{status:{from:2,to:4}}")
        )

        event = FRESHDESK.parse(delivered(filled))

        assert (event.ticket_id, event.type) == ("35", "ticket.status_changed")
        assert set(json.loads(wanted.content())) == set(RULE)


def app_event(name: str = "onTicketUpdate", timestamp: Any = 1772441940.25, **data: Any) -> dict[str, Any]:
    actor = {"id": 43000000002, "name": "Agent", "type": "agent"}
    return {"event": name, "timestamp": timestamp, "region": "US", "data": {"actor": actor, **data}}


def changed(**changes: Any) -> dict[str, Any]:
    return app_event(ticket={"id": 35, "updated_at": "2026-03-02T08:59:00Z", "changes": changes})


class TestAppEvents:
    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (app_event("onTicketCreate", ticket={"id": 35}), "ticket.created"),
            (app_event("onTicketDelete", ticket={"id": 35}), "ticket.purged"),
            (app_event("onConversationCreate", conversation={"id": 5, "ticket_id": 35}), "message.added"),
            (app_event("onConversationUpdate", conversation={"id": 5, "notable_id": 35}), "message.redacted"),
            (app_event("onConversationDelete", conversation={"id": 5, "ticket_id": 35}), "message.redacted"),
            (changed(status=[2, 4], tags=[[], ["x"]]), "ticket.status_changed"),
            (changed(group_id=[None, 1]), "ticket.assigned"),
            (changed(tags=[[], ["x"]]), "ticket.tags_changed"),
            (changed(deleted=[False, True]), "ticket.deleted"),
            (changed(deleted=[True, False]), "ticket.restored"),
            (changed(spam=[False, True], status=[2, 5]), "ticket.spam"),
            (changed(cf_order=["A", "B"]), "ticket.field_changed"),
            (changed(subject=["A", "B"]), "ticket.changed"),
            (changed(), "ticket.changed"),
        ],
    )
    def test_an_apps_event_tells_what_happened_and_who_did_it(self, body: dict[str, Any], kind: str) -> None:
        event = FRESHDESK.parse(delivered(body))

        assert (event.type, event.ticket_id, event.actor_id) == (kind, "35", "43000000002")

    @pytest.mark.parametrize("timestamp", [1772441940.0, 1772441940000, "1772441940000", "2026-03-02T08:59:00Z"])
    def test_its_time_is_read_in_every_form(self, timestamp: Any) -> None:
        event = FRESHDESK.parse(delivered(app_event(timestamp=timestamp, ticket={"id": 35})))

        assert event.occurred_at == datetime(2026, 3, 2, 8, 59, tzinfo=UTC)

    def test_a_rules_doing_has_no_actor(self) -> None:
        body = app_event(ticket={"id": 35})
        body["data"]["actor"] = {"id": 0, "type": "system"}

        assert FRESHDESK.parse(delivered(body)).actor_id is None

    def test_the_same_event_has_the_same_id_and_another_one_has_not(self) -> None:
        first = FRESHDESK.parse(delivered(changed(status=[2, 4])))

        assert FRESHDESK.parse(delivered(changed(status=[2, 4]), received_at=NOW + timedelta(hours=5))) == first
        assert FRESHDESK.parse(delivered(changed(priority=[2, 4]))).event_id != first.event_id

    @pytest.mark.parametrize("name", ["onScheduledEvent", "onCannedResponseCreate", "onAppInstall"])
    def test_what_is_about_no_ticket_is_about_something_else(self, name: str) -> None:
        event = FRESHDESK.parse(delivered(app_event(name)))

        assert (event.type, event.ticket_id) == ("other", None)

    @pytest.mark.parametrize(
        "data", [{}, {"ticket": {"id": None}}, {"ticket": {"id": "x"}}, {"conversation": {"id": 1}}]
    )
    def test_an_event_that_names_no_ticket_says_so(self, data: dict[str, Any]) -> None:
        with pytest.raises(BadBody, match="data"):
            FRESHDESK.parse(delivered(app_event(**data)))
