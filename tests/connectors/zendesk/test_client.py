"""The calls of an opened Zendesk desk with answers that the sandbox cannot stage: odd bodies, edits of one second."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from connectors.base import Connector, Line
from connectors.errors import Closed, Conflict, ConnectorError, NotFound, Refused, Unavailable
from connectors.http import USER_AGENT
from connectors.ticket import Author, Comment, Priority, TicketStatus, Write
from connectors.zendesk import ZENDESK, client
from tests.connectors.zendesk.bodies import (
    AGENT,
    INTEGRATION,
    LOGIN,
    NOW,
    REQUESTER,
    STAMP,
    comment_body,
    make_ticket,
    people_bodies,
    ticket_body,
    user_body,
)

API = "https://desk.zendesk.com/api/v2"
TICKET, COMMENTS, AUDITS = f"{API}/tickets/35.json", f"{API}/tickets/35/comments.json", f"{API}/tickets/35/audits.json"
TAGS, SURVEYS = f"{API}/tickets/35/tags.json", f"{API}/guide/survey_responses"
#: The vendor's clock in the second of the ticket's stamp, and later.
SAME_SECOND, LATER = "Mon, 02 Mar 2026 08:59:00 GMT", "Mon, 02 Mar 2026 08:59:01 GMT"

NOTE = Write(comment=Comment(text="Noted."), markers=("step-1",))


@pytest.fixture
def vendor() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def desk() -> Iterator[Connector]:
    opened = ZENDESK.open(
        subdomain="desk",
        base_url=None,
        credentials={"email": LOGIN, "api_token": "token-of-ours"},
        line=Line(now=lambda: NOW),
    )
    yield opened
    opened.close()


def give_ticket(vendor: responses.RequestsMock, *, date: str = LATER, **changed: Any) -> None:
    body = {"ticket": ticket_body(**changed), "users": people_bodies()}
    vendor.add("GET", TICKET, json=body, headers={"Date": date})


def give_comments(vendor: responses.RequestsMock, *comments: dict[str, Any], more: str | None = None) -> None:
    meta = {"has_more": more is not None, "after_cursor": more or "the-end"}
    # The vendor gives a next link on the last page too.
    links = {"next": f"{COMMENTS}?page%5Bafter%5D=the-end"}
    vendor.add(
        "GET", COMMENTS, json={"comments": list(comments), "users": people_bodies(), "meta": meta, "links": links}
    )


def written(**changed: Any) -> dict[str, Any]:
    """The answer to an update."""
    audit = {"id": 6001, "ticket_id": 35, "author_id": INTEGRATION, "events": [], "metadata": {}}
    return {"ticket": ticket_body(updated_at="2026-03-02T09:00:00Z"), "audit": {**audit, **changed}}


def sent(vendor: responses.RequestsMock, place: int = -1) -> Any:
    return json.loads(vendor.calls[place].request.body or "null")


def methods(vendor: responses.RequestsMock) -> list[str | None]:
    return [call.request.method for call in vendor.calls]


class TestReading:
    def test_the_two_calls_ask_for_people_and_for_the_newest_first(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give_ticket(vendor)
        give_comments(vendor, comment_body())

        desk.read_ticket("35")

        asked = [parse_qs(urlsplit(str(call.request.url)).query) for call in vendor.calls]
        assert asked == [
            {"include": ["users,organizations"]},
            {"page[size]": ["100"], "include": ["users"], "sort": ["-created_at"]},
        ]

    def test_requests_carry_the_token_and_our_name(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        give_ticket(vendor)
        give_comments(vendor)

        desk.read_ticket("35")

        headers = vendor.calls[0].request.headers
        assert headers["Authorization"] == "Basic aW50ZWdyYXRpb25AZXhhbXBsZS5jb20vdG9rZW46dG9rZW4tb2Ytb3Vycw=="
        assert headers["User-Agent"] == USER_AGENT

    def test_a_comment_of_the_same_second_as_the_last_known_one_is_not_lost(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give_ticket(vendor)
        # Of one second, in any order: 5001 was there before 5002 was known, 5003 came after it.
        give_comments(vendor, comment_body(5002), comment_body(5003), comment_body(5001))

        messages = desk.read_ticket("35", after="5002").messages

        assert [message.id for message in messages] == ["5003"]

    def test_what_our_user_wrote_without_marks_is_the_systems_too(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give_ticket(vendor)
        give_comments(vendor, comment_body(author_id=INTEGRATION, via={"channel": "web"}), comment_body(5000))

        assert [message.author for message in desk.read_ticket("35").messages] == [Author.CUSTOMER, Author.SYSTEM]

    def test_a_requester_who_shares_our_address_is_still_the_customer(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        vendor.add("GET", TICKET, json={"ticket": ticket_body(), "users": [user_body(email=LOGIN.upper())]})
        vendor.add("GET", COMMENTS, json={"comments": [comment_body()]})

        assert desk.read_ticket("35").messages[0].author is Author.CUSTOMER

    def test_a_requester_who_is_not_told_of_is_known_by_id(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        vendor.add("GET", TICKET, json={"ticket": ticket_body()})
        give_comments(vendor)

        assert desk.read_ticket("35").requester.id == str(REQUESTER)

    def test_a_deleted_ticket_that_is_still_shown_has_no_messages(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give_ticket(vendor, status="deleted")

        ticket = desk.read_ticket("35")

        assert (ticket.status, ticket.messages, len(vendor.calls)) == (TicketStatus.DELETED, (), 1)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"ticket": None},
            {"ticket": []},
            {"ticket": ticket_body(id="x")},
            {"ticket": ticket_body(), "users": [{"id": None}]},
            {"ticket": ticket_body(), "users": 5},
        ],
    )
    def test_a_ticket_of_the_wrong_shape_is_a_helpdesk_in_trouble(
        self, vendor: responses.RequestsMock, desk: Connector, body: dict[str, Any]
    ) -> None:
        vendor.add("GET", TICKET, json=body)

        with pytest.raises(Unavailable, match="makes no sense") as caught:
            desk.read_ticket("35")

        assert not caught.value.sent

    @pytest.mark.parametrize(
        "body", [{}, {"comments": None}, {"comments": {}}, {"comments": [None]}, {"comments": [{"id": 1}]}]
    )
    def test_comments_of_the_wrong_shape_are_too(
        self, vendor: responses.RequestsMock, desk: Connector, body: dict[str, Any]
    ) -> None:
        give_ticket(vendor)
        vendor.add("GET", COMMENTS, json=body)

        with pytest.raises(Unavailable):
            desk.read_ticket("35")

    def test_invalid_utf8_in_a_comment_costs_one_character(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        give_ticket(vendor)
        raw = json.dumps({"comments": [comment_body(plain_body="caf@")]}).encode().replace(b"@", b"\xe9")
        vendor.add("GET", COMMENTS, body=raw, content_type="application/json")

        assert desk.read_ticket("35").messages[0].text == "caf\ufffd"

    def test_pages_without_end_are_given_up(
        self, vendor: responses.RequestsMock, desk: Connector, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client, "MAX_PAGES", 3)
        give_ticket(vendor)
        give_comments(vendor, comment_body(), more="again")

        with pytest.raises(Unavailable, match="35: more than"):
            desk.read_ticket("35")

        assert len(vendor.calls) == 4

    @pytest.mark.parametrize("status", [400, 403, 404])
    def test_an_account_without_surveys_has_its_older_rating(
        self, vendor: responses.RequestsMock, desk: Connector, status: int
    ) -> None:
        give_ticket(vendor, satisfaction_rating={"id": 9, "score": "bad"})
        vendor.add("GET", SURVEYS, status=status, json={"errors": []})
        give_comments(vendor)

        assert [rating.id for rating in desk.read_ticket("35", with_ratings=True).ratings or ()] == ["9"]

    def test_ratings_come_oldest_first(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        give_ticket(vendor, satisfaction_rating={"id": 9, "score": "bad"})
        question = {"sub_type": "customer_satisfaction"}
        answers = [
            {
                "type": "rating_scale",
                "rating": 5,
                "rating_category": "good",
                "question": question,
                "created_at": "2026-03-01T12:00:00Z",
            }
        ]
        vendor.add(
            "GET", SURVEYS, json={"survey_responses": [{"id": "01B", "answers": []}, {"id": "01A", "answers": answers}]}
        )
        give_comments(vendor)

        assert [one.id for one in desk.read_ticket("35", with_ratings=True).ratings or ()] == ["01A", "9"]
        assert "filter%5Bsubject_zrns%5D=zen%3Aticket%3A35" in str(vendor.calls[1].request.url)

    def test_refused_credentials_are_no_missing_surveys(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        give_ticket(vendor)
        vendor.add("GET", SURVEYS, status=401, json={"error": "Couldn't authenticate you"})

        with pytest.raises(Refused, match="Couldn't authenticate you"):
            desk.read_ticket("35", with_ratings=True)

    def test_nothing_is_cached(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        vendor.add("GET", f"{API}/users/me.json", json={"user": user_body(INTEGRATION, role="admin")})

        assert desk.me() == desk.me()
        assert len(vendor.calls) == 2


class TestWriting:
    def test_the_update_is_safe_marked_and_holds_nothing_else(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        vendor.add("PUT", TICKET, json=written())

        receipt = desk.write(make_ticket(), Write(priority=Priority.HIGH, markers=("step-1", "step-2")))

        assert sent(vendor) == {
            "ticket": {
                "id": 35,
                "priority": "high",
                "metadata": {"kintsugi": "step-1 step-2"},
                "safe_update": True,
                "updated_stamp": STAMP,
            }
        }
        assert (receipt.audit_id, receipt.stamp) == ("6001", "2026-03-02T09:00:00Z")
        assert receipt.at == datetime(2026, 3, 2, 9, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("method", "write", "tags"),
        [
            ("PUT", Write(add_tags=frozenset({"b", "a"})), ["a", "b"]),
            ("DELETE", Write(remove_tags=frozenset({"lamp"})), ["lamp"]),
        ],
    )
    def test_tags_alone_use_the_safe_tag_calls(
        self, vendor: responses.RequestsMock, desk: Connector, method: str, write: Write, tags: list[str]
    ) -> None:
        vendor.add(method, TAGS, json={"tags": []})

        receipt = desk.write(make_ticket(), write)

        assert sent(vendor) == {"tags": tags, "safe_update": "true", "updated_stamp": STAMP}
        assert (receipt.audit_id, receipt.stamp) == ("", STAMP)

    @pytest.mark.parametrize(
        ("status", "body", "kind", "said"),
        [
            (409, {"error": "UpdateConflict"}, Conflict, "ticket 35: .*409: UpdateConflict"),
            (404, {"error": "RecordNotFound", "description": "Not found"}, NotFound, "ticket 35: .*RecordNotFound"),
            (403, {"error": {"title": "Forbidden", "message": "no"}}, Refused, "403: Forbidden"),
            (401, {"error": "Couldn't authenticate you"}, Refused, "401"),
            (400, {}, Refused, "no reason given"),
            (
                422,
                {
                    "error": "RecordInvalid",
                    "details": {"status": [{"description": "Status: closed prevents ticket update"}]},
                },
                Closed,
                "closed",
            ),
            (
                422,
                {"error": "RecordInvalid", "details": {"group": [{"description": "Group: is invalid"}]}},
                Refused,
                "group: Group: is invalid",
            ),
            (
                422,
                {"error": "RecordInvalid", "details": {"requester": [{"description": "private@example.org"}]}},
                Refused,
                r"\(requester\)",
            ),
            (422, {"error": "invalid", "details": "odd"}, Refused, "422: invalid"),
            (422, {"error": "RecordInvalid", "details": {"base": ["odd"], "x": []}}, Refused, r"\(base; x\)"),
            (404, None, Unavailable, "address"),
        ],
    )
    def test_a_refusal_is_told_apart_by_what_the_caller_can_do(
        self,
        vendor: responses.RequestsMock,
        desk: Connector,
        status: int,
        body: dict[str, Any] | None,
        kind: type[ConnectorError],
        said: str,
    ) -> None:
        vendor.add("PUT", TICKET, status=status, body=json.dumps(body) if body is not None else "<html>")

        with pytest.raises(kind, match=said) as caught:
            desk.write(make_ticket(), NOTE)

        assert type(caught.value) is kind
        assert "private@example.org" not in str(caught.value)
        assert getattr(caught.value, "auth", False) is (status == 401)
        assert len(vendor.calls) == 1

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "{",
            "<html>",
            "[]",
            "{}",
            '{"ok": true}',
            '{"ticket": {"id": 35}}',
            json.dumps({**written(), "audit": None}),
            json.dumps({**written(), "ticket": None}),
            json.dumps({**written(), "ticket": {"updated_at": "now"}}),
            json.dumps(written(id=None))[:-9],
        ],
    )
    def test_a_200_that_says_nothing_leaves_the_outcome_unknown(
        self, vendor: responses.RequestsMock, desk: Connector, body: str
    ) -> None:
        vendor.add("PUT", TICKET, body=body)

        with pytest.raises(Unavailable) as caught:
            desk.write(make_ticket(), NOTE)

        assert caught.value.sent
        assert methods(vendor) == ["PUT"]


class TestSameSecond:
    """The vendor compares stamps by the second, so a safe update cannot see an edit within the second it names."""

    ASSIGN = Write(assignee_id=str(AGENT), comment=Comment(text="Yours."))

    def read(self, vendor: responses.RequestsMock, desk: Connector, date: str) -> Any:
        give_ticket(vendor, date=date)
        give_comments(vendor)
        return desk.read_ticket("35")

    def test_a_ticket_read_within_the_second_of_its_stamp_is_looked_at_again(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        ticket = self.read(vendor, desk, SAME_SECOND)
        vendor.replace("GET", TICKET, json={"ticket": ticket_body(assignee_id=AGENT + 7)})

        with pytest.raises(Conflict, match="assignee_id"):
            desk.write(ticket, self.ASSIGN)

        assert methods(vendor) == ["GET", "GET", "GET"]

    def test_when_it_is_still_the_same_it_is_written(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        ticket = self.read(vendor, desk, SAME_SECOND)
        vendor.add("PUT", TICKET, json=written())

        desk.write(ticket, self.ASSIGN)

        assert methods(vendor) == ["GET", "GET", "GET", "PUT"]

    @pytest.mark.parametrize(("date", "write"), [(LATER, ASSIGN), (SAME_SECOND, NOTE), ("", ASSIGN), ("soon", ASSIGN)])
    def test_a_later_read_or_a_harmless_change_costs_no_second_look(
        self, vendor: responses.RequestsMock, desk: Connector, date: str, write: Write
    ) -> None:
        ticket = self.read(vendor, desk, date)
        vendor.add("PUT", TICKET, json=written())

        desk.write(ticket, write)

        assert methods(vendor) == ["GET", "GET", "PUT"]

    def swap(self, vendor: responses.RequestsMock, desk: Connector, replaced: list[str]) -> None:
        """Swap one of our tags for another over an edit that nobody saw."""
        events = [{"type": "Change", "field_name": "tags", "value": [], "previous_value": replaced}]
        vendor.add("PUT", TICKET, json=written(events=events))
        desk.write(make_ticket(), Write(add_tags=frozenset({"new"}), remove_tags=frozenset({"lamp"})))

    def test_tags_of_an_edit_that_the_update_replaced_are_put_back(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        for method in ("PUT", "DELETE"):
            vendor.add(method, TAGS, json={"tags": []})

        self.swap(vendor, desk, ["lamp", "agents_own"])

        assert methods(vendor) == ["PUT", "PUT", "DELETE"]
        assert (sent(vendor, 1), sent(vendor, 2)) == ({"tags": ["agents_own"]}, {"tags": ["vip"]})

    def test_nothing_is_mended_where_nothing_was_lost(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        self.swap(vendor, desk, ["vip", "lamp"])

        assert methods(vendor) == ["PUT"]

    @pytest.mark.parametrize("status", [404, 409, 429, 503])
    def test_trouble_while_mending_never_reads_as_if_nothing_had_been_written(
        self, vendor: responses.RequestsMock, desk: Connector, status: int
    ) -> None:
        vendor.add("PUT", TAGS, status=status, json={})

        with pytest.raises(Unavailable, match="not mended") as caught:
            self.swap(vendor, desk, ["vip", "lamp", "agents_own"])

        assert caught.value.sent


class TestOtherCalls:
    def test_markers_are_looked_for_from_the_newest_change_on(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        marked = {"id": 1, "metadata": {"custom": {"kintsugi": "step-1 step-2"}}}
        vendor.add(
            "GET", AUDITS, json={"audits": [None, {"id": 2}, marked], "meta": {"has_more": True, "after_cursor": "c"}}
        )

        assert desk.find_write("35", ["step-1"]) == {"step-1"}
        assert "sort=-created_at" in str(vendor.calls[0].request.url)
        assert len(vendor.calls) == 1

    def test_a_very_long_log_is_read_no_further_than_its_newest_part(
        self, vendor: responses.RequestsMock, desk: Connector, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client, "MAX_PAGES", 3)
        vendor.add("GET", AUDITS, json={"audits": [], "meta": {"has_more": True, "after_cursor": "c"}})

        assert desk.find_write("35", ["step-1"]) == frozenset()
        assert len(vendor.calls) == 3

    def test_a_macro_without_words_costs_one_call(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        actions = [{"field": "status", "value": "pending"}]
        vendor.add("GET", f"{API}/macros/8.json", json={"macro": {"id": 8, "title": "Wait", "actions": actions}})

        assert desk.macro_write(make_ticket(), "8") == Write(status=TicketStatus.PENDING)
        assert len(vendor.calls) == 1

    def test_an_inactive_macro_is_refused(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        vendor.add(
            "GET", f"{API}/macros/8.json", json={"macro": {"id": 8, "title": "Old", "active": False, "actions": []}}
        )

        with pytest.raises(Refused, match="'Old': it is not active"):
            desk.macro_write(make_ticket(), "8")

    def test_inactive_macros_are_not_listed(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        listed = [{"id": 8, "title": "Old", "active": False}, {"id": 9, "title": "New", "active": True}]
        vendor.add("GET", f"{API}/macros.json", json={"macros": listed, "meta": {"has_more": False}, "links": {}})

        assert [macro.title for macro in desk.read_macros()] == ["New"]

    def test_more_tags_than_are_read_are_as_good_as_none(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        meta = {"has_more": True, "after_cursor": "c"}
        vendor.add("GET", f"{API}/tags.json", json={"tags": [{"name": "vip", "count": 3}], "meta": meta})

        assert desk.read_tags() is None
        assert len(vendor.calls) == client.MAX_TAG_PAGES

    def test_fields_of_every_account_and_inactive_ones_are_no_names(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        kinds = [(True, True), (False, True), (True, False)]
        fields = [
            {"id": number, "title": f"Field {number}", "removable": removable, "active": active}
            for number, (removable, active) in enumerate(kinds)
        ]
        vendor.add("GET", f"{API}/ticket_fields.json", json={"ticket_fields": fields, "meta": {"has_more": False}})

        assert desk.read_fields() == {"0": "Field 0"}

    def test_a_list_is_followed_by_its_own_links(self, vendor: responses.RequestsMock, desk: Connector) -> None:
        more = {"groups": [{"id": 1, "name": "A"}], "meta": {"has_more": True}, "links": {"next": f"{API}/groups/more"}}
        vendor.add("GET", f"{API}/groups.json", json=more)
        vendor.add("GET", f"{API}/groups/more", json={"groups": [{"id": 2, "name": "B"}], "meta": {"has_more": False}})

        assert [group.name for group in desk.read_groups()] == ["A", "B"]

    def test_a_list_that_leads_to_another_host_is_not_followed(
        self, vendor: responses.RequestsMock, desk: Connector
    ) -> None:
        links = {"next": "https://evil.example.com/api/v2/groups.json"}
        vendor.add(
            "GET",
            f"{API}/groups.json",
            json={"groups": [{"id": 1, "name": "A"}], "meta": {"has_more": True}, "links": links},
        )

        with pytest.raises(Unavailable):
            desk.read_groups()

        assert len(vendor.calls) == 1

    @pytest.mark.parametrize(
        ("path", "call"),
        [
            ("users/me.json", lambda desk: desk.me()),
            ("groups.json", lambda desk: desk.read_groups()),
            ("macros.json", lambda desk: desk.read_macros()),
            ("users.json", lambda desk: desk.read_agents()),
            ("ticket_fields.json", lambda desk: desk.read_fields()),
            ("tags.json", lambda desk: desk.read_tags()),
            ("groups/7/users.json", lambda desk: desk.read_members("7")),
            ("search/count.json", lambda desk: desk.read_loads(["7"])),
            ("macros/8.json", lambda desk: desk.macro_write(make_ticket(), "8")),
        ],
    )
    @pytest.mark.parametrize(
        "body", [{}, {"odd": [1]}, {"groups": [{"name": "A"}], "macros": [{}], "users": [[]], "count": "9"}]
    )
    def test_an_answer_of_the_wrong_shape_is_a_helpdesk_in_trouble(
        self,
        vendor: responses.RequestsMock,
        desk: Connector,
        path: str,
        call: Callable[[Connector], object],
        body: dict[str, Any],
    ) -> None:
        vendor.add("GET", f"{API}/{path}", json=body)

        with pytest.raises(Unavailable):
            call(desk)

    def test_an_api_token_past_its_end_is_a_finding(self, vendor: responses.RequestsMock) -> None:
        opened = ZENDESK.open(
            subdomain="desk",
            base_url=None,
            credentials={"email": LOGIN, "api_token": "t"},
            line=Line(now=lambda: datetime(2027, 4, 30, tzinfo=UTC)),
        )
        vendor.add("GET", f"{API}/users/me.json", json={"user": user_body(INTEGRATION, role="admin")})
        vendor.add("GET", f"{API}/tickets.json", json={"tickets": []})
        vendor.add("GET", f"{API}/webhooks", json={"webhooks": []})
        for path in ("guide/survey_responses", "satisfaction_ratings.json", "ticket_fields.json"):
            vendor.add("GET", f"{API}/{path}", json={})
        vendor.add("GET", f"{API}/incremental/tickets/cursor.json", json={"tickets": []})

        wrong = [finding for finding in opened.check() if not finding.ok]

        assert [(finding.name, finding.remedy) for finding in wrong] == [("api token", "Connect this desk by OAuth.")]
