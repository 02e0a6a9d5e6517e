"""The actions that set fields, speak, give tasks, escalate and bring in vendors: what they take, say and plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from marshmallow import ValidationError

from app.protocols.actions.alert import told_line
from app.protocols.actions.base import Alert, AlertKind, Chore, Link, Lookup, Need, VendorNotice
from app.protocols.actions.draft import HEAD
from app.protocols.actions.registry import ACTIONS
from app.protocols.actions.reply import MAY_NOT_SPEAK
from app.protocols.errors import CannotPlan
from connectors.ticket import Comment, Person, TicketStatus, Write
from tests.protocols.make import RECOVERY, params, planning, summary, ticket

CHAIN = {
    "email": "lead",
    "acknowledge_minutes": 15,
    "then": [{"slack": "night shift", "acknowledge_minutes": 10}, {"webhook": "https://example.com/very/secret"}],
}


def plan(do, given, **changes):
    return ACTIONS[do].plan(params(do, given), planning(**changes))


def wrong(do, given):
    with pytest.raises(ValidationError) as caught:
        params(do, given)
    return caught.value.messages_dict


@pytest.mark.parametrize(
    ("do", "given", "line"),
    [
        ("status", {"to": "hold"}, "Set the status to on hold"),
        ("field", {"field": "360001", "value": "late"}, 'Set the field 360001 to "late"'),
        ("field", {"field": "cf_vip", "value": True}, 'Set the field cf_vip to "yes"'),
        ("draft", {"text": "We are sorry.\nYours"}, 'Draft a reply for the agent: "We are sorry."'),
        ("reply", {"text": "We have your message."}, 'Write to the customer: "We have your message."'),
        ("task", {"text": "Call them."}, "Task: Call them."),
        ("vendor_notice", {"group": "Vendors", "text": "Late."}, "Open a vendor item for group Vendors"),
        (
            "vendor_notice",
            {"email": "v@x.example", "text": "Late."},
            "Open a vendor item and tell v@x.example by e-mail",
        ),
        (
            "vendor_notice",
            {"webhook": "https://example.com/secret", "text": "Late."},
            "Open a vendor item and tell example.com by webhook",
        ),
        ("alert", {"slack": "night shift"}, "Alert the Slack channel behind night shift"),
        (
            "alert",
            CHAIN,
            "Alert the team's leads by e-mail, to be acknowledged within 15 minutes; then alert the Slack channel "
            "behind night shift; then call the webhook example.com",
        ),
    ],
)
def test_an_action_describes_itself(do, given, line):
    assert ACTIONS[do].describe(params(do, given)) == line


@pytest.mark.parametrize(
    ("do", "given"),
    [
        ("status", {"to": "open"}),
        ("field", {"field": "360001", "value": 5}),
        ("field", {"field": "360001", "value": False}),
        ("reply", {"text": "Dear {{ customer | customer }}, ..."}),
        ("alert", {"subject": "s", "text": "t", "webhook": None, "slack": None, **CHAIN}),
    ],
)
def test_what_was_read_is_written_the_same(do, given):
    schema = ACTIONS[do].schema()

    dumped = schema.dump(schema.load(given))

    assert schema.load(dumped) == schema.load(given)
    assert {name: dumped[name] for name in given if name != "then"} == {k: v for k, v in given.items() if k != "then"}


class TestStatus:
    def test_it_is_set_and_left_where_it_is_that_already(self):
        assert plan("status", {"to": "pending"}) == Write(status=TicketStatus.PENDING)
        assert plan("status", {"to": "open"}).empty

    @pytest.mark.parametrize("to", ["solved", "closed", "new", "deleted", 3, None])
    def test_a_protocol_ends_no_ticket(self, to):
        assert wrong("status", {"to": to})["to"]


class TestField:
    def test_it_is_set_where_it_differs(self):
        known = ticket(custom_fields={"360001": "early"})

        assert plan("field", {"field": "360001", "value": "late"}, ticket=known) == Write(
            custom_fields={"360001": "late"}
        )
        assert plan("field", {"field": "360001", "value": "early"}, ticket=known).empty

    def test_one_that_the_ticket_does_not_have_cannot_be_planned(self):
        with pytest.raises(CannotPlan, match='the ticket has no field "360001"'):
            plan("field", {"field": "360001", "value": "late"})

    @pytest.mark.parametrize("value", [None, [], {}, "", " ", "a\nb", "x" * 501, float("nan"), float("inf")])
    def test_what_is_no_value_is_refused(self, value):
        assert list(wrong("field", {"field": "360001", "value": value})) == ["value"]

    def test_it_shows_on_a_ticket_read_back(self):
        known = ticket(custom_fields={"360001": None})
        given = params("field", {"field": "360001", "value": 5})
        kind, before = ACTIONS["field"], planning(ticket=known)

        assert kind.holds(given, before, replace(known, custom_fields={"360001": 5}))
        assert not kind.holds(given, before, known)


@pytest.mark.capability("ACT-09")
class TestWordsForCustomers:
    def test_a_draft_is_private_and_says_so(self):
        write = plan("draft", {"text": "Dear {{ customer | customer }}, we are sorry."})

        assert write == Write(comment=Comment(text=f"{HEAD}\n\nDear Ann Example, we are sorry.", public=False))

    def test_a_reply_is_public_where_automation_may_speak(self):
        write = plan("reply", {"text": "Dear {{ customer | customer }}."}, may_speak=True)

        assert write == Write(comment=Comment(text="Dear Ann Example.", public=True))

    def test_a_reply_is_not_planned_by_default(self):
        with pytest.raises(CannotPlan, match=MAY_NOT_SPEAK):
            plan("reply", {"text": "Hello."})

    @pytest.mark.parametrize("name", ["", "unknown", "Customer 4711", "ann@example.com", "+49 30 0000000"])
    def test_what_is_no_name_is_never_said(self, name):
        nobody = ticket(requester=Person(id="900", name=name))

        write = plan("reply", {"text": "Dear {{ customer | customer }}."}, ticket=nobody, may_speak=True)

        assert write.comment.text == "Dear customer."
        with pytest.raises(CannotPlan, match='needs "customer"'):
            plan("reply", {"text": "Hi {{ customer }}."}, ticket=nobody, may_speak=True)

    @pytest.mark.parametrize("do", ["draft", "reply"])
    @pytest.mark.parametrize(
        "inner", ["score", "reasons", "case_url", "ticket_url", "protocol", "previous_group", "state"]
    )
    def test_what_is_for_colleagues_stays_with_them(self, do, inner):
        (message,) = wrong(do, {"text": f"Hello {{{{ {inner} | you }}}}"})["text"]

        assert message.startswith(
            f'must not use the placeholder "{inner}", which is for colleagues; there are ticket_id'
        )

    @pytest.mark.parametrize("text", ["Hi {{name}}", "{% if x %}", "{{ customer", "", "x" * 4001])
    def test_code_and_unknown_placeholders_are_refused(self, text):
        assert list(wrong("reply", {"text": text})) == ["text"]

    def test_a_name_with_braces_becomes_no_placeholder(self):
        sly = ticket(requester=Person(id="900", name="Ann"))

        write = plan(
            "reply",
            {"text": "About {{ vendor | it }}."},
            ticket=sly,
            case=summary(vendor="{{ticket.id}}"),
            may_speak=True,
        )

        assert "{{" not in write.comment.text


def test_a_task_says_what_is_to_be_done():
    assert plan("task", {"text": "Call {{ customer | them }}."}) == Chore(text="Call Ann Example.")


class TestChains:
    def test_everybody_is_told_in_order(self):
        alert = plan("alert", CHAIN)

        assert isinstance(alert, Alert)
        assert alert.links == (
            Link(kind=AlertKind.EMAIL, target="lead", acknowledge_minutes=15),
            Link(kind=AlertKind.SLACK, target="night shift", acknowledge_minutes=10),
            Link(kind=AlertKind.WEBHOOK, target="https://example.com/very/secret"),
        )

    def test_an_alert_without_a_chain_waits_for_nobody(self):
        alert = plan("alert", {"email": "lead"})

        assert (alert.acknowledge_minutes, alert.then) == (None, ())

    @pytest.mark.parametrize(
        ("given", "path"),
        [
            ({"email": "lead", "slack": "shift"}, ["slack"]),
            ({"slack": "http://example.com/x"}, ["slack"]),
            ({"email": "lead", "acknowledge_minutes": 0}, ["acknowledge_minutes"]),
            ({"email": "lead", "acknowledge_minutes": "15"}, ["acknowledge_minutes"]),
            ({"email": "lead", "acknowledge_minutes": 10_081}, ["acknowledge_minutes"]),
            ({"email": "lead", "then": [{"email": "a@example.com"}]}, ["acknowledge_minutes"]),
            (
                {**CHAIN, "then": [{"email": "a@example.com"}, {"email": "b@example.com"}]},
                ["then", 0, "acknowledge_minutes"],
            ),
            ({**CHAIN, "then": [{}]}, ["then", 0, "email"]),
            ({**CHAIN, "then": [{"email": "nobody"}]}, ["then", 0, "email"]),
            ({**CHAIN, "then": [{"email": "lead", "text": "again"}]}, ["then", 0, "text"]),
            ({**CHAIN, "then": [{"email": "lead", "acknowledge_minutes": 1}] * 10}, ["then"]),
            ({}, ["email"]),
        ],
    )
    def test_a_chain_that_is_wrong_is_named_where_it_is(self, given, path):
        found = wrong("alert", given)

        for part in path:
            found = found[part]
        assert all(isinstance(message, str) for message in found)

    def test_a_webhooks_path_is_shown_to_nobody(self):
        assert told_line(params("alert", {"slack": "https://hooks.example.com/T0/secret"})) == (
            "Alert the Slack channel behind hooks.example.com"
        )


@pytest.mark.capability("TEA-07")
class TestVendorNotices:
    def test_a_group_gets_a_ticket(self):
        notice = plan(
            "vendor_notice",
            {"group": "recovery", "text": "Late: {{ vendor | nobody knows }}"},
            case=summary(vendor="Lamp works"),
        )

        assert notice == VendorNotice(
            subject="Lamp works: what went wrong on ticket 7",
            text="Late: Lamp works",
            vendor="Lamp works",
            group_id=RECOVERY.id,
        )

    def test_somebody_outside_gets_words(self):
        notice = plan("vendor_notice", {"webhook": "vendors", "text": "Late."})

        assert (notice.group_id, notice.alert.kind, notice.alert.target) == (None, AlertKind.WEBHOOK, "vendors")
        assert (notice.alert.payload["event"], notice.alert.payload["text"]) == ("vendor_item_opened", "Late.")

    def test_it_looks_the_group_up_and_nothing_else(self):
        kind = ACTIONS["vendor_notice"]

        assert kind.needs(params("vendor_notice", {"group": "Vendors", "text": "x"}), None) == (
            Lookup(need=Need.GROUPS, name="Vendors"),
        )
        assert kind.needs(params("vendor_notice", {"email": "v@example.com", "text": "x"}), None) == ()

    @pytest.mark.parametrize(
        ("given", "path"),
        [
            ({"text": "x"}, "group"),
            ({"group": "A", "email": "v@example.com", "text": "x"}, "email"),
            ({"email": "lead", "text": "x"}, "email"),
            ({"webhook": "http://example.com", "text": "x"}, "webhook"),
            ({"group": "A"}, "text"),
        ],
    )
    def test_what_is_wrong_is_named_at_its_field(self, given, path):
        assert list(wrong("vendor_notice", given)) == [path]
