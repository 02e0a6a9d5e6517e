"""Everything of the Freshdesk API that is not a ticket: credentials, limits, people, ratings, texts, fields, search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.sandbox import Sandbox
from connectors.sandbox.freshdesk.limits import FreshdeskLimits, FreshdeskPlan
from tests.connectors.sandbox.freshdesk.parts import Api
from tests.connectors.sandbox.parts import Play


class TestCredentials:
    def test_a_key_is_one_agents_and_acts_as_that_agent(self, sandbox: Sandbox) -> None:
        agent_id = sandbox.account.agent_ids[1]

        with Api(sandbox, agent_id=agent_id) as api:
            me = api.read("agents/me")

        assert (me["id"], me["contact"]["name"], me["type"]) == (agent_id, "Agent Two", "support_agent")

    def test_any_password_will_do(self, api: Api, sandbox: Sandbox) -> None:
        api.auth = (sandbox.account.api_token, "something")

        assert api("GET", "agents/me").status_code == 200

    @pytest.mark.parametrize("header", ["", "Basic ???", "Basic d3Jvbmc6WA==", "Bearer wrong"])
    def test_anything_else_is_turned_away(self, api: Api, header: str) -> None:
        api.auth = None

        answer = api.get(f"{api.root}/agents/me", headers={"Authorization": header}, timeout=5)

        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")

    @pytest.mark.parametrize(("method", "path"), [("GET", "automations/4/rules"), ("POST", "admin/ticket_fields")])
    def test_an_agent_who_is_no_admin_may_not_change_the_account(
        self, sandbox: Sandbox, method: str, path: str
    ) -> None:
        with Api(sandbox, agent_id=sandbox.account.agent_ids[0]) as api:
            answer = api(method, path, label="x")

        assert (answer.status_code, answer.json()["code"]) == (403, "access_denied")


class TestLimits:
    def test_every_answer_tells_the_accounts_allowance_and_what_the_call_cost(self, api: Api, play: Play) -> None:
        ticket_id = play.ticket()

        first = api("GET", f"tickets/{ticket_id}?include=stats,requester")
        second = api("GET", "tickets?include=requester")

        names = ("X-RateLimit-Total", "X-RateLimit-Remaining", "X-RateLimit-Used-CurrentRequest")
        assert [first.headers[name] for name in names] == ["700", "697", "3"]
        assert [second.headers[name] for name in names] == ["700", "694", "3"]

    def test_a_spent_allowance_is_429_with_whole_seconds_and_no_effect(self, api: Api, play: Play) -> None:
        ticket_id = play.ticket()
        play("limits", account=1)
        api("GET", "agents/me")

        answer = api("PUT", f"tickets/{ticket_id}", priority=4)

        assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (429, "0")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert play.state(ticket_id)["priority"] is None

    def test_a_call_with_wrong_credentials_counts_too(self, api: Api, play: Play) -> None:
        play("limits", account=1)
        right, api.auth = api.auth, ("wrong", "X")
        api("GET", "agents/me")
        api.auth = right

        assert api("GET", "agents/me").status_code == 429

    @pytest.mark.parametrize(
        ("method", "path", "bucket"),
        [
            ("PUT", "tickets/1", "tickets_update"),
            ("GET", "tickets", "tickets_list"),
            ("POST", "tickets", "tickets_create"),
            ("GET", "contacts", "contacts_list"),
        ],
    )
    def test_some_endpoints_have_a_limit_of_their_own(
        self, api: Api, play: Play, method: str, path: str, bucket: str
    ) -> None:
        play.ticket()
        play("limits", **{bucket: 1})
        before = api(method, path, subject="x")

        after = api(method, path, subject="x")

        assert (before.status_code == 429, after.status_code) == (False, 429)
        assert api("GET", "agents/me").status_code == 200

    def test_a_conversation_is_no_update_of_its_ticket(self) -> None:
        limits = FreshdeskLimits(FreshdeskPlan(tickets_update=0, tickets_create=0, tickets_list=0))

        told = limits.spend("POST", "/api/v2/tickets/1/notes", 1)

        assert [standing.bucket for standing in told] == ["account"]


class TestPeople:
    def test_groups_name_their_agents(self, api: Api, sandbox: Sandbox) -> None:
        account = sandbox.account
        groups = {group["name"]: group for group in api.read("groups")}

        assert groups["Recovery"]["agent_ids"] == list(account.agent_ids[:2])
        assert api.read(f"groups/{account.group_ids['Recovery']}") == groups["Recovery"]

    def test_agents_and_contacts_are_not_each_other(self, api: Api, play: Play, sandbox: Sandbox) -> None:
        requester = api.read(f"tickets/{play.ticket()}")["requester_id"]
        agent = sandbox.account.agent_ids[0]

        found = [api("GET", path).status_code for path in (f"contacts/{requester}", f"agents/{agent}")]
        not_found = [api("GET", path).status_code for path in (f"agents/{requester}", f"contacts/{agent}")]

        assert (found, not_found) == ([200, 200], [404, 404])

    def test_contacts_are_found_by_address_and_belong_to_the_company_of_its_domain(self, api: Api) -> None:
        company = api("POST", "companies", name="Second Example", domains=["second.example"]).json()
        made = api("POST", "contacts", name="One", email="one@second.example").json()

        assert api.read("contacts?email=one@second.example") == [made]
        assert api.read(f"contacts?company_id={company['id']}") == [made]
        assert api.read(f"companies/{company['id']}")["domains"] == ["second.example"]

    def test_an_address_is_one_contacts(self, api: Api) -> None:
        api("POST", "contacts", name="One", email="one@example.org")

        again = api("POST", "contacts", name="Two", email="one@example.org")

        assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "duplicate_value")


class TestRatings:
    @pytest.mark.parametrize(
        ("score", "points", "code"),
        [
            (1, 5, -103),
            (2, 5, -102),
            (3, 5, 100),
            (5, 5, 103),
            (4, 3, 103),
            (3, 2, 103),
            (2, 7, -101),
            ("bad", 7, -103),
        ],
    )
    def test_what_people_say_is_a_face_of_the_survey(
        self, api: Api, play: Play, score: int | str, points: int, code: int
    ) -> None:
        ticket_id = play.ticket()
        play("settings", rating_points=points)

        play(f"tickets/{ticket_id}/rating", score=score, comment="Slow")

        found = api.read(f"tickets/{ticket_id}/satisfaction_ratings")
        assert [(one["ratings"], one["feedback"]) for one in found] == [({"default_question": code}, "Slow")]
        assert [one["id"] for one in api.read("surveys/satisfaction_ratings")] == [found[0]["id"]]

    def test_the_survey_tells_its_scale(self, api: Api, play: Play) -> None:
        play("settings", rating_points=3)

        (survey,) = api.read("surveys?state=active")

        assert survey["questions"][0]["accepted_ratings"] == [103, 100, -103]

    def test_a_rating_can_be_recorded_and_names_its_survey(self, api: Api, play: Play) -> None:
        ticket_id = play.ticket()

        path, ratings = f"tickets/{ticket_id}/satisfaction_ratings", {"default_question": -103}
        made = api("POST", path, ratings=ratings, feedback="Bad")

        assert (made.status_code, made.json()["survey_id"]) == (201, api.read("surveys")[0]["id"])
        assert play.state(ticket_id)["ratings"] == [{"score": "Extremely unhappy", "comment": "Bad"}]

    def test_a_face_that_the_survey_does_not_have_is_refused(self, api: Api, play: Play) -> None:
        path = f"tickets/{play.ticket()}/satisfaction_ratings"

        assert api.wrong("POST", path, ratings={"default_question": -101}) == [("default_question", "invalid_value")]


class TestTexts:
    def test_folders_lead_to_their_texts(self, api: Api, sandbox: Sandbox) -> None:
        (folder,) = api.read("canned_response_folders")

        texts = api.read(f"canned_response_folders/{folder['id']}/responses")

        assert {text["id"] for text in texts} == set(sandbox.account.macro_ids.values())
        assert api.read(f"canned_responses/{texts[0]['id']}") == texts[0]

    def test_texts_are_made_changed_and_taken_away(self, api: Api) -> None:
        folder = api("POST", "canned_response_folders", name="Ours").json()["id"]
        made = api("POST", "canned_responses", title="Sorry", content_html="<p>Sorry!</p>", folder_id=folder).json()
        changed = api("PUT", f"canned_responses/{made['id']}", title="So sorry").json()
        gone = api("DELETE", f"canned_responses/{made['id']}").status_code

        assert (made["content"], changed["title"], changed["content_html"], gone) == (
            "Sorry!", "So sorry", "<p>Sorry!</p>", 204,
        )  # fmt: skip
        assert api.read(f"canned_response_folders/{folder}/responses") == []


class TestFields:
    def test_the_status_field_names_custom_statuses(self, api: Api) -> None:
        (status,) = api.read("ticket_fields?type=default_status")

        assert status["choices"]["7"] == ["Waiting on Third Party", "Waiting on Third Party"]

    def test_a_new_field_stands_in_tickets_under_a_name_made_of_its_label(self, api: Api, play: Play) -> None:
        made = api("POST", "admin/ticket_fields", label="How bad?", label_for_customers="x", type="custom_number")
        ticket_id = play.ticket()

        api("PUT", f"tickets/{ticket_id}", custom_fields={"cf_how_bad": 4})

        assert (made.status_code, made.json()["name"]) == (201, "cf_how_bad")
        assert api.read(f"tickets/{ticket_id}")["custom_fields"] == {"cf_order_number": None, "cf_how_bad": 4}

    def test_a_label_is_one_fields_and_a_field_can_be_taken_away(self, api: Api) -> None:
        field = api("POST", "admin/ticket_fields", label="Cause", type="custom_text").json()

        again = api("POST", "admin/ticket_fields", label="Cause", type="custom_text")
        gone = api("DELETE", f"admin/ticket_fields/{field['id']}")

        assert (again.status_code, gone.status_code) == (409, 204)
        assert "cf_cause" not in {one["name"] for one in api.read("admin/ticket_fields")}


class TestMany:
    def test_a_bulk_update_is_a_job_and_one_that_fails_stops_no_other(self, api: Api, play: Play) -> None:
        first, gone, last = play.ticket(), play.ticket(), play.ticket()
        api("DELETE", f"tickets/{gone}")

        action = {"ids": [first, gone, last], "properties": {"priority": 4}, "reply": {"body": "We know."}}
        started = api("POST", "tickets/bulk_update", bulk_action=action)
        job = api.read(f"jobs/{started.json()['job_id']}")

        assert (started.status_code, [one["success"] for one in job["data"]]) == (202, [True, False, True])
        for ticket_id in (first, last):
            state = play.state(ticket_id)
            assert (state["priority"], state["comments"][-1]["text"]) == ("urgent", "We know.")

    @pytest.mark.parametrize(
        ("action", "error"),
        [
            ({"ids": []}, ("ids", "invalid_value")),
            ({"ids": "1"}, ("ids", "datatype_mismatch")),
            ({"ids": [1], "properties": {"status": 99}}, ("status", "invalid_value")),
            ({"ids": [1], "fields": {}}, ("fields", "invalid_field")),
        ],
    )
    def test_a_bulk_update_that_cannot_be_is_refused_at_once(
        self, api: Api, action: Mapping[str, Any], error: tuple[str, str]
    ) -> None:
        assert api.wrong("POST", "tickets/bulk_update", bulk_action=action) == [error]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("status:2", {1, 3}),
            ("status:4 OR tag:late", {2, 3}),
            ("(status:4 OR tag:'late') AND priority:3", {3}),
            ("agent_id:null AND status:4", {2}),
            ("priority:>3", {3}),
            ("created_at:>'2026-01-06'", set()),
        ],
    )
    def test_a_search_finds_what_its_terms_say(self, api: Api, play: Play, query: str, found: set[int]) -> None:
        _, solved, late = play.ticket("one"), play.ticket("two"), play.ticket("three", tags=["late"])
        play(f"tickets/{solved}/update", status="solved")
        play(f"tickets/{late}/update", priority="high")

        answer = api.read(f'search/tickets?query="{query}"')

        assert ({ticket["id"] for ticket in answer["results"]}, answer["total"]) == (found, len(found))

    @pytest.mark.parametrize(
        "query",
        ["status:2", '"status=2"', '"nonsense:2"', '"(status:2"', '"status:x"', f'"{"status:2 OR " * 60}status:2"'],
    )
    def test_a_search_that_cannot_be_read_is_refused(self, api: Api, query: str) -> None:
        assert api("GET", f"search/tickets?query={query}").status_code == 400
