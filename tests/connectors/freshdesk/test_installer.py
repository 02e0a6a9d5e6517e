"""What is made in a Freshdesk account, found again, and taken away; and what a person has to do by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import responses

from connectors.base import Connector, Line
from connectors.errors import Refused
from connectors.freshdesk import FRESHDESK, marks
from connectors.freshdesk.wanted import items
from connectors.installing import Change, Doing, Made, Thing, Wanted
from connectors.ticket import Comment, Priority, Write
from tests.connectors.freshdesk.bodies import KEY, NOW, SECRET

WANTED = Wanted(
    endpoint="https://recovery.example.org/hooks/k",
    secret=SECRET,
    marker="kintsugi:k",
    state_tags={"sat_poor_worsening": "Poor, worsening"},
    open_tag="recovery_open",
    worst_tag="sat_poor_worsening",
    fields={"score": "Kintsugi score"},
    views={"recovery_open": "Recovery queue"},
    macros={"Acknowledge": Write(priority=Priority.HIGH, comment=Comment(text="Sorry.\nReally.", public=True))},
)


class Account:
    """Rows by path, made and deleted as the vendor would."""

    def __init__(self) -> None:
        folders = [{"id": 1, "name": "Mine", "personal": True}, {"id": 2, "name": "General"}]
        self.rows: dict[str, list[dict[str, Any]]] = {"canned_response_folders": folders}
        self.missing: set[str] = set()
        self.refused: set[str] = set()
        self.lossy = False  #: actions of rules get lost
        self.keeps_all = False  #: nothing is deleted
        self.masks = False  #: values of rules' headers are not told
        self.next_id = 100

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        path = urlsplit(str(request.url)).path.removeprefix("/api/v2/")
        if path == "agents/me":
            return 200, {}, '{"id": 1}'
        number = re.fullmatch(r"(.*)/(\d+)", path)
        listed = number[1] if number and request.method in ("PUT", "DELETE") else path
        if listed in self.missing:
            return 404, {}, ""
        answers = {"GET": self._get, "POST": self._post, "PUT": self._put, "DELETE": self._delete}
        return answers[str(request.method)](listed, int(number[2]) if number else 0, request)

    def _get(self, path: str, _: int, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        folder = re.fullmatch(r"canned_response_folders/(\d+)/responses", path)
        rows = self.rows.get("canned_responses" if folder else path, [])
        first = "page=1" in str(request.url) or "page" not in str(request.url)
        return 200, {}, self._told(rows if first else [])

    def _told(self, rows: Any) -> str:
        told = json.dumps(rows)
        return re.sub(r'("X-Webhook-Secret": )"[^"]*"', r'\1"****"', told) if self.masks else told

    def _post(self, path: str, _: int, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        if path in self.refused:
            return 403, {}, '{"code": "access_denied", "message": "no"}'
        self.next_id += 1
        row = {**json.loads(request.body or "{}"), "id": self.next_id}
        if path == "admin/ticket_fields":
            row["name"] = "cf_" + row["label"].lower().replace(" ", "_")
        if self.lossy:
            row.pop("actions", None)
        self.rows.setdefault(path, []).append(row)
        return 201, {}, self._told(row)

    def _put(self, path: str, number: int, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        row = next(row for row in self.rows[path] if row["id"] == number)
        row |= json.loads(request.body or "{}")
        if self.lossy:
            row.pop("actions", None)
        return 200, {}, self._told(row)

    def _delete(self, path: str, number: int, _: Any) -> tuple[int, dict[str, str], str]:
        if self.keeps_all:
            return 403, {}, '{"code": "access_denied", "message": "no"}'
        self.rows[path] = [row for row in self.rows[path] if row["id"] != number]
        return 204, {}, ""


@pytest.fixture
def account() -> Iterator[Account]:
    there = Account()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in ("GET", "POST", "PUT", "DELETE"):
            mock.add_callback(method, re.compile(r"https://desk\.freshdesk\.com/.*"), callback=there.answer)
        yield there


@pytest.fixture
def desk() -> Connector:
    line = Line(now=lambda: NOW)
    return FRESHDESK.open(subdomain="desk", base_url=None, credentials={"api_key": KEY}, line=line)


def install(
    desk: Connector, known: list[Made] | None = None, wanted: Wanted = WANTED
) -> tuple[list[Change], list[Made], list[str]]:
    """The plan, what it made, and what has to be done by hand."""
    installer = desk.installer(wanted)
    plan = list(installer.plan(known or []))
    made, by_hand = [], []
    for change in plan:
        try:
            made.append(installer.apply(change))
        except Refused as error:
            by_hand.append(f"{error} {change.note}")
    return plan, made, by_hand


def test_rules_field_and_macro_are_made_and_the_view_is_left_to_a_person(account: Account, desk: Connector) -> None:
    plan, made, by_hand = install(desk)

    assert [change.thing for change in plan] == [Thing.FIELD, Thing.VIEW, Thing.MACRO, Thing.RULE, Thing.RULE]
    assert [one.thing for one in made] == [Thing.FIELD, Thing.MACRO, Thing.RULE, Thing.RULE]
    assert len(by_hand) == 1
    assert "save the view as 'Recovery queue'" in by_hand[0]


def test_a_field_is_known_by_the_name_that_tickets_use(account: Account, desk: Connector) -> None:
    _, made, _ = install(desk)

    assert [one.id for one in made if one.thing is Thing.FIELD] == ["cf_kintsugi_score"]


def test_installing_twice_leaves_one_of_each(account: Account, desk: Connector) -> None:
    _, made, _ = install(desk)
    count = {path: len(rows) for path, rows in account.rows.items()}

    plan, _, _ = install(desk, made)

    assert {change.doing for change in plan if change.thing is not Thing.VIEW} == {Doing.KEEP}
    assert {path: len(rows) for path, rows in account.rows.items()} == count


def test_what_carries_our_marker_is_ours_though_nobody_remembers(account: Account, desk: Connector) -> None:
    install(desk)

    plan, _, _ = install(desk)

    assert {change.doing for change in plan if change.thing is not Thing.VIEW} == {Doing.KEEP}


def test_what_others_called_the_same_is_not_ours(account: Account, desk: Connector) -> None:
    account.rows["admin/ticket_fields"] = [{"id": 1, "name": "cf_x", "label": "Kintsugi score", "type": "custom_text"}]
    account.rows["canned_responses"] = [{"id": 2, "title": "Acknowledge [do: priority=high]", "content_html": "Hi"}]

    plan, _, _ = install(desk)

    assert {change.doing for change in plan if change.thing is not Thing.VIEW} == {Doing.MAKE}


def test_an_agent_who_uses_our_canned_response_is_still_the_agent(account: Account, desk: Connector) -> None:
    install(desk)

    assert not marks.is_ours(account.rows["canned_responses"][0]["content_html"])


def test_a_rule_that_calls_another_address_is_mended(account: Account, desk: Connector) -> None:
    _, made, _ = install(desk)
    account.rows["automations/4/rules"][0]["actions"][0]["url"] = "https://old.example.org/hooks/k"

    plan, _, _ = install(desk, made)

    assert [change.key for change in plan if change.doing is Doing.MEND] == ["changed"]
    assert account.rows["automations/4/rules"][0]["actions"][0]["url"] == WANTED.endpoint


def test_an_account_without_rules_by_api_gets_exact_instructions(account: Account, desk: Connector) -> None:
    account.missing = {"automations/1/rules", "automations/4/rules"}

    plan, made, by_hand = install(desk)

    told = " ".join(by_hand)
    assert [change.doing for change in plan] == [Doing.MAKE, Doing.BY_HAND, Doing.MAKE, Doing.BY_HAND, Doing.BY_HAND]
    assert [one.thing for one in made] == [Thing.FIELD, Thing.MACRO]
    assert WANTED.endpoint in told
    assert "X-Webhook-Secret" in told
    assert '"ticket_id": "{{ticket.id}}"' in told
    assert SECRET not in told


def test_what_we_made_is_taken_away_and_nothing_else(account: Account, desk: Connector) -> None:
    account.rows["admin/ticket_fields"] = [{"id": 1, "name": "cf_order", "label": "Order", "type": "custom_text"}]
    _, made, _ = install(desk)

    left = [desk.installer(WANTED).remove(one) for one in made]

    assert left == ["", "", "", ""]
    assert {path: len(rows) for path, rows in account.rows.items() if rows} == {
        "admin/ticket_fields": 1,
        "canned_response_folders": 2,
    }


def test_what_somebody_changed_since_stays(account: Account, desk: Connector) -> None:
    _, made, _ = install(desk)
    account.rows["canned_responses"][0]["content_html"] = "<p>Better words</p>"

    left = {one.thing: desk.installer(WANTED).remove(one) for one in made}

    assert "somebody has changed it" in left[Thing.MACRO]
    assert len(account.rows["canned_responses"]) == 1


def test_what_is_gone_already_needs_no_taking_away(account: Account, desk: Connector) -> None:
    _, made, _ = install(desk)
    account.rows = {"canned_response_folders": account.rows["canned_response_folders"]}

    assert [desk.installer(WANTED).remove(one) for one in made] == [""] * 4


def test_no_change_tells_the_secret(account: Account, desk: Connector) -> None:
    plan, made, _ = install(desk)

    assert SECRET not in repr((plan, made))


def test_an_account_that_lists_rules_but_makes_none_says_what_to_do(account: Account, desk: Connector) -> None:
    account.refused = {"automations/1/rules"}

    _, made, by_hand = install(desk)

    assert [one.key for one in made if one.thing is Thing.RULE] == ["changed"]
    assert "Admin > Automations > Ticket Creation" in by_hand[-1]


def test_a_rule_that_came_out_without_our_address_is_not_taken_for_made(account: Account, desk: Connector) -> None:
    account.lossy = True

    _, made, by_hand = install(desk)

    assert Thing.RULE not in {one.thing for one in made}
    assert "without our address" in by_hand[-1]


def test_what_came_out_useless_is_taken_back(account: Account, desk: Connector) -> None:
    account.lossy = True

    install(desk)

    assert account.rows["automations/1/rules"] == account.rows["automations/4/rules"] == []


def test_what_came_out_useless_and_stays_is_said(account: Account, desk: Connector) -> None:
    account.lossy = account.keeps_all = True

    _, _, by_hand = install(desk)

    assert "without our address in it, and does not delete it (rule 'Kintsugi: tell of a changed" in by_hand[-1]


def test_a_rule_that_cannot_be_mended_says_what_to_do(account: Account, desk: Connector) -> None:
    _, made, _ = install(desk)
    account.rows["automations/4/rules"][0]["actions"] = []
    account.lossy = True

    _, _, by_hand = install(desk, made)

    assert "Admin > Automations > Ticket Updates" in by_hand[-1]


@pytest.mark.parametrize("masks", [False, True])
@pytest.mark.parametrize("remembered", [False, True])
def test_a_new_secret_reaches_the_rules(account: Account, desk: Connector, masks: bool, remembered: bool) -> None:
    account.masks = masks
    _, made, _ = install(desk)

    plan, _, _ = install(desk, made if remembered else [], replace(WANTED, secret="another-secret"))

    rules = [*account.rows["automations/1/rules"], *account.rows["automations/4/rules"]]
    assert [change.doing for change in plan if change.thing is Thing.RULE] == [Doing.MEND] * 2
    assert [rule["actions"][0]["custom_headers"] for rule in rules] == [{"X-Webhook-Secret": "another-secret"}] * 2


def test_an_account_that_hides_secrets_is_left_alone_while_they_are_the_same(account: Account, desk: Connector) -> None:
    account.masks = True
    _, made, _ = install(desk)

    plan, again, _ = install(desk, made)

    assert {change.doing for change in plan if change.thing is Thing.RULE} == {Doing.KEEP}
    assert again == made


def test_rules_of_an_older_secret_are_still_taken_away(account: Account, desk: Connector) -> None:
    _, made, _ = install(desk)

    left = [desk.installer(replace(WANTED, secret="another-secret")).remove(one) for one in made]

    assert left == [""] * 4


def test_no_wanted_thing_tells_the_secret() -> None:
    assert SECRET not in repr(list(items(WANTED)))
