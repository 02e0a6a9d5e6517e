"""The packs for a trade: sound by themselves, with every cause in one protocol's hands, and right on their examples."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from app.protocols.actions.base import Chore, VendorNotice
from app.protocols.actions.registry import kind_of
from app.protocols.document import read_document, write_document
from app.protocols.examples import Example, read_examples, try_examples
from app.protocols.lint import DeskNames, lint
from app.protocols.linting import phrases
from app.protocols.linting.finding import texts_of
from app.protocols.packs import UnknownPack, load_examples, load_pack, pack_names
from app.protocols.protocol import ANY_CAUSE, CloseNeeds, Owner, RecoveryProtocol, ReturnTo
from app.words import Cause
from connectors.ticket import Group, Person, Write
from tests.protocols.make import NOW, RECOVERY, SUPPORT, planning, summary

TRADES = ("financial", "healthcare", "marketplace", "retail", "subscription", "telecom")

GROUPS = (SUPPORT, RECOVERY, Group(id="30", name="Retention"), Group(id="40", name="Vendors"))
DESK = DeskNames(groups=frozenset(group.name for group in GROUPS), macros=frozenset())


@functools.cache
def pack(name: str) -> list[RecoveryProtocol]:
    return [read_document(text) for text in load_pack(name)]


@functools.cache
def examples(name: str) -> tuple[Example, ...]:
    return read_examples(load_examples(name))


def test_all_six_are_shipped():
    assert set(TRADES) | {"default", "retention"} == set(pack_names())


@pytest.mark.capability("CRI-06")
@pytest.mark.parametrize("name", TRADES)
def test_a_pack_lints_clean_and_writes_back_equal(name):
    protocols = pack(name)

    assert lint(protocols, DESK) == []
    assert [read_document(write_document(one)) for one in protocols] == protocols


@pytest.mark.capability("CRI-06")
@pytest.mark.parametrize("name", TRADES)
def test_a_pack_passes_its_own_example_tickets(name):
    tried = try_examples(pack(name), examples(name), NOW)

    assert [(one.example.about, one.opened, one.why) for one in tried if not one.ok] == []


@pytest.mark.parametrize("name", TRADES)
def test_every_protocol_has_an_example_and_some_open_nothing(name):
    expected = {one.opens for one in examples(name)}

    assert expected == {one.name for one in pack(name)} | {None}


@pytest.mark.capability("PRO-01")
@pytest.mark.parametrize("name", TRADES)
def test_every_cause_is_in_the_hands_of_exactly_one_protocol(name):
    protocols = pack(name)

    default = [one.name for one in protocols if one.is_default]
    owners = {cause: [one.name for one in protocols if one.cause == cause] or default for cause in Cause}
    assert {cause: len(names) for cause, names in owners.items()} == dict.fromkeys(Cause, 1)


@pytest.mark.capability("TEA-10")
@pytest.mark.parametrize("name", TRADES)
def test_whatever_the_cause_an_unhappy_customer_gets_a_case(name):
    unhappy = {"state": "poor_worsening", "level": "poor", "direction": "worsening", "status": "open"}
    tickets = [Example(about=cause, facts=unhappy | {"cause": cause}, opens=None) for cause in Cause]

    assert [one.example.about for one in try_examples(pack(name), tickets, NOW) if one.opened is None] == []


@pytest.mark.capability("PRO-04")
@pytest.mark.parametrize("name", TRADES)
def test_every_protocol_gives_people_steps_with_owner_deadline_and_done_check(name):
    for protocol in pack(name):
        tasks = [action for action in protocol.actions if action.do == "task"]
        assert tasks
        assert all(isinstance(task.owner, Owner) and task.within_hours and task.done_when for task in tasks)
        assert protocol.targets.first_touch_minutes
        assert protocol.targets.recovery_hours
        assert protocol.targets.first_touch_minutes <= protocol.targets.recovery_hours * 60


@pytest.mark.capability("PRO-08")
@pytest.mark.parametrize("name", TRADES)
def test_every_draft_says_what_went_wrong_before_anything_else_and_apologies_are_capped(name):
    drafting = [one for one in pack(name) if any(action.do == "draft" for action in one.actions)]

    assert drafting
    for protocol in drafting:
        for _, _, text in texts_of(protocol, "draft"):
            sorry, fix = phrases.ACKNOWLEDGED.search(text), phrases.SOLUTION.search(text)
            assert sorry is not None
            assert fix is None or sorry.start() < fix.start()
        assert protocol.guardrails.max_apologies


@pytest.mark.parametrize("name", TRADES)
def test_no_automation_speaks_and_no_text_makes_an_offer(name):
    for protocol in pack(name):
        assert not protocol.guardrails.automation_may_speak
        assert not [text for _, action, text in texts_of(protocol, "draft") if phrases.OFFER.search(text)]


@pytest.mark.parametrize("name", TRADES)
def test_every_case_asks_again_returns_the_ticket_and_closes_with_a_confirmation_or_a_reason(name):
    for protocol in pack(name):
        assert protocol.resurvey is not None
        assert protocol.follow_up.return_to is ReturnTo.PREVIOUS
        assert protocol.follow_up.close_needs is CloseNeeds.CONFIRMATION_OR_REASON


@pytest.mark.capability("CRI-06")
@pytest.mark.parametrize("name", TRADES)
@pytest.mark.parametrize(
    "case", [summary(), summary(score=None, state=None, reasons=(), url="", ticket_url="", previous_group="")]
)
def test_every_step_can_be_planned_on_a_desk_without_stored_teams(name, case):
    for protocol in pack(name):
        plans = [planned(action, protocol, case) for _, action in protocol.steps]

        comments = [plan.comment for plan in plans if isinstance(plan, Write) and plan.comment]
        assert comments
        assert not any(comment.public or "{{" in comment.text for comment in comments)
        assert any(isinstance(plan, Chore) for plan in plans)


def planned(action: Any, protocol: RecoveryProtocol, case: Any) -> Any:
    members = {group.id: (Person(id="31", name="Agent One", is_staff=True),) for group in GROUPS}
    scene = planning(case=case, team=protocol.team, groups=GROUPS, members=members)
    return kind_of(action).plan(action.params, scene)


@pytest.mark.capability("TEA-07")
def test_the_marketplace_tells_those_who_deal_with_vendors_about_goods():
    told = {
        one.cause
        for one in pack("marketplace")
        for _, action in one.steps
        if isinstance(planned(action, one, summary(vendor="Example Vendor")), VendorNotice)
    }

    assert told == {Cause.SHIPPING_DELAY, Cause.WRONG_ITEM, Cause.DAMAGED_ITEM, Cause.PRODUCT_FAULT}


@pytest.mark.capability("TEA-06")
@pytest.mark.parametrize("name", ["subscription", "telecom"])
def test_who_may_leave_goes_to_a_queue_of_their_own_before_the_cause_is_asked_for(name):
    leaving = next(one for one in pack(name) if one.name == "About to leave")

    assert (leaving.team, leaving.cause) == ("Retention", ANY_CAUSE)
    assert [one.cause for one in pack(name)[: pack(name).index(leaving)]] == [ANY_CAUSE]


@pytest.mark.parametrize("name", ["nothing", "../examples/retail", "default"])
def test_examples_that_are_not_shipped_are_refused(name):
    with pytest.raises(UnknownPack):
        load_examples(name)
