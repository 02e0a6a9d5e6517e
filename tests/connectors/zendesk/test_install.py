"""Making what we need in the sandbox's account, finding it again, mending it, and taking away what is still ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from connectors.base import Connector, Line, WebhookRequest
from connectors.errors import Refused
from connectors.installing import Change, Doing, Made, Thing, Wanted
from connectors.sandbox import Sandbox
from connectors.ticket import Comment, Write
from connectors.zendesk import ZENDESK
from tests.connectors.sandbox.parts import receiving

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WANTED = Wanted(
    endpoint="http://127.0.0.1:9/hooks/key-of-the-desk",
    secret="of no use here",
    marker="kintsugi:0a1b2c3d",
    state_tags={"sat_poor_worsening": "Poor, worsening", "sat_good_improving": "Good, improving"},
    open_tag="recovery_open",
    worst_tag="sat_poor_worsening",
    fields={"score": "Satisfaction score", "state": "Satisfaction state", "cause": "Satisfaction cause"},
    views={"sat_poor_worsening": "Poor and worsening", "recovery_open": "Recovery queue"},
    macros={
        "Recovery: say sorry": Write(comment=Comment(text="We are sorry.", public=True), add_tags=frozenset({"sorry"}))
    },
)
BY_RULE = replace(WANTED, by_rule=True)
#: Path and member of every sort of thing that an installation touches.
LISTS = ("webhooks", "triggers", "ticket_fields", "views", "macros")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    running = Sandbox(file=tmp_path_factory.mktemp("install") / "sandbox.sqlite", now=lambda: NOW, smtp_port=None)
    running.start()
    requests.post(f"{running.url}/sandbox/limits", json={"unlimited": True}, timeout=5)
    yield running
    running.stop()


@pytest.fixture
def desk(sandbox: Sandbox) -> Iterator[Connector]:
    account = sandbox.account
    opened = ZENDESK.open(
        subdomain=account.subdomain,
        base_url=sandbox.url,
        credentials={"email": account.email, "api_token": account.api_token},
        line=Line(now=lambda: NOW),
    )
    yield opened
    for wanted in (WANTED, BY_RULE):
        try:
            known = [change.made for change in opened.installer(wanted).plan([]) if change.made]
        except Refused:
            continue
        for made in reversed(known):
            opened.installer(wanted).remove(made)
    opened.close()


def call(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(
        method,
        f"{sandbox.url}/api/v2/{path}",
        json=body,
        headers={"Authorization": f"Bearer {sandbox.account.oauth_token}"},
        timeout=5,
    )
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def account(sandbox: Sandbox) -> dict[str, Any]:
    return {name: call(sandbox, "GET", f"{name}?page[size]=100")[name] for name in LISTS}


def install(desk: Connector, known: Sequence[Made] = (), wanted: Wanted = WANTED) -> list[Made]:
    installer = desk.installer(wanted)
    return [installer.apply(change) for change in installer.plan(known)]


def doing(changes: Sequence[Change]) -> set[Doing]:
    return {change.doing for change in changes}


def test_a_plan_changes_nothing(sandbox: Sandbox, desk: Connector) -> None:
    before = account(sandbox)

    changes = desk.installer(WANTED).plan([])

    assert doing(changes) == {Doing.MAKE}
    assert [change.thing for change in changes] == [
        Thing.WEBHOOK,
        *[Thing.FIELD] * 3,
        *[Thing.VIEW] * 2,
        Thing.MACRO,
    ]
    assert account(sandbox) == before


def test_what_is_installed_is_there_and_tells_its_secret(sandbox: Sandbox, desk: Connector) -> None:
    made = install(desk)

    found = account(sandbox)
    webhook = next(one for one in found["webhooks"] if one["id"] == made[0].id)
    assert (webhook["endpoint"], webhook["status"]) == (WANTED.endpoint, "active")
    assert "zen:event-type:ticket.next_sla_breach_changed" in webhook["subscriptions"]
    secret = call(sandbox, "GET", f"webhooks/{made[0].id}/signing_secret")["signing_secret"]["secret"]
    assert made[0].secret == secret
    assert secret not in repr(made)
    titles = {one["title"] for name in LISTS[1:] for one in found[name]}
    assert titles >= {"Satisfaction score", "Recovery queue", "Poor and worsening", "Recovery: say sorry"}
    assert {one["title"]: one["type"] for one in found["ticket_fields"]}["Satisfaction score"] == "integer"


def test_a_second_installation_makes_nothing_twice(sandbox: Sandbox, desk: Connector) -> None:
    made = install(desk)
    after_first = account(sandbox)

    changes = desk.installer(WANTED).plan(made)
    again = install(desk, made)

    assert doing(changes) == {Doing.KEEP}
    assert again == made
    assert account(sandbox) == after_first


def test_without_our_own_record_things_are_found_by_their_marker(sandbox: Sandbox, desk: Connector) -> None:
    made = install(desk)
    after_first = account(sandbox)

    again = install(desk)

    assert again == made
    assert account(sandbox) == after_first


def test_another_desks_things_are_not_taken_for_ours(desk: Connector) -> None:
    install(desk)

    changes = desk.installer(replace(WANTED, marker="kintsugi:ffffffff")).plan([])

    assert doing(changes) == {Doing.MAKE}


def test_a_thing_that_somebody_deleted_is_made_again(sandbox: Sandbox, desk: Connector) -> None:
    made = install(desk)
    view = next(one for one in made if one.thing is Thing.VIEW)
    call(sandbox, "DELETE", f"views/{view.id}")

    changes = desk.installer(WANTED).plan(made)

    assert [change.key for change in changes if change.doing is Doing.MAKE] == [view.key]


def test_a_webhook_that_calls_elsewhere_is_mended(sandbox: Sandbox, desk: Connector) -> None:
    made = install(desk)
    call(sandbox, "PATCH", f"webhooks/{made[0].id}", {"webhook": {"status": "inactive"}})
    moved = replace(WANTED, endpoint="http://127.0.0.1:9/hooks/moved")

    changes = desk.installer(moved).plan(made)
    again = install(desk, made, moved)

    assert [change.thing for change in changes if change.doing is Doing.MEND] == [Thing.WEBHOOK]
    assert again[0].id == made[0].id
    mended = call(sandbox, "GET", f"webhooks/{made[0].id}")["webhook"]
    assert (mended["endpoint"], mended["status"]) == (moved.endpoint, "active")


def test_an_account_is_left_as_it_was_found(sandbox: Sandbox, desk: Connector) -> None:
    before = account(sandbox)
    made = install(desk)

    notes = [desk.installer(WANTED).remove(one) for one in reversed(made)]

    assert set(notes) == {""}
    assert account(sandbox) == before


def test_rules_and_their_webhook_are_taken_away_in_order(sandbox: Sandbox, desk: Connector) -> None:
    before = account(sandbox)
    made = install(desk, wanted=BY_RULE)
    rules = [one for one in account(sandbox)["triggers"] if one["title"].startswith("Kintsugi:")]

    early = desk.installer(BY_RULE).remove(made[0])
    notes = [desk.installer(BY_RULE).remove(one) for one in reversed(made)]

    assert len(rules) == 3
    assert all(rule["actions"][0]["value"][0] == made[0].id for rule in rules)
    assert "400" in early  # triggers still call it
    assert set(notes) == {""}
    assert account(sandbox) == before


def test_a_rule_tells_of_ids_only(sandbox: Sandbox, desk: Connector) -> None:
    made = install(desk, wanted=BY_RULE)
    changed = next(one for one in made if one.key == "changed")

    body = call(sandbox, "GET", f"triggers/{changed.id}")["trigger"]["actions"][0]["value"][1]

    assert "{{ticket.id}}" in body
    assert "comment" not in body


def test_a_rule_that_was_switched_off_is_mended(sandbox: Sandbox, desk: Connector) -> None:
    made = install(desk, wanted=BY_RULE)
    rule = next(one for one in made if one.thing is Thing.RULE)
    call(sandbox, "PUT", f"triggers/{rule.id}", {"trigger": {"active": False}})

    again = install(desk, made, BY_RULE)

    assert [one.id for one in again] == [one.id for one in made]
    assert call(sandbox, "GET", f"triggers/{rule.id}")["trigger"]["active"] is True


def test_how_a_webhook_is_connected_cannot_be_changed(desk: Connector) -> None:
    made = install(desk)

    with pytest.raises(Refused, match="connected to events, not triggers"):
        desk.installer(BY_RULE).plan(made)


def test_what_somebody_changed_stays_with_a_note(sandbox: Sandbox, desk: Connector) -> None:
    made = install(desk)
    macro = next(one for one in made if one.thing is Thing.MACRO)
    call(sandbox, "PUT", f"macros/{macro.id}", {"macro": {"title": "Our own words now"}})
    again = install(desk, made)

    note = desk.installer(WANTED).remove(next(one for one in again if one.thing is Thing.MACRO))

    assert note == "somebody has changed it since it was made, so it stays"
    assert call(sandbox, "GET", f"macros/{macro.id}")["macro"]["title"] == "Our own words now"
    call(sandbox, "DELETE", f"macros/{macro.id}")


def test_what_is_gone_already_needs_no_taking_away(sandbox: Sandbox, desk: Connector) -> None:
    made = install(desk)
    for one in reversed(made):
        desk.installer(WANTED).remove(one)

    assert {desk.installer(WANTED).remove(one) for one in made} == {""}


def test_an_account_without_ticket_events_is_told_of_the_other_way(sandbox: Sandbox, desk: Connector) -> None:
    fault = {"fault": "status", "status": 403, "method": "POST", "path_prefix": "/api/v2/webhooks", "times": 1}
    requests.post(f"{sandbox.url}/sandbox/faults", json=fault, timeout=5)
    installer = desk.installer(WANTED)

    with pytest.raises(Refused, match="--webhook trigger"):
        installer.apply(installer.plan([])[0])


def test_what_the_rules_send_is_read_as_what_happened(sandbox: Sandbox, desk: Connector) -> None:
    requests.post(f"{sandbox.url}/sandbox/settings", json={"csat": "legacy"}, timeout=5)
    with receiving() as receiver:
        made = install(desk, wanted=replace(BY_RULE, endpoint=receiver.url))
        customer = {"name": "B", "email": "b@example.org", "subject": "Lamp", "text": "It is broken."}
        ticket = requests.post(f"{sandbox.url}/sandbox/tickets", json=customer, timeout=5).json()["id"]
        requests.post(f"{sandbox.url}/sandbox/tickets/{ticket}/update", json={"status": "solved"}, timeout=5)
        requests.post(f"{sandbox.url}/sandbox/tickets/{ticket}/rating", json={"score": "bad"}, timeout=5)
        sent = receiver.wait_for(4)

    events = []
    for one in sent:
        headers = {name.lower(): value for name, value in one.headers.items()}
        request = WebhookRequest(headers=headers, body=one.body, received_at=datetime.now(UTC))
        ZENDESK.verify(request, [made[0].secret or ""])
        events.append(ZENDESK.parse(request))
    assert {event.ticket_id for event in events} == {str(ticket)}
    assert [event.type for event in events[:2]] == ["ticket.created", "ticket.changed"]
    assert {event.type for event in events[2:]} == {"ticket.changed", "rating.received"}


@pytest.mark.parametrize(
    "body",
    [
        {"title": "No conditions"},
        {"title": "Any", "any": [{"field": "status", "operator": "is", "value": "open"}]},
        {"title": "Odd", "all": [{"field": "mood", "operator": "is", "value": "bad"}]},
        {"title": 7, "all": []},
    ],
)
def test_the_sandbox_refuses_a_view_that_makes_no_sense(sandbox: Sandbox, body: dict[str, Any]) -> None:
    answer = requests.post(
        f"{sandbox.url}/api/v2/views",
        json={"view": body},
        headers={"Authorization": f"Bearer {sandbox.account.oauth_token}"},
        timeout=5,
    )

    assert answer.status_code in (400, 422)


def test_a_ticket_in_the_worst_state_is_in_its_view(sandbox: Sandbox, desk: Connector) -> None:
    made = install(desk)
    requests.post(
        f"{sandbox.url}/sandbox/tickets",
        json={"name": "A", "email": "a@example.org", "subject": "s", "text": "t", "tags": ["sat_poor_worsening"]},
        timeout=5,
    )
    view = next(one for one in made if one.title == "Poor and worsening")

    assert call(sandbox, "GET", f"views/{view.id}/tickets")["count"] == 1


def test_no_trigger_is_made_that_calls_nothing(sandbox: Sandbox, desk: Connector) -> None:
    before = account(sandbox)
    installer = desk.installer(BY_RULE)
    rule = next(change for change in installer.plan([]) if change.thing is Thing.RULE)

    with pytest.raises(Refused, match="no webhook that it could call"):
        installer.apply(rule)

    assert account(sandbox) == before


def test_a_webhook_whose_secret_is_kept_from_us_is_taken_back(sandbox: Sandbox, desk: Connector) -> None:
    before = account(sandbox)
    installer = desk.installer(WANTED)
    webhook = installer.plan([])[0]
    fault = {"fault": "status", "status": 403, "method": "GET", "path_prefix": "/api/v2/webhooks/", "times": 1}
    requests.post(f"{sandbox.url}/sandbox/faults", json=fault, timeout=5)

    with pytest.raises(Refused):
        installer.apply(webhook)

    assert account(sandbox) == before
