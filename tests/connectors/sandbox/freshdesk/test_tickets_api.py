"""Tickets and conversations: what Freshdesk shows, what an update replaces, and how it refuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.freshdesk.parts import Api
from tests.connectors.sandbox.parts import Clock, Play


def test_a_new_ticket_is_open_with_a_low_priority_and_its_words_are_its_description(api: Api, play: Play) -> None:
    ticket = api.read(f"tickets/{play.ticket('Where is <my> parcel?', tags=['parcel'])}")

    assert (ticket["status"], ticket["priority"], ticket["source"], ticket["tags"]) == (2, 1, 2, ["parcel"])
    assert ticket["description_text"] == "Where is <my> parcel?"
    assert ticket["description"] == '<div dir="ltr">Where is &lt;my&gt; parcel?</div>'
    assert (ticket["spam"], "deleted" in ticket) == (False, False)


def test_numbers_of_tickets_are_small_and_those_of_people_large_but_exact_in_a_float(api: Api, play: Play) -> None:
    ticket = api.read(f"tickets/{play.ticket()}")

    assert ticket["id"] == 1
    assert 2**32 < ticket["requester_id"] < 2**53


def test_an_update_replaces_the_whole_list_of_tags(api: Api, play: Play) -> None:
    ticket_id = play.ticket(tags=["kept", "old"])

    answer = api("PUT", f"tickets/{ticket_id}", tags=["kept", "new"])

    assert (answer.status_code, answer.json()["tags"]) == (200, ["kept", "new"])
    assert play.state(ticket_id)["tags"] == ["kept", "new"]


def test_nothing_stops_a_stale_writer(api: Api, play: Play) -> None:
    ticket_id = play.ticket(tags=["a"])
    play(f"tickets/{ticket_id}/update", tags=["a", "agents_own"])

    api("PUT", f"tickets/{ticket_id}", tags=["a", "ours"])

    assert play.state(ticket_id)["tags"] == ["a", "ours"]


def test_one_put_changes_fields_by_their_codes_and_names(api: Api, play: Play, sandbox: Sandbox) -> None:
    account, ticket_id = sandbox.account, play.ticket()
    group, agent = account.group_ids["Recovery"], account.agent_ids[1]

    fields = {"cf_order_number": "A-17"}
    answer = api(
        "PUT", f"tickets/{ticket_id}", status=6, priority=4, group_id=group, responder_id=agent, custom_fields=fields
    )

    shown, state = answer.json(), play.state(ticket_id)
    assert (shown["status"], shown["priority"], shown["custom_fields"]) == (6, 4, fields)
    assert (state["status_label"], state["group"], state["assignee_id"]) == (
        "Waiting on Customer", "Recovery", str(agent),
    )  # fmt: skip


def test_a_closed_ticket_can_be_changed_and_opens_when_its_customer_writes(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    play(f"tickets/{ticket_id}/close")

    changed = api("PUT", f"tickets/{ticket_id}", priority=3)
    play(f"tickets/{ticket_id}/comments", text="It is broken again")

    assert (changed.status_code, changed.json()["status"]) == (200, 5)
    assert api.read(f"tickets/{ticket_id}")["status"] == 2


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"status": 99}, [("status", "invalid_value")]),
        ({"status": "4"}, [("status", "datatype_mismatch")]),
        ({"priority": 5}, [("priority", "invalid_value")]),
        ({"tags": "late"}, [("tags", "datatype_mismatch")]),
        ({"tags": ["x" * 33]}, [("tags", "invalid_value")]),
        ({"group_id": 1}, [("group_id", "invalid_value")]),
        ({"responder_id": 1}, [("responder_id", "invalid_value")]),
        ({"add_tags": ["x"]}, [("add_tags", "invalid_field")]),
        ({"custom_fields": {"cf_unknown": 1}}, [("cf_unknown", "invalid_field")]),
        ({"custom_fields": {"cf_order_number": 17}}, [("cf_order_number", "datatype_mismatch")]),
        ({"status": 99, "priority": 0}, [("priority", "invalid_value"), ("status", "invalid_value")]),
    ],
)
def test_what_is_wrong_is_named_field_by_field_and_nothing_is_changed(
    api: Api, play: Play, body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    ticket_id = play.ticket()
    before = play.state(ticket_id)

    found = api.wrong("PUT", f"tickets/{ticket_id}", **body)

    assert sorted(found) == errors
    assert play.state(ticket_id) == before


def test_a_body_that_is_no_json_says_so(api: Api, play: Play) -> None:
    answer = api.put(f"{api.root}/tickets/{play.ticket()}", data="{", timeout=5)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("path", ["tickets/99", "tickets/99/conversations", "groups/1", "contacts/1", "nothing"])
def test_what_is_not_there_is_404_without_a_word(api: Api, path: str) -> None:
    answer = api("GET", path)

    assert (answer.status_code, answer.text) == (404, "")


def test_a_ticket_embeds_what_is_asked_for_and_ten_conversations_at_most(api: Api, play: Play, clock: Clock) -> None:
    ticket_id = play.ticket(email="one@example.net")
    for number in range(12):
        clock.step(minutes=1)
        play(f"tickets/{ticket_id}/comments", text=f"line {number}", **{"as": "agent" if number % 2 else "customer"})

    ticket = api.read(f"tickets/{ticket_id}?include=conversations,requester,company,stats")

    assert [one["body_text"] for one in ticket["conversations"]] == [f"line {number}" for number in range(10)]
    assert ticket["requester"]["email"] == "one@example.net"
    assert (ticket["company"]["name"], ticket["company"]["id"]) == ("Example Organisation", ticket["company_id"])
    assert ticket["stats"]["first_responded_at"] == "2026-01-05T12:02:00Z"
    assert ticket["stats"]["agent_responded_at"] == "2026-01-05T12:12:00Z"
    assert ticket["stats"]["requester_responded_at"] == "2026-01-05T12:11:00Z"


def test_stats_say_when_a_ticket_came_into_its_states(api: Api, play: Play, clock: Clock) -> None:
    ticket_id = play.ticket()
    for status in (4, 2, 3):
        clock.step(hours=1)
        api("PUT", f"tickets/{ticket_id}", status=status)

    stats = api.read(f"tickets/{ticket_id}?include=stats")["stats"]

    assert (stats["resolved_at"], stats["reopened_at"], stats["pending_since"]) == (
        "2026-01-05T13:00:00Z", "2026-01-05T14:00:00Z", "2026-01-05T15:00:00Z",
    )  # fmt: skip


def test_an_include_that_is_not_known_is_refused(api: Api, play: Play) -> None:
    assert api.wrong("GET", f"tickets/{play.ticket()}?include=comments") == [("include", "invalid_value")]


class TestConversations:
    def test_they_come_oldest_first_without_the_description_and_link_to_the_next_page(
        self, api: Api, play: Play
    ) -> None:
        ticket_id = play.ticket("the first")
        for number in range(5):
            play(f"tickets/{ticket_id}/comments", text=f"line {number}")

        first = api("GET", f"tickets/{ticket_id}/conversations?per_page=2")
        second = api.get(first.links["next"]["url"], timeout=5)
        last = api.get(second.links["next"]["url"], timeout=5)

        found = [[one["body_text"] for one in page.json()] for page in (first, second, last)]
        assert found == [["line 0", "line 1"], ["line 2", "line 3"], ["line 4"]]
        assert "next" not in last.links

    def test_whose_words_they_are_is_told_by_flags(self, api: Api, play: Play, sandbox: Sandbox) -> None:
        ticket_id = play.ticket()
        play(f"tickets/{ticket_id}/comments", text="One more thing")
        play(f"tickets/{ticket_id}/comments", text="Hello", **{"as": "agent"})
        play(f"tickets/{ticket_id}/comments", text="Careful", **{"as": "agent", "public": False})
        play(f"tickets/{ticket_id}/comments", text="Moved", **{"as": "bot"})

        found = api.read(f"tickets/{ticket_id}/conversations")

        told = [(one["incoming"], one["private"], one["source"], one["user_id"] is None) for one in found]
        assert told == [
            (True, False, 0, False), (False, False, 0, False), (False, True, 2, False), (False, False, 2, True),
        ]  # fmt: skip
        assert found[1]["user_id"] == sandbox.account.agent_ids[0]

    def test_a_reply_is_public_and_by_the_agent_of_the_key(self, api: Api, play: Play, sandbox: Sandbox) -> None:
        ticket_id = play.ticket()

        answer = api("POST", f"tickets/{ticket_id}/reply", body="<div>We are <b>on</b> it.<br>Soon.</div>")

        assert (answer.status_code, answer.json()["body_text"]) == (201, "We are on it.\nSoon.")
        said = play.state(ticket_id)["comments"][-1]
        assert (said["public"], said["author_id"]) == (True, str(sandbox.account.integration_id))

    def test_a_note_is_private_unless_it_says_otherwise(self, api: Api, play: Play) -> None:
        ticket_id = play.ticket()

        usual = api("POST", f"tickets/{ticket_id}/notes", body="For us").json()
        told = api("POST", f"tickets/{ticket_id}/notes", body="For all", private=False).json()

        assert [(one["private"], one["source"]) for one in (usual, told)] == [(True, 2), (False, 2)]

    @pytest.mark.parametrize("path", ["reply", "notes"])
    def test_words_are_required(self, api: Api, play: Play, path: str) -> None:
        assert api.wrong("POST", f"tickets/{play.ticket()}/{path}", body="") == [("body", "missing_field")]

    def test_the_filter_takes_away_what_it_does_not_know(self, api: Api, play: Play) -> None:
        sent = '<div data-x="1" style="font-family:a,b" onclick="x()"><!-- y --><script>z()</script>Hi &amp; bye</div>'

        kept = api("POST", f"tickets/{play.ticket()}/notes", body=sent).json()

        assert kept["body"] == '<div style="font-family:a,b">Hi &amp; bye</div>'
        assert kept["body_text"] == "Hi & bye"

    def test_another_agent_can_be_named_as_the_author(self, api: Api, play: Play, sandbox: Sandbox) -> None:
        agent = sandbox.account.agent_ids[2]

        note = api("POST", f"tickets/{play.ticket()}/notes", body="Mine", user_id=agent).json()

        assert note["user_id"] == agent


class TestEnds:
    def test_the_trash_is_a_flag_and_can_be_undone(self, api: Api, play: Play) -> None:
        ticket_id = play.ticket()
        api("PUT", f"tickets/{ticket_id}", status=3)

        gone = api("DELETE", f"tickets/{ticket_id}").status_code
        flagged = api.read(f"tickets/{ticket_id}")
        back = api("PUT", f"tickets/{ticket_id}/restore").status_code

        assert (gone, flagged["deleted"], flagged["status"], back) == (204, True, 3, 204)
        assert api.read(f"tickets/{ticket_id}").get("deleted") is None

    def test_spam_is_a_flag_of_its_own(self, api: Api, play: Play) -> None:
        ticket_id = play.ticket()
        play(f"tickets/{ticket_id}/spam")

        ticket = api.read(f"tickets/{ticket_id}")

        assert (ticket["spam"], "deleted" in ticket) == (True, False)

    @pytest.mark.parametrize(("method", "path"), [("PUT", ""), ("DELETE", ""), ("POST", "/notes"), ("POST", "/reply")])
    def test_a_deleted_ticket_takes_no_change(self, api: Api, play: Play, method: str, path: str) -> None:
        ticket_id = play.ticket()
        api("DELETE", f"tickets/{ticket_id}")

        assert api(method, f"tickets/{ticket_id}{path}", body="x").status_code == 404

    def test_what_was_never_deleted_cannot_be_restored(self, api: Api, play: Play) -> None:
        assert api("PUT", f"tickets/{play.ticket()}/restore").status_code == 404

    def test_merging_closes_the_secondary_ticket_with_a_note_of_where_it_went(self, api: Api, play: Play) -> None:
        primary, other = play.ticket("one"), play.ticket("two")

        answer = api("PUT", "tickets/merge", primary_id=primary, ticket_ids=[other])

        state = play.state(other)
        assert (answer.status_code, state["status"], state["comments"][-1]["public"]) == (204, "closed", False)
        assert state["comments"][-1]["text"].endswith(f"merged into ticket {primary}")
        assert state["tags"] == []


class TestLists:
    def test_changed_tickets_come_in_the_order_of_their_changes(self, api: Api, play: Play, clock: Clock) -> None:
        first, second, third = (play.ticket(f"number {number}") for number in range(3))
        start = clock.now + timedelta(minutes=1)
        clock.step(minutes=5)
        play(f"tickets/{second}/comments", text="more")
        clock.step(minutes=5)
        play(f"tickets/{first}/comments", text="more")

        page = api.read(f"tickets?updated_since={iso(start)}&order_by=updated_at&order_type=asc")

        assert [ticket["id"] for ticket in page] == [second, first]
        assert third not in {ticket["id"] for ticket in page}

    def test_without_a_time_only_those_of_thirty_days_are_listed(self, api: Api, play: Play, clock: Clock) -> None:
        old = play.ticket("old")
        clock.step(days=31)
        new = play.ticket("new")

        recent = [ticket["id"] for ticket in api.read("tickets")]
        everything = [ticket["id"] for ticket in api.read("tickets?updated_since=2020-01-01T00:00:00Z")]

        assert (recent, sorted(everything)) == ([new], [old, new])

    @pytest.mark.parametrize(("end", "listed"), [("delete", "deleted"), ("spam", "spam")])
    def test_the_trash_and_spam_have_lists_of_their_own(self, api: Api, play: Play, end: str, listed: str) -> None:
        kept, ended = play.ticket("kept"), play.ticket("ended")
        play(f"tickets/{ended}/{end}")

        assert [ticket["id"] for ticket in api.read("tickets")] == [kept]
        assert [ticket["id"] for ticket in api.read(f"tickets?filter={listed}")] == [ended]

    def test_a_list_is_without_words_unless_they_are_asked_for(self, api: Api, play: Play) -> None:
        play.ticket("Where is it?")

        assert "description_text" not in api.read("tickets")[0]
        assert api.read("tickets?include=description")[0]["description_text"] == "Where is it?"

    def test_tickets_of_one_requester_are_found_by_number_or_address(self, api: Api, play: Play) -> None:
        play.ticket()
        ticket_id = play.ticket(email="other@example.org")
        requester_id = api.read(f"tickets/{ticket_id}")["requester_id"]

        by_number, by_address = (
            api.read(f"tickets?{query}") for query in (f"requester_id={requester_id}", "email=other@example.org")
        )

        assert [ticket["id"] for ticket in by_number] == [ticket["id"] for ticket in by_address] == [ticket_id]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("per_page=101", "per_page"),
            ("page=301", "page"),
            ("page=0", "page"),
            ("order_by=id", "order_by"),
            ("filter=mine", "filter"),
            ("updated_since=yesterday", "updated_since"),
            ("since=1", "since"),
        ],
    )
    def test_a_query_that_is_not_known_is_refused(self, api: Api, query: str, field: str) -> None:
        assert [name for name, _ in api.wrong("GET", f"tickets?{query}")] == [field]


class TestCreating:
    def test_a_ticket_is_made_for_somebody_and_says_their_words(self, api: Api, play: Play) -> None:
        made = api(
            "POST", "tickets", email="new@example.org", name="New", subject="Lamp", description="<p>Broken</p>",
            status=2, priority=2, source=3, tags=["lamp"], cc_emails=["boss@example.org"],
        )  # fmt: skip

        ticket = made.json()
        assert (made.status_code, ticket["description_text"], ticket["tags"]) == (201, "Broken", ["lamp"])
        assert (ticket["source"], ticket["cc_emails"]) == (3, ["boss@example.org"])
        state = play.state(ticket["id"])
        assert (state["requester"]["email"], state["comments"][0]["role"]) == ("new@example.org", "customer")

    def test_a_source_that_is_not_known_is_refused(self, api: Api) -> None:
        given = {"email": "new@example.org", "subject": "Lamp", "description": "Broken"}

        assert api.wrong("POST", "tickets", **given, source=99) == [("source", "invalid_value")]

    def test_what_is_missing_is_named(self, api: Api) -> None:
        found = api.wrong("POST", "tickets", tags=[])

        assert found == [
            ("subject", "missing_field"), ("description", "missing_field"), ("requester_id", "missing_field"),
        ]  # fmt: skip


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
