"""The ticket endpoints: what an update may do, what it leaves in the audit, and how it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox import Sandbox
from connectors.sandbox.store import next_id
from connectors.sandbox.tickets import Comment, add_comment
from tests.connectors.sandbox.parts import VENDOR, Api, Clock, Play


def test_paths_may_end_in_json_or_not(api: Api, play: Play) -> None:
    ticket_id = play.ticket()

    bare, ended = api.read(f"tickets/{ticket_id}"), api.read(f"tickets/{ticket_id}.json")

    assert bare == ended


def test_addresses_name_the_host_that_was_asked(api: Api, play: Play, sandbox: Sandbox) -> None:
    ticket_id = play.ticket()

    vendors = api.read(f"tickets/{ticket_id}")["ticket"]["url"]
    local = api.get(f"{sandbox.url}/api/v2/tickets/{ticket_id}", timeout=5).json()["ticket"]["url"]

    assert vendors == f"{VENDOR}/api/v2/tickets/{ticket_id}.json"
    assert local == f"{sandbox.url}/api/v2/tickets/{ticket_id}.json"


def test_ids_need_more_than_a_double_holds(api: Api, play: Play) -> None:
    requester_id = api.read(f"tickets/{play.ticket()}")["ticket"]["requester_id"]

    assert requester_id > 2**53


def test_one_put_changes_everything_at_once(api: Api, play: Play, sandbox: Sandbox) -> None:
    account, ticket_id = sandbox.account, play.ticket(tags=["old"])
    order = account.field_ids["Order number"]

    answer = api(
        "PUT",
        f"tickets/{ticket_id}",
        ticket={
            "group_id": account.group_ids["Recovery"],
            "assignee_id": account.agent_ids[1],
            "priority": "urgent",
            "additional_tags": ["sat_poor_worsening"],
            "remove_tags": ["old"],
            "custom_fields": [{"id": order, "value": "A-17"}],
            "comment": {"body": "Taken over", "public": False},
            "metadata": {"custom": {"marker": "m-1"}},
        },
    ).json()

    state = play.state(ticket_id)
    assert (state["group"], state["assignee"], state["priority"]) == ("Recovery", "Agent Two", "urgent")
    assert (state["tags"], state["custom_fields"]) == (["sat_poor_worsening"], {str(order): "A-17"})
    assert (state["comments"][-1]["public"], state["comments"][-1]["custom"]) == (False, {"marker": "m-1"})
    assert answer["audit"]["metadata"]["custom"] == {"marker": "m-1"}


def test_the_audit_tells_what_changed_and_by_which_client(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    api.headers["User-Agent"] = "Kintsugi/1.0"

    audit = api("PUT", f"tickets/{ticket_id}", ticket={"status": "open"}).json()["audit"]

    assert audit["metadata"]["system"]["client"] == "Kintsugi/1.0"
    change = {name: audit["events"][0][name] for name in ("type", "field_name", "previous_value", "value")}
    assert change == {"type": "Change", "field_name": "status", "previous_value": "new", "value": "open"}
    assert api.read(f"tickets/{ticket_id}/audits")["audits"][-1] == audit


def test_an_update_that_changes_nothing_does_not_touch_the_time(api: Api, play: Play, clock: Clock) -> None:
    ticket_id = play.ticket(tags=["kept"])
    before = api.read(f"tickets/{ticket_id}")["ticket"]["updated_at"]
    clock.step(minutes=5)

    after = api("PUT", f"tickets/{ticket_id}", ticket={"additional_tags": ["kept"]}).json()["ticket"]["updated_at"]

    assert after == before


def test_tag_deltas_of_a_single_put_can_be_switched_off(api: Api, play: Play) -> None:
    ticket_id = play.ticket(tags=["kept"])
    play("settings", single_put_tag_deltas=False)

    api("PUT", f"tickets/{ticket_id}", ticket={"additional_tags": ["new"], "remove_tags": ["kept"]})

    assert play.state(ticket_id)["tags"] == ["kept"]


@pytest.mark.parametrize(
    ("method", "left"), [("POST", ["b"]), ("PUT", ["a", "b"]), ("DELETE", ["a"])], ids=["set", "add", "remove"]
)
def test_the_tag_endpoints(api: Api, play: Play, method: str, left: list[str]) -> None:
    ticket_id = play.ticket(tags=["a"])

    answer = api(method, f"tickets/{ticket_id}/tags", tags=["b"])

    assert answer.json() == {"tags": left}


def test_tags_take_a_safe_update_too(api: Api, play: Play, clock: Clock) -> None:
    ticket_id = play.ticket()
    stamp = api.read(f"tickets/{ticket_id}")["ticket"]["updated_at"]
    clock.step(seconds=1)
    play(f"tickets/{ticket_id}/comments", text="More")

    answer = api("PUT", f"tickets/{ticket_id}/tags", tags=["x"], safe_update=True, updated_stamp=stamp)

    assert (answer.status_code, answer.json()["error"]) == (409, "UpdateConflict")


def test_a_safe_update_with_the_right_stamp_goes_through(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    stamp = api.read(f"tickets/{ticket_id}")["ticket"]["updated_at"]

    answer = api("PUT", f"tickets/{ticket_id}", ticket={"priority": "low", "safe_update": True, "updated_stamp": stamp})

    assert answer.status_code == 200


def test_two_changes_inside_one_second_do_not_see_each_other(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    stamp = api.read(f"tickets/{ticket_id}")["ticket"]["updated_at"]
    play(f"tickets/{ticket_id}/comments", text="In the same second")

    answer = api("PUT", f"tickets/{ticket_id}", ticket={"priority": "low", "safe_update": True, "updated_stamp": stamp})

    assert answer.status_code == 200


def test_a_false_safe_update_counts_as_one(api: Api, play: Play) -> None:
    ticket_id = play.ticket()

    answer = api("PUT", f"tickets/{ticket_id}", ticket={"safe_update": False, "updated_stamp": "2020-01-01T00:00:00Z"})

    assert answer.status_code == 409


def test_a_closed_ticket_takes_no_change(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    play(f"tickets/{ticket_id}/close")

    answers = [
        api("PUT", f"tickets/{ticket_id}", ticket={"priority": "low"}),
        api("PUT", f"tickets/{ticket_id}/tags", tags=["x"]),
    ]

    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(422, "RecordInvalid")] * 2
    assert "closed" in str(answers[0].json()["details"]["status"])


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"status": "lost"}, "status"),
        ({"priority": "huge"}, "priority"),
        ({"type": "riddle"}, "type"),
        ({"group_id": 12}, "group_id"),
        ({"assignee_id": 12}, "assignee_id"),
        ({"requester_id": 12}, "requester_id"),
        ({"custom_fields": [{"id": 12, "value": "x"}]}, "12"),
        ({"comment": {"body": "x", "author_id": 12}}, "author_id"),
        ({"safe_update": True, "updated_stamp": "yesterday"}, "updated_stamp"),
    ],
)
def test_a_wrong_value_is_refused_by_name(api: Api, play: Play, wanted: dict[str, Any], field: str) -> None:
    ticket_id = play.ticket()

    answer = api("PUT", f"tickets/{ticket_id}", ticket=wanted)

    assert (answer.status_code, list(answer.json()["details"])) == (422, [field])


@pytest.mark.parametrize(
    "wanted",
    [
        {"tags": 3},
        {"tags": [3]},
        {"subject": 3},
        {"group_id": "many"},
        {"group_id": True},
        {"custom_fields": "x"},
        {"comment": "x"},
        {"comment": {"body": 3}},
        {"comment": {"body": "x", "public": "no"}},
        {"metadata": 3},
        {"safe_update": True},
    ],
)
def test_a_value_of_the_wrong_kind_is_malformed(api: Api, play: Play, wanted: dict[str, Any]) -> None:
    ticket_id = play.ticket()

    answer = api("PUT", f"tickets/{ticket_id}", ticket=wanted)

    assert (answer.status_code, answer.json()["error"]["title"]) == (400, "Invalid attribute")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"ticket": 3}', b"\xff\xfe"])
def test_a_body_that_is_no_ticket_is_malformed(api: Api, play: Play, body: bytes) -> None:
    ticket_id = play.ticket()

    answer = api.put(f"{VENDOR}/api/v2/tickets/{ticket_id}", data=body, timeout=5)

    assert answer.status_code == 400


def test_a_refused_change_leaves_nothing_behind(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    before = play.state(ticket_id)

    api("PUT", f"tickets/{ticket_id}", ticket={"comment": {"body": "x", "author_id": 12}, "priority": "low"})

    assert play.state(ticket_id) == before


def test_an_assignee_outside_the_group_is_refused(api: Api, play: Play, sandbox: Sandbox) -> None:
    account, ticket_id = sandbox.account, play.ticket()

    answer = api(
        "PUT",
        f"tickets/{ticket_id}",
        ticket={"group_id": account.group_ids["Retention"], "assignee_id": account.agent_ids[0]},
    )

    assert (answer.status_code, list(answer.json()["details"])) == (422, ["assignee_id"])


def test_a_ticket_that_moves_to_another_group_loses_an_assignee_who_is_not_there(
    api: Api, play: Play, sandbox: Sandbox
) -> None:
    account, ticket_id = sandbox.account, play.ticket()
    api("PUT", f"tickets/{ticket_id}", ticket={"assignee_id": account.agent_ids[0]})

    api("PUT", f"tickets/{ticket_id}", ticket={"group_id": account.group_ids["Retention"]})

    assert (play.state(ticket_id)["group"], play.state(ticket_id)["assignee"]) == ("Retention", None)


def test_assigning_a_new_ticket_opens_it_in_the_agents_own_group(api: Api, play: Play, sandbox: Sandbox) -> None:
    ticket_id = play.ticket()

    api("PUT", f"tickets/{ticket_id}", ticket={"assignee_id": sandbox.account.agent_ids[0]})

    assert (play.state(ticket_id)["status"], play.state(ticket_id)["group"]) == ("open", "Support")


@pytest.mark.parametrize("status", ["pending", "solved"])
def test_the_customers_reply_opens_a_waiting_ticket(play: Play, status: str) -> None:
    ticket_id = play.ticket()
    play(f"tickets/{ticket_id}/update", status=status)

    play(f"tickets/{ticket_id}/comments", text="Still broken")

    assert play.state(ticket_id)["status"] == "open"


def test_an_agents_reply_leaves_a_solved_ticket_solved(play: Play) -> None:
    ticket_id = play.ticket()
    play(f"tickets/{ticket_id}/update", status="solved")

    play(f"tickets/{ticket_id}/comments", **{"as": "agent", "text": "By the way"})

    assert play.state(ticket_id)["status"] == "solved"


def test_an_empty_comment_is_simply_not_added(api: Api, play: Play) -> None:
    ticket_id = play.ticket()

    answer = api("PUT", f"tickets/{ticket_id}", ticket={"comment": {"body": "  "}})

    assert (answer.status_code, len(play.state(ticket_id)["comments"])) == (200, 1)


def test_a_new_ticket_needs_words(api: Api) -> None:
    answer = api("POST", "tickets", ticket={"subject": "Nothing"})

    assert (answer.status_code, list(answer.json()["details"])) == (422, ["base"])


def fill(sandbox: Sandbox, ticket_id: int, count: int) -> None:
    """Put comments into the file directly; thousands over HTTP would take too long."""
    with sandbox.helpdesk.file.writing() as db:
        for number in range(count):
            comment = Comment(
                id=next_id(db),
                ticket_id=ticket_id,
                audit_id=next_id(db),
                author_id=sandbox.account.agent_ids[0],
                body=f"comment {number}",
                public=True,
                channel="web",
                client="",
                custom={},
                created_at="2026-01-05T12:00:00Z",
            )
            add_comment(db, comment)


def test_comments_come_in_pages_with_a_next_link_even_on_the_last(api: Api, play: Play, sandbox: Sandbox) -> None:
    ticket_id = play.ticket("first")
    fill(sandbox, ticket_id, 4)

    page = api.read(f"tickets/{ticket_id}/comments?page[size]=3&sort=-created_at&include=users")
    rest = api.get(page["links"]["next"], timeout=5).json()

    assert [comment["body"] for comment in page["comments"]] == ["comment 3", "comment 2", "comment 1"]
    assert [comment["body"] for comment in rest["comments"]] == ["comment 0", "first"]
    assert (page["meta"]["has_more"], rest["meta"]["has_more"]) == (True, False)
    assert [user["name"] for user in page["users"]] == ["Agent One"]
    assert rest["links"]["next"].startswith(VENDOR)


def test_a_page_holds_a_hundred_comments_at_most_oldest_first(api: Api, play: Play, sandbox: Sandbox) -> None:
    ticket_id = play.ticket("first")
    fill(sandbox, ticket_id, 120)

    page = api.read(f"tickets/{ticket_id}/comments?page[size]=500")

    assert (len(page["comments"]), page["comments"][0]["body"]) == (100, "first")


def test_a_cursor_that_is_not_ours_is_malformed(api: Api, play: Play) -> None:
    answer = api("GET", f"tickets/{play.ticket()}/comments?page[after]=%21")

    assert answer.status_code == 400


def test_a_ticket_holds_five_thousand_comments(api: Api, play: Play, sandbox: Sandbox) -> None:
    ticket_id = play.ticket()
    fill(sandbox, ticket_id, 4_999)

    answer = api("PUT", f"tickets/{ticket_id}", ticket={"comment": {"body": "one more"}})

    assert (answer.status_code, api.read(f"tickets/{ticket_id}/comments/count")["count"]["value"]) == (422, 5_000)


def test_metrics_count_replies_reopenings_and_times(api: Api, play: Play, clock: Clock) -> None:
    ticket_id = play.ticket()
    clock.step(minutes=30)
    play(f"tickets/{ticket_id}/comments", **{"as": "agent", "text": "We look"})
    play(f"tickets/{ticket_id}/update", status="solved")
    clock.step(minutes=30)
    play(f"tickets/{ticket_id}/comments", text="No")

    metric = api.read(f"tickets/{ticket_id}/metrics")["ticket_metric"]

    assert (metric["reopens"], metric["replies"], metric["solved_at"]) == (1, 1, None)
    assert metric["reply_time_in_minutes"] == {"calendar": 30, "business": 30}
    assert metric["latest_comment_added_at"] == "2026-01-05T13:00:00Z"


def test_a_deleted_ticket_is_gone_but_stays_in_the_export(api: Api, play: Play) -> None:
    ticket_id = play.ticket()

    deleted = api("DELETE", f"tickets/{ticket_id}")

    assert (deleted.status_code, api("GET", f"tickets/{ticket_id}").status_code) == (204, 404)
    export = api.read("incremental/tickets/cursor?start_time=0")["tickets"]
    assert [(ticket["id"], ticket["status"]) for ticket in export] == [(ticket_id, "deleted")]


def test_spam_also_suspends_the_requester(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    requester_id = api.read(f"tickets/{ticket_id}")["ticket"]["requester_id"]

    api("PUT", f"tickets/{ticket_id}/mark_as_spam")

    assert api.read(f"users/{requester_id}")["user"]["suspended"] is True


def test_several_tickets_at_once_without_those_that_are_not_there(api: Api, play: Play) -> None:
    first, second = play.ticket(), play.ticket()

    found = api.read(f"tickets/show_many?ids={first},404,{second}")

    assert [ticket["id"] for ticket in found["tickets"]] == [first, second]


def test_tickets_by_external_id(api: Api, play: Play) -> None:
    play.ticket()
    wanted = play.ticket(external_id="shop-1")

    found = api.read("tickets?external_id=shop-1")

    assert ([ticket["id"] for ticket in found["tickets"]], found["count"]) == ([wanted], 1)


def test_pages_by_number_know_their_neighbours(api: Api, play: Play) -> None:
    for _ in range(3):
        play.ticket()

    page = api.read("tickets?per_page=1&page=2")

    assert "page=3" in page["next_page"]
    assert "page=1" in page["previous_page"]


def test_a_ticket_with_its_people_in_one_call(api: Api, play: Play, sandbox: Sandbox) -> None:
    ticket_id = play.ticket()
    play(f"tickets/{ticket_id}/update", assignee_id=sandbox.account.agent_ids[0])

    users = api.read(f"tickets/{ticket_id}?include=users")["users"]

    assert [user["name"] for user in users] == ["Agent One", "A customer"]


def test_a_ticket_is_made_for_somebody_known_or_for_oneself(api: Api, play: Play, sandbox: Sandbox) -> None:
    known = api.read(f"tickets/{play.ticket()}")["ticket"]["requester_id"]

    for_known = api("POST", "tickets", ticket={"requester_id": known, "comment": {"body": "x"}}).json()["ticket"]
    for_self = api("POST", "tickets", ticket={"comment": {"body": "x"}}).json()["ticket"]

    assert (for_known["requester_id"], for_self["requester_id"]) == (known, sandbox.account.integration_id)


@pytest.mark.parametrize(
    ("ticket", "status"),
    [
        ({"requester": {"name": "x"}, "comment": {"body": "x"}}, 400),
        ({"requester_id": 12, "comment": {"body": "x"}}, 404),
    ],
)
def test_a_ticket_for_nobody_is_refused(api: Api, ticket: dict[str, Any], status: int) -> None:
    assert api("POST", "tickets", ticket=ticket).status_code == status


def test_tags_can_be_read_alone(api: Api, play: Play) -> None:
    assert api.read(f"tickets/{play.ticket(tags=['b', 'a'])}/tags") == {"tags": ["a", "b"]}


def test_a_ticket_cannot_be_new_again(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    api("PUT", f"tickets/{ticket_id}", ticket={"status": "open"})

    assert api("PUT", f"tickets/{ticket_id}", ticket={"status": "new"}).status_code == 422


def test_an_update_may_take_group_assignee_and_priority_away(api: Api, play: Play, sandbox: Sandbox) -> None:
    ticket_id = play.ticket()
    api("PUT", f"tickets/{ticket_id}", ticket={"assignee_id": sandbox.account.agent_ids[0], "priority": "high"})

    api("PUT", f"tickets/{ticket_id}", ticket={"assignee_id": None, "group_id": "", "priority": None})

    state = play.state(ticket_id)
    assert (state["assignee"], state["group"], state["priority"]) == (None, None, None)


def test_html_comments_are_kept_as_their_words(api: Api, play: Play) -> None:
    ticket_id = play.ticket()

    api("PUT", f"tickets/{ticket_id}", ticket={"comment": {"html_body": "<p>Hello <b>you</b></p>"}})

    assert play.state(ticket_id)["comments"][-1]["text"] == "Hello you"


def test_fields_may_be_given_as_a_map(api: Api, play: Play, sandbox: Sandbox) -> None:
    ticket_id, order = play.ticket(), str(sandbox.account.field_ids["Order number"])

    api("PUT", f"tickets/{ticket_id}", ticket={"fields": {order: "A-2"}})

    assert play.state(ticket_id)["custom_fields"] == {order: "A-2"}
