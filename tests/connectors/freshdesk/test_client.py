"""The calls of an opened Freshdesk desk, with answers that the sandbox cannot stage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from connectors.base import CallLimits, Connector, Line
from connectors.errors import Closed, Conflict, ConnectorError, NotFound, RateLimited, Refused, Unavailable
from connectors.freshdesk import FRESHDESK, marks
from connectors.ticket import Author, Comment, NewTicket, Priority, TicketStatus, Write
from tests.connectors.freshdesk.bodies import (
    AGENT,
    INTEGRATION,
    KEY,
    NOW,
    REQUESTER,
    agent_body,
    conversation_body,
    make_ticket,
    ticket_body,
)

API = "https://desk.freshdesk.com/api/v2"
TICKET, TALK, ME = f"{API}/tickets/35", f"{API}/tickets/35/conversations", f"{API}/agents/me"
NOTES, REPLY, RATINGS = f"{TICKET}/notes", f"{TICKET}/reply", f"{TICKET}/satisfaction_ratings"
FIELDS = f"{API}/ticket_fields"
LATER = "2026-03-02T09:00:00Z"

NOTE = Write(comment=Comment(text="Noted."), markers=("step-1",))


@pytest.fixture
def vendor() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def open_desk(**more: Any) -> Connector:
    credentials = {"api_key": KEY, **more.pop("credentials", {})}
    line = Line(now=lambda: NOW, **more)
    return FRESHDESK.open(subdomain="desk", base_url=None, credentials=credentials, line=line)


@pytest.fixture
def desk() -> Iterator[Connector]:
    opened = open_desk()
    yield opened
    opened.close()


def give(vendor: responses.RequestsMock, *bodies: dict[str, Any]) -> None:
    """What the ticket is at one look after the other."""
    for body in bodies or (ticket_body(),):
        vendor.add("GET", TICKET, json=body)


def give_talk(vendor: responses.RequestsMock, *conversations: dict[str, Any]) -> None:
    vendor.add("GET", TALK, json=list(conversations))


def sent(vendor: responses.RequestsMock, method: str) -> list[Any]:
    """The bodies of all requests of this method."""
    return [json.loads(call.request.body or "null") for call in vendor.calls if call.request.method == method]


def asked(vendor: responses.RequestsMock) -> list[tuple[str | None, str]]:
    return [
        (call.request.method, urlsplit(str(call.request.url)).path.removeprefix("/api/v2/")) for call in vendor.calls
    ]


class TestReading:
    def test_two_calls_ask_for_the_requester_and_a_hundred_conversations(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        give_talk(vendor, conversation_body())

        desk.read_ticket("35")

        assert [parse_qs(urlsplit(str(call.request.url)).query) for call in vendor.calls] == [
            {"include": ["requester"]},
            {"page": ["1"], "per_page": ["100"]},
        ]

    def test_requests_carry_the_key_as_freshdesk_wants_it(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        give_talk(vendor)

        desk.read_ticket("35")

        assert vendor.calls[0].request.headers["Authorization"] == "Basic a2V5LW9mLW91cnM6WA=="

    def test_the_description_is_the_first_message(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        give(vendor)
        give_talk(vendor, conversation_body())

        messages = desk.read_ticket("35").messages

        assert [(one.id, one.text, one.author) for one in messages] == [
            ("description-35", "The lamp is broken.", Author.CUSTOMER),
            ("5001", "Any news?", Author.CUSTOMER),
        ]

    def test_after_the_description_come_the_conversations(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        give_talk(vendor, conversation_body())

        assert [one.id for one in desk.read_ticket("35", after="description-35").messages] == ["5001"]

    def test_where_the_known_message_is_gone_all_are_read(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        give_talk(vendor, conversation_body())

        assert [one.id for one in desk.read_ticket("35", after="4999").messages] == ["description-35", "5001"]

    @pytest.mark.parametrize(("flag", "status"), [("deleted", TicketStatus.DELETED), ("spam", TicketStatus.SPAM)])
    def test_a_ticket_in_the_trash_or_among_spam_is_read_without_words(
        self, vendor: responses.RequestsMock, desk: Connector, flag: str, status: TicketStatus
    ) -> None:
        give(vendor, ticket_body(**{flag: True}))

        ticket = desk.read_ticket("35")

        assert (ticket.status, ticket.messages) == (status, ())

    def test_a_status_of_the_accounts_own_is_looked_up_once(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor, ticket_body(status=8))
        give_talk(vendor)
        choices = {"2": ["Open", "Open"], "8": ["Waiting for the customer", "Awaiting your reply"]}
        vendor.add("GET", FIELDS, json=[{"name": "status", "type": "default_status", "choices": choices}])

        found = [desk.read_ticket("35").status, desk.read_ticket("35").status]

        assert found == [TicketStatus.PENDING, TicketStatus.PENDING]
        assert asked(vendor).count(("GET", "ticket_fields")) == 1

    def test_an_agent_who_may_not_see_the_fields_reads_the_usual_statuses(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor, ticket_body(status=7), ticket_body(status=6), ticket_body(status=9))
        give_talk(vendor)
        vendor.add("GET", FIELDS, json={"code": "access_denied", "message": "no"}, status=403)

        found = [desk.read_ticket("35").status for _ in range(3)]

        assert found == [TicketStatus.HOLD, TicketStatus.PENDING, TicketStatus.HOLD]

    def test_what_an_admin_said_of_a_status_needs_no_call(self, vendor: responses.RequestsMock) -> None:
        give(vendor, ticket_body(status=8))
        give_talk(vendor)
        desk = open_desk(credentials={"statuses": "8=solved"})

        assert desk.read_ticket("35").status is TicketStatus.SOLVED
        assert ("GET", "ticket_fields") not in asked(vendor)

    def test_a_merged_ticket_says_where_it_went(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        give(vendor, ticket_body(status=5))
        text = "This ticket is closed and merged into ticket 36"
        give_talk(vendor, conversation_body(incoming=False, private=True, user_id=AGENT, body_text=text))

        assert desk.read_ticket("35").merged_into == "36"

    def test_a_customer_who_writes_such_words_merges_nothing(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor, ticket_body(status=5))
        give_talk(vendor, conversation_body(body_text="Why was it merged into ticket 36?"))

        assert desk.read_ticket("35").merged_into is None

    def test_the_limits_of_an_answer_are_told(self, vendor: responses.RequestsMock) -> None:
        told: list[CallLimits] = []
        headers = {"X-RateLimit-Total": "200", "X-RateLimit-Remaining": "198", "X-RateLimit-Used-CurrentRequest": "2"}
        vendor.add("GET", ME, json=agent_body(INTEGRATION), headers=headers)

        open_desk(observe=lambda method, path, status, limits: told.extend(limits)).me()

        assert [(one.bucket, one.total, one.remaining) for one in told] == [("account", 200, 198)]


class TestGone:
    def test_a_ticket_that_is_gone_is_told_from_an_account_that_never_was(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        vendor.add("GET", TICKET, status=404)
        vendor.add("GET", ME, json=agent_body())

        with pytest.raises(NotFound, match="ticket 35"):
            desk.read_ticket("35")

    def test_a_wrong_address_is_no_reason_to_forget_a_ticket(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        vendor.add("GET", TICKET, status=404)
        vendor.add("GET", ME, status=404)

        with pytest.raises(Unavailable) as caught:
            desk.read_ticket("35")

        assert not caught.value.sent

    def test_an_account_that_answered_before_is_not_asked_again(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        vendor.add("GET", ME, json=agent_body())
        vendor.add("GET", TICKET, status=404)
        desk.me()

        with pytest.raises(NotFound):
            desk.read_ticket("35")

        assert len(vendor.calls) == 2


class TestWriting:
    def test_fields_and_tags_go_in_one_call_and_words_come_last(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        tagged = ticket_body(tags=["lamp", "vip", "sat"], updated_at=LATER)
        give(vendor, ticket_body(), tagged, tagged)
        vendor.add("PUT", TICKET, json=tagged)
        vendor.add("POST", NOTES, json=conversation_body(7001, private=True, incoming=False, user_id=INTEGRATION))
        write = Write(
            add_tags=frozenset({"sat"}),
            group_id="702",
            assignee_id=str(AGENT),
            priority=Priority.URGENT,
            status=TicketStatus.PENDING,
            custom_fields={"cf_order": "A-18"},
            comment=Comment(text="Noted."),
            markers=("step-1",),
        )

        receipt = desk.write(make_ticket(), write)

        assert asked(vendor) == [
            ("GET", "tickets/35"),
            ("PUT", "tickets/35"),
            ("GET", "tickets/35"),
            ("POST", "tickets/35/notes"),
            ("GET", "tickets/35"),
        ]
        assert sent(vendor, "PUT") == [
            {
                "group_id": 702,
                "responder_id": AGENT,
                "priority": 4,
                "status": 3,
                "custom_fields": {"cf_order": "A-18"},
                "tags": ["lamp", "sat", "vip"],
            }
        ]
        assert (receipt.audit_id, receipt.stamp) == ("7001", LATER)

    def test_a_public_comment_is_a_reply_and_carries_its_marker(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        vendor.add("POST", REPLY, json=conversation_body(7001, incoming=False))

        desk.write(make_ticket(), Write(comment=Comment(text="Sorry.", public=True), markers=("step-1",)))

        (body,) = sent(vendor, "POST")
        assert set(body) == {"body"}
        assert marks.markers_in(body["body"], ["step-1", "step-2"]) == {"step-1"}

    def test_a_priority_cannot_be_taken_away(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        with pytest.raises(Refused, match="priority: a ticket of Freshdesk's always has one"):
            desk.write(make_ticket(), Write(clear=frozenset({"priority"})))

        assert asked(vendor) == []

    def test_fields_alone_cost_a_look_and_a_write(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        give(vendor)
        vendor.add("PUT", TICKET, json=ticket_body(priority=3, updated_at=LATER))

        receipt = desk.write(make_ticket(), Write(priority=Priority.HIGH))

        assert [method for method, _ in asked(vendor)] == ["GET", "PUT"]
        assert receipt.stamp == LATER

    def test_a_tag_that_an_agent_took_away_with_his_own_list_is_written_again(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        swallowed = ticket_body(tags=["lamp", "vip", "agents_own"], updated_at=LATER)
        mended = ticket_body(tags=["lamp", "vip", "agents_own", "sat"], updated_at=LATER)
        give(vendor, ticket_body(), swallowed, mended)
        vendor.add("PUT", TICKET, json=mended)

        desk.write(make_ticket(), Write(add_tags=frozenset({"sat"}), priority=Priority.HIGH))

        assert [body["tags"] for body in sent(vendor, "PUT")] == [
            ["lamp", "sat", "vip"],
            ["agents_own", "lamp", "sat", "vip"],
        ]
        assert "priority" not in sent(vendor, "PUT")[1]

    def test_tags_that_never_stay_are_a_conflict_before_a_word_is_said(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        vendor.add("PUT", TICKET, json=ticket_body())

        with pytest.raises(Conflict, match="tags"):
            desk.write(
                make_ticket(), Write(add_tags=frozenset({"sat"}), comment=Comment(text="Hello."), markers=("m",))
            )

        assert [method for method, _ in asked(vendor)] == ["GET", *["PUT", "GET"] * 3]

    def test_tags_are_the_same_in_capitals(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        give(vendor, ticket_body(), ticket_body(tags=["lamp", "vip", "SAT"]))
        vendor.add("PUT", TICKET, json=ticket_body())

        desk.write(make_ticket(), Write(add_tags=frozenset({"sat"})))

        assert len(sent(vendor, "PUT")) == 1

    @pytest.mark.parametrize("changed", [{"updated_at": LATER}, {"tags": ["lamp"]}, {"responder_id": AGENT}])
    def test_a_ticket_that_changed_since_it_was_read_is_left_alone(
        self, vendor: responses.RequestsMock, desk: Connector, changed: dict[str, Any]
    ) -> None:
        give(vendor, ticket_body(**changed))

        with pytest.raises(Conflict, match="35"):
            desk.write(make_ticket(), NOTE)

        assert [method for method, _ in asked(vendor)] == ["GET"]

    @pytest.mark.parametrize(("flag", "error"), [("deleted", NotFound), ("spam", NotFound), ("archived", Closed)])
    def test_what_has_ended_takes_no_change(
        self, vendor: responses.RequestsMock, desk: Connector, flag: str, error: type[ConnectorError]
    ) -> None:
        give(vendor, ticket_body(**{flag: True}))

        with pytest.raises(error):
            desk.write(make_ticket(), NOTE)

    def test_a_closed_ticket_takes_changes(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        give(vendor, ticket_body(status=5))
        vendor.add("PUT", TICKET, json=ticket_body(status=2))

        desk.write(make_ticket(status=5), Write(status=TicketStatus.OPEN))

        assert sent(vendor, "PUT") == [{"status": 2}]

    def test_words_whose_answer_makes_no_sense_may_have_been_said(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        vendor.add("POST", NOTES, json={"note": "of another shape"})

        with pytest.raises(Unavailable) as caught:
            desk.write(make_ticket(), NOTE)

        assert caught.value.sent

    def test_a_look_that_fails_after_the_words_leaves_a_stamp_nobody_trusts(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        vendor.add("GET", TICKET, status=503)
        vendor.add("POST", NOTES, json=conversation_body(7001))

        receipt = desk.write(make_ticket(), NOTE)

        assert (receipt.audit_id, receipt.stamp) == ("7001", make_ticket().stamp)

    def test_a_spent_allowance_between_fields_and_words_is_no_unknown_outcome(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        vendor.add("PUT", TICKET, json=ticket_body())
        vendor.add("POST", NOTES, status=429, headers={"Retry-After": "9"})

        with pytest.raises(RateLimited) as caught:
            desk.write(make_ticket(), Write(priority=Priority.HIGH, comment=Comment(text="x"), markers=("m",)))

        assert not caught.value.sent

    def test_a_refused_field_is_named_in_our_words_without_the_customers(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        errors = [
            {"field": "responder_id", "message": "There is no agent matching it", "code": "invalid_value"},
            {"field": "subject", "message": "The lamp of Ada is too long", "code": "invalid_value"},
        ]
        vendor.add("PUT", TICKET, json={"description": "Validation failed", "errors": errors}, status=400)

        with pytest.raises(Refused, match=r"assignee: There is no agent matching it; subject\)") as caught:
            desk.write(make_ticket(), Write(assignee_id="1"))

        assert "Ada" not in str(caught.value)

    def test_a_status_that_the_account_does_not_have_is_refused(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        vendor.add("GET", FIELDS, json=[])

        with pytest.raises(Refused, match="hold"):
            desk.write(make_ticket(), Write(status=TicketStatus.HOLD))

    def test_tags_of_many_tickets_are_never_replaced(self, desk: Connector) -> None:
        with pytest.raises(Refused, match="replace"):
            desk.write_many({"35": Write(add_tags=frozenset({"sat"}))})


class TestFindingWrites:
    def test_a_marker_is_found_in_what_we_said_and_in_no_customers_quote(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        ours, quoted = marks.dressed("Sorry.", ["step-1"]), marks.dressed("Sorry.", ["step-2"])
        give_talk(
            vendor,
            conversation_body(5001, incoming=False, body=ours),
            conversation_body(5002, incoming=True, body=f"<div>Thanks</div>{quoted}"),
        )

        assert desk.find_write("35", ["step-1", "step-2", "step-3"]) == {"step-1"}

    def test_what_we_said_is_the_systems(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        give(vendor)
        body = f'<div style="x">{marks.dressed("Sorry.", [])}</div>'
        give_talk(vendor, conversation_body(5001, incoming=False, user_id=AGENT, body=body))

        assert desk.read_ticket("35").messages[-1].author is Author.SYSTEM

    def test_an_agents_reply_that_quotes_us_is_the_agents(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        body = f"<div>As we said:</div>{marks.dressed('Sorry.', [])}"
        give_talk(vendor, conversation_body(5001, incoming=False, user_id=AGENT, body=body))

        assert desk.read_ticket("35").messages[-1].author is Author.AGENT


class TestFollowUps:
    NEW = NewTicket(
        subject="Lamp", text="For the team only.", requester_id=str(REQUESTER), marker="step-9", follow_up_of="35"
    )

    def test_an_internal_one_shows_its_customer_only_what_it_is_about(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        vendor.add("POST", f"{API}/tickets", json=ticket_body(id=77))
        vendor.add("POST", f"{API}/tickets/77/notes", json=conversation_body())

        made = desk.create_ticket(self.NEW)

        opened, note = sent(vendor, "POST")
        assert made == "77"
        assert "team only" not in opened["description"]
        assert "follow-up of ticket 35" in opened["description"]
        assert (note["private"], "team only" in note["body"]) == (True, True)

    def test_one_whose_note_was_lost_may_not_be_opened_again(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        vendor.add("POST", f"{API}/tickets", json=ticket_body(id=77))
        vendor.add("POST", f"{API}/tickets/77/notes", status=429)

        with pytest.raises(Unavailable) as caught:
            desk.create_ticket(self.NEW)

        assert caught.value.sent

    def test_it_is_found_by_its_marker_among_the_requesters_tickets(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give(vendor)
        ours = ticket_body(id=77, description=marks.dressed("Lamp", ["step-9"]))
        vendor.add("GET", f"{API}/tickets", json=[ticket_body(id=78), ours])

        assert desk.find_follow_up("35", "step-9") == "77"
        assert desk.find_follow_up("35", "step-8") is None


class TestPeople:
    def test_a_groups_members_are_its_agents(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        vendor.add("GET", f"{API}/groups/701", json={"id": 701, "name": "Recovery", "agent_ids": [AGENT]})
        vendor.add("GET", f"{API}/agents", json=[agent_body(AGENT), agent_body(INTEGRATION)])

        assert [member.id for member in desk.read_members("701")] == [str(AGENT)]

    def test_a_load_counts_what_is_not_solved(self, vendor: responses.RequestsMock) -> None:
        vendor.add("GET", f"{API}/search/tickets", json={"results": [], "total": 4})
        desk = open_desk(credentials={"statuses": "6=pending, 8=solved"})

        loads = desk.read_loads([str(AGENT)])

        query = parse_qs(urlsplit(str(vendor.calls[0].request.url)).query)["query"]
        assert loads == {str(AGENT): 4}
        assert query == [f'"agent_id:{AGENT} AND (status:2 OR status:3 OR status:6)"']


class TestRatings:
    def test_every_rating_is_read_with_its_scale(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        give(vendor)
        give_talk(vendor)
        rating = {"id": 9, "survey_id": 4, "feedback": "Slow", "ratings": {"default_question": -102}}
        vendor.add("GET", RATINGS, json=[{**rating, "created_at": LATER}])
        question = {"id": "default_question", "default": True, "accepted_ratings": [103, 102, 100, -102, -103]}
        vendor.add("GET", f"{API}/surveys", json=[{"id": 4, "questions": [question]}])

        (found,) = desk.read_ticket("35", with_ratings=True).ratings or ()

        assert (found.value, found.original, found.scale, found.comment) == (0.25, "-102", "1-5", "Slow")

    def test_a_plan_without_surveys_has_no_ratings(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        give(vendor)
        give_talk(vendor)
        vendor.add("GET", RATINGS, json={"code": "require_feature", "message": "no"}, status=403)

        assert desk.read_ticket("35", with_ratings=True).ratings == ()

    def test_refused_credentials_are_no_missing_surveys(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        give(vendor)
        vendor.add("GET", RATINGS, json={"code": "invalid_credentials", "message": "no"}, status=401)

        with pytest.raises(Refused) as caught:
            desk.read_ticket("35", with_ratings=True)

        assert caught.value.auth


class TestMacros:
    def test_canned_responses_of_shared_folders_are_macros(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        folders = [{"id": 1, "name": "All"}, {"id": 2, "name": "Mine", "personal": True}]
        vendor.add("GET", f"{API}/canned_response_folders", json=folders)
        canned = [{"id": 11, "title": "Acknowledge [do: priority=high]", "content_html": "<p>Sorry.</p>"}]
        vendor.add("GET", f"{API}/canned_response_folders/1/responses", json=canned)

        assert [(macro.id, macro.title) for macro in desk.read_macros()] == [("11", "Acknowledge")]

    def test_a_macro_is_read_when_it_is_used(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        canned = {"id": 11, "title": "Acknowledge", "content_html": "<p>Sorry, {{ticket.requester.name}}.</p>"}
        vendor.add("GET", f"{API}/canned_responses/11", json=canned)

        write = desk.macro_write(make_ticket(), "11")

        assert write.comment == Comment(text="Sorry, Ada Example.", public=True)
