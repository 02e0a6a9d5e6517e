"""What a Freshdesk account tells: rules with their webhook, the app's events, and how deliveries are tried again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.sandbox import Sandbox
from connectors.sandbox.freshdesk.vendor import FRESHDESK
from connectors.sandbox.patience import Patience, Verdict
from tests.connectors.sandbox.freshdesk.parts import Api
from tests.connectors.sandbox.parts import Play, Receiver, wait_until

CONTENT = '{"ticket_id": "{{ticket.id}}", "event": "{{triggered_event}}", "by": "{{event_performer.email}}"}'


def rule(url: str, *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    action = {
        "field_name": "trigger_webhook",
        "request_type": "POST",
        "url": url,
        "content_type": "JSON",
        "content_layout": "2",
        "content": CONTENT,
        "custom_headers": {"X-Webhook-Secret": "planted"},
    }
    return {"name": "Tell us", "actions": [action], **({"events": list(events)} if events else {}), **more}


def bodies(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in receiver.wait_for(count)]


class TestRules:
    def test_a_rule_on_creation_tells_of_a_new_ticket_with_its_secret(
        self, api: Api, play: Play, receiver: Receiver
    ) -> None:
        made = api("POST", "automations/1/rules", **rule(receiver.url))
        ticket_id = play.ticket()

        (request,) = receiver.wait_for(1)

        assert (made.status_code, request.headers["X-Webhook-Secret"]) == (201, "planted")
        assert json.loads(request.body) == {
            "ticket_id": str(ticket_id),
            "event": "{ticket_action:created}",
            "by": "customer@example.com",
        }

    @pytest.mark.parametrize(
        ("event", "act", "told"),
        [
            ("status", ("update", {"status": "solved"}), "{status:{from:2,to:4}}"),
            ("priority", ("update", {"priority": "urgent"}), "{priority:{from:1,to:4}}"),
            ("reply_sent", ("comments", {"text": "More"}), "{reply_sent:sent}"),
            ("note_type", ("comments", {"text": "Psst", "as": "agent", "public": False}), "{note_type:private}"),
            ("customer_feedback", ("rating", {"score": 1}), "{customer_feedback:-103}"),
            ("ticket_action", ("delete", {}), "{ticket_action:delete}"),
            ("ticket_action", ("spam", {}), "{ticket_action:marked_spam}"),
        ],
    )
    def test_a_rule_on_updates_tells_of_the_events_it_names(
        self, api: Api, play: Play, receiver: Receiver, event: str, act: tuple[str, dict[str, Any]], told: str
    ) -> None:
        ticket_id = play.ticket()
        api("POST", "automations/4/rules", **rule(receiver.url, {"field_name": event, "value": "--"}))

        path, said = act
        play(f"tickets/{ticket_id}/{path}", **said)

        assert [body["event"] for body in bodies(receiver, 1)] == [told]

    def test_only_the_first_of_several_changes_is_told(self, api: Api, play: Play, receiver: Receiver) -> None:
        ticket_id = play.ticket()
        events = [{"field_name": name, "from": "--", "to": "--"} for name in ("priority", "status")]
        api("POST", "automations/4/rules", **rule(receiver.url, *events))

        play(f"tickets/{ticket_id}/update", status="solved", priority="urgent")
        bodies(receiver, 1)  # two under way at once may arrive in either order
        play(f"tickets/{ticket_id}/update", priority="low")

        assert [body["event"] for body in bodies(receiver, 2)] == [
            "{status:{from:2,to:4}}", "{priority:{from:4,to:1}}",
        ]  # fmt: skip

    def test_a_rule_can_ask_for_values_and_for_who_did_it(self, api: Api, play: Play, receiver: Receiver) -> None:
        ticket_id = play.ticket()
        wanted = {"field_name": "status", "from": "--", "to": 4}
        api("POST", "automations/4/rules", **rule(receiver.url, wanted, performer={"type": 1}))

        play(f"tickets/{ticket_id}/update", status="pending")
        play(f"tickets/{ticket_id}/update", status="solved")
        play(f"tickets/{ticket_id}/comments", text="Still broken")  # opens it again, by the customer
        play(f"tickets/{ticket_id}/update", status="solved")

        assert {body["event"] for body in bodies(receiver, 2)} == {"{status:{from:3,to:4}}", "{status:{from:2,to:4}}"}

    def test_what_we_write_is_told_as_the_agents_of_our_key(
        self, api: Api, play: Play, receiver: Receiver, sandbox: Sandbox
    ) -> None:
        ticket_id = play.ticket()
        api("POST", "automations/4/rules", **rule(receiver.url, {"field_name": "note_type", "value": "--"}))

        api("POST", f"tickets/{ticket_id}/notes", body="Ours")

        assert bodies(receiver, 1)[0]["by"] == sandbox.account.email

    def test_peoples_words_break_the_json_around_them(self, api: Api, play: Play, receiver: Receiver) -> None:
        body = rule(receiver.url)
        body["actions"][0]["content"] = '{"subject": "{{ticket.subject}}"}'
        api("POST", "automations/1/rules", **body)

        play.ticket(subject='the "lamp"')

        with pytest.raises(ValueError, match="delimiter"):
            json.loads(receiver.wait_for(1)[0].body)

    def test_rules_are_listed_changed_switched_off_and_taken_away(
        self, api: Api, play: Play, receiver: Receiver
    ) -> None:
        made = api("POST", "automations/1/rules", **rule("http://127.0.0.1:1/")).json()
        changed = api("PUT", f"automations/1/rules/{made['id']}", **rule(receiver.url)).json()
        play.ticket()
        receiver.wait_for(1)
        off = api("PUT", f"automations/1/rules/{made['id']}", active=False).json()
        play.ticket()
        gone = api("DELETE", f"automations/1/rules/{made['id']}").status_code

        assert (changed["actions"][0]["url"], off["active"], gone) == (receiver.url, False, 204)
        assert api.read("automations/1/rules") == api.read("automations/4/rules") == []
        assert len(receiver.requests) == 1

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"name": ""}, "name"),
            ({"actions": [{"field_name": "status", "value": 4}]}, "actions"),
            ({"actions": []}, "actions"),
            ({"events": [{"field_name": "weather"}]}, "events"),
            ({"conditions": [{"properties": []}]}, "conditions"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_a_rule_that_could_not_be_performed_is_refused(self, api: Api, change: dict[str, Any], field: str) -> None:
        found = api.wrong("POST", "automations/4/rules", **{**rule("http://127.0.0.1:1/"), **change})

        assert [name for name, _ in found] == [field]


class TestAppEvents:
    def test_a_new_ticket_comes_whole_with_its_actor(self, play: Play, hooked: Receiver, sandbox: Sandbox) -> None:
        ticket_id = play.ticket()

        (request,) = hooked.wait_for(1)

        event = json.loads(request.body)
        assert request.headers["X-Webhook-Secret"] == sandbox.account.webhook_secret
        assert (event["event"], event["data"]["ticket"]["id"], event["domain"]) == (
            "onTicketCreate", ticket_id, "sandbox.freshdesk.com",
        )  # fmt: skip
        assert (event["data"]["actor"]["type"], event["data"]["requester"]["email"]) == (
            "contact", "customer@example.com",
        )  # fmt: skip

    def test_all_changes_of_one_update_come_as_one_event(
        self, api: Api, play: Play, hooked: Receiver, sandbox: Sandbox
    ) -> None:
        ticket_id = play.ticket(tags=["a"])
        hooked.wait_for(1)
        group = sandbox.account.group_ids["Recovery"]

        fields = {"cf_order_number": "A-1"}
        api("PUT", f"tickets/{ticket_id}", status=3, tags=["b"], group_id=group, custom_fields=fields)

        event = bodies(hooked, 2)[1]
        assert event["data"]["ticket"]["changes"] == {
            "status": [2, 3], "group_id": [None, group], "tags": [["a"], ["b"]], "cf_order_number": [None, "A-1"],
        }  # fmt: skip
        assert event["data"]["actor"]["id"] == sandbox.account.integration_id

    def test_words_are_an_event_of_their_own(self, play: Play, hooked: Receiver) -> None:
        ticket_id = play.ticket()
        play(f"tickets/{ticket_id}/comments", text="Hello?")

        event = next(one for one in bodies(hooked, 2) if one["event"] == "onConversationCreate")

        said = event["data"]["conversation"]
        assert (said["ticket_id"], said["body_text"], said["incoming"]) == (ticket_id, "Hello?", True)

    @pytest.mark.parametrize(("end", "flag"), [("delete", "deleted"), ("spam", "spam")])
    def test_an_end_and_its_undoing_are_flags_that_change(
        self, play: Play, hooked: Receiver, end: str, flag: str
    ) -> None:
        ticket_id = play.ticket()
        play(f"tickets/{ticket_id}/{end}")
        play(f"tickets/{ticket_id}/restore")

        changes = [one["data"]["ticket"].get("changes") for one in bodies(hooked, 3)]

        assert sorted(map(str, changes)) == sorted(map(str, [None, {flag: [False, True]}, {flag: [True, False]}]))

    def test_a_rating_comes_by_a_rule_since_no_event_tells_of_it(self, play: Play, hooked: Receiver) -> None:
        ticket_id = play.ticket()
        play(f"tickets/{ticket_id}/rating", score=2)

        rating = next(one for one in bodies(hooked, 2) if "event" not in one)

        assert (rating["ticket_id"], rating["triggered_event"]) == (str(ticket_id), "{customer_feedback:-102}")

    def test_connecting_again_moves_everything(self, play: Play, hooked: Receiver, sandbox: Sandbox) -> None:
        sandbox.connect(endpoint=f"{hooked.url}/moved")
        ticket_id = play.ticket()
        play(f"tickets/{ticket_id}/rating", score=2)

        hooked.wait_for(2)

        wait_until(lambda: play.read("outbox")["pending"] == 0)
        assert play.read("outbox") == {"pending": 0, "failed": 0, "delivered": 2}


class TestDelivery:
    @pytest.mark.parametrize(
        ("number", "status", "verdict"),
        [
            (1, 204, Verdict(status="success", delivered=True)),
            (1, 500, Verdict(status="failed", wait=1800.0)),
            (1, 404, Verdict(status="failed", wait=1800.0)),
            (48, None, Verdict(status="failed", wait=1800.0)),
            (49, None, Verdict(status="failed")),
        ],
    )
    def test_everything_outside_2xx_is_tried_again_every_half_hour(
        self, number: int, status: int | None, verdict: Verdict
    ) -> None:
        assert FRESHDESK.judged(Patience(), number=number, status=status, retry_after="1") == verdict

    def test_a_failed_delivery_comes_again_and_does_not_hold_up_the_next(self, play: Play, hooked: Receiver) -> None:
        hooked.answers = [(500, {})]
        first, second = play.ticket("one"), play.ticket("two")

        told = [one["data"]["ticket"]["id"] for one in bodies(hooked, 3)]

        assert sorted(told) == sorted([first, first, second]) or sorted(told) == sorted([first, second, second])

    def test_an_endpoint_that_always_fails_is_given_up(self, play: Play, hooked: Receiver) -> None:
        hooked.answers = [(500, {})] * 9
        play.ticket()

        wait_until(lambda: play.read("outbox")["failed"] == 1)

        assert len(hooked.requests) == 4


class TestQuota:
    @pytest.fixture
    def patience(self) -> Patience:
        return Patience(timeout=0.3, again=0.05, hourly=2, hour=0.6)

    def test_calls_above_the_hours_limit_wait_for_the_next_hour(self, api: Api, play: Play, receiver: Receiver) -> None:
        api("POST", "automations/1/rules", **rule(receiver.url))
        for _ in range(3):
            play.ticket()

        requests = receiver.wait_for(3)

        assert requests[2].at - requests[0].at > 0.4

    def test_the_apps_own_calls_do_not_count(self, play: Play, hooked: Receiver) -> None:
        for _ in range(4):
            play.ticket()

        requests = hooked.wait_for(4)

        assert requests[3].at - requests[0].at < 0.5


class TestOverdue:
    @pytest.fixture
    def patience(self) -> Patience:
        return Patience(timeout=0.3, hourly=0, hour=0.05, longest_wait=0.2)

    def test_a_call_that_waited_too_long_is_dropped(self, api: Api, play: Play, receiver: Receiver) -> None:
        api("POST", "automations/1/rules", **rule(receiver.url))
        play.ticket()

        wait_until(lambda: play.read("outbox")["failed"] == 1)

        assert receiver.requests == []
