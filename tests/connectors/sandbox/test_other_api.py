"""The endpoints beside tickets: people, macros, fields, webhooks, triggers, bulk, search, export and ratings."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.parts import NOON, VENDOR, Api, Clock, Play


class TestCredentials:
    def test_a_bearer_token_is_the_integration_user(self, api: Api, sandbox: Sandbox) -> None:
        headers = {"Authorization": f"Bearer {sandbox.account.oauth_token}"}
        api.auth = None

        me = api.get(f"{VENDOR}/api/v2/users/me", headers=headers, timeout=5).json()["user"]

        assert me["id"] == sandbox.account.integration_id

    def test_the_key_works_for_every_agents_address(self, api: Api, sandbox: Sandbox) -> None:
        api.auth = ("agent-one@example.com/token", sandbox.account.api_token)

        assert api.read("users/me")["user"]["name"] == "Agent One"

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Basic ???",
            "Basic aW50ZWdyYXRpb25AZXhhbXBsZS5jb20vdG9rZW46d3Jvbmc=",
            "Basic aW50ZWdyYXRpb25AZXhhbXBsZS5jb206cGFzc3dvcmQ=",
            "Digest x",
        ],
    )
    def test_anything_else_is_turned_away(self, api: Api, header: str) -> None:
        api.auth = None

        answer = api.get(f"{VENDOR}/api/v2/users/me", headers={"Authorization": header}, timeout=5)

        assert (answer.status_code, answer.json()) == (401, {"error": "Couldn't authenticate you"})

    def test_a_customers_address_is_no_key(self, api: Api, play: Play, sandbox: Sandbox) -> None:
        play.ticket()
        api.auth = ("customer@example.com/token", sandbox.account.api_token)

        assert api("GET", "users/me").status_code == 401

    @pytest.mark.parametrize(
        "path", ["satisfaction_ratings", "guide/survey_responses", "incremental/tickets/cursor?start_time=0"]
    )
    def test_some_lists_are_for_admins_only(self, api: Api, sandbox: Sandbox, path: str) -> None:
        api.auth = ("agent-one@example.com/token", sandbox.account.api_token)

        assert api("GET", path).status_code == 403

    def test_a_stranger_name_for_this_machine_is_turned_away(self, api: Api, sandbox: Sandbox) -> None:
        answer = api.get(f"{sandbox.url}/api/v2/users/me", headers={"Host": "rebound.example.org"}, timeout=5)

        assert answer.status_code == 421

    def test_what_is_not_spoken_says_so(self, api: Api) -> None:
        answer = api("GET", "side_conversations")

        assert (answer.status_code, answer.json()["error"]) == (404, "InvalidEndpoint")

    def test_a_method_that_is_not_spoken_says_so_in_json(self, api: Api) -> None:
        answer = api("PATCH", "groups")

        assert (answer.status_code, "error" in answer.json()) == (404, True)


class TestPeople:
    def test_people_are_found_by_address_and_by_role(self, api: Api, play: Play) -> None:
        play.ticket(email="someone@example.com")

        found = api.read("users/search?query=email:someone@example.com")["users"]
        agents = api.read("users?role[]=agent")["users"]

        assert [user["email"] for user in found] == ["someone@example.com"]
        assert [user["name"] for user in agents] == ["Agent One", "Agent Two", "Agent Three"]

    def test_a_user_is_made_once(self, api: Api) -> None:
        first = api("POST", "users", user={"name": "New", "email": "new@example.com"})
        again = api("POST", "users", user={"name": "New", "email": "new@example.com"})

        assert (first.status_code, again.status_code) == (201, 422)
        assert first.json()["user"]["role"] == "end-user"

    def test_an_agent_joins_a_group(self, api: Api, sandbox: Sandbox) -> None:
        account = sandbox.account
        wanted = {"user_id": account.agent_ids[2], "group_id": account.group_ids["Recovery"]}

        api("POST", "group_memberships", group_membership=wanted)

        found = api.read(f"users/{account.agent_ids[2]}/group_memberships")["group_memberships"]
        assert account.group_ids["Recovery"] in [membership["group_id"] for membership in found]

    def test_a_user_without_a_name_is_malformed(self, api: Api) -> None:
        assert api("POST", "users", user={"email": "x@example.com"}).status_code == 400

    def test_groups_and_memberships_one_by_one(self, api: Api, sandbox: Sandbox) -> None:
        group_id = sandbox.account.group_ids["Retention"]

        assert api.read(f"groups/{group_id}")["group"]["name"] == "Retention"
        assert len(api.read("group_memberships")["group_memberships"]) == 8

    @pytest.mark.parametrize(
        "path", ["users/12", "groups/12", "groups/12/users", "groups/12/memberships", "ticket_fields/12", "macros/12"]
    )
    def test_what_is_unknown_is_not_found(self, api: Api, path: str) -> None:
        assert api("GET", path).json() == {"error": "RecordNotFound", "description": "Not found"}


class TestMacrosAndFields:
    def test_a_macro_alone_names_only_what_it_sets(self, api: Api, sandbox: Sandbox) -> None:
        macro_id = sandbox.account.macro_ids["Recovery: note for the next agent"]

        ticket = api.read(f"macros/{macro_id}/apply")["result"]["ticket"]

        assert set(ticket) == {"tags", "comment"}
        assert ticket["comment"]["public"] is False

    def test_a_macro_of_ones_own(self, api: Api, play: Play, sandbox: Sandbox) -> None:
        ticket_id = play.ticket(tags=["a", "b"])
        order = sandbox.account.field_ids["Order number"]
        actions = [
            {"field": "status", "value": "pending"},
            {"field": "remove_tags", "value": "a"},
            {"field": "current_tags", "value": "c d"},
            {"field": "group_id", "value": str(sandbox.account.group_ids["Retention"])},
            {"field": f"custom_fields_{order}", "value": "x"},
        ]
        macro_id = api("POST", "macros", macro={"title": "Mine", "actions": actions}).json()["macro"]["id"]

        ticket = api.read(f"tickets/{ticket_id}/macros/{macro_id}/apply")["result"]["ticket"]

        assert (ticket["status"], ticket["tags"]) == ("pending", ["b", "c", "d"])
        assert ticket["group_id"] == sandbox.account.group_ids["Retention"]
        assert ticket["custom_fields"] == [{"id": order, "value": "x"}]

    def test_a_macro_with_a_side_conversation_is_there_to_be_refused(self, api: Api, sandbox: Sandbox) -> None:
        macro_id = sandbox.account.macro_ids["Recovery: ask the courier"]

        actions = api.read(f"macros/{macro_id}")["macro"]["actions"]

        assert actions[0]["field"] == "side_conversation"

    def test_a_macro_goes(self, api: Api, sandbox: Sandbox) -> None:
        macro_id = sandbox.account.macro_ids["Recovery: ask the courier"]

        api("DELETE", f"macros/{macro_id}")

        assert api("GET", f"macros/{macro_id}").status_code == 404

    def test_a_macro_can_set_tags_and_clear_values(self, api: Api, play: Play) -> None:
        ticket_id = play.ticket(tags=["a"])
        actions = [
            {"field": "set_tags", "value": "z"},
            {"field": "priority", "value": ""},
            {"field": "comment_value", "value": ["channel:all", "Words"]},
            {"field": "satisfaction_score", "value": "offered"},
        ]
        macro_id = api("POST", "macros", macro={"title": "Mine", "actions": actions}).json()["macro"]["id"]

        ticket = api.read(f"tickets/{ticket_id}/macros/{macro_id}/apply")["result"]["ticket"]

        assert (ticket["tags"], ticket["priority"]) == (["z"], None)
        assert (ticket["comment"]["body"], ticket["comment"]["public"]) == ("Words", True)

    def test_lists_of_macros_and_fields(self, api: Api) -> None:
        assert len(api.read("macros/active")["macros"]) == 3
        assert len(api.read("ticket_fields?page[size]=2")["ticket_fields"]) == 2

    @pytest.mark.parametrize("field", [{"title": "x"}, {"title": 3, "type": "text"}])
    def test_a_field_without_its_parts_is_malformed(self, api: Api, field: dict[str, Any]) -> None:
        assert api("POST", "ticket_fields", ticket_field=field).status_code == 400

    @pytest.mark.parametrize("macro", [{"title": "x"}, {"title": 3, "actions": []}, {"title": "x", "actions": [1]}])
    def test_a_macro_without_its_parts_is_malformed(self, api: Api, macro: dict[str, Any]) -> None:
        assert api("POST", "macros", macro=macro).status_code == 400

    def test_a_field_is_made_and_deleted_but_system_fields_stay(self, api: Api, sandbox: Sandbox) -> None:
        made = api("POST", "ticket_fields", ticket_field={"title": "Satisfaction", "type": "integer"})
        field_id = made.json()["ticket_field"]["id"]

        assert made.status_code == 201
        assert api.read(f"ticket_fields/{field_id}")["ticket_field"]["title"] == "Satisfaction"
        assert api("DELETE", f"ticket_fields/{field_id}").status_code == 204
        assert api("DELETE", f"ticket_fields/{sandbox.account.field_ids['Status']}").status_code == 400


class TestManyTickets:
    def test_the_same_change_for_many(self, api: Api, play: Play) -> None:
        ids = [play.ticket(tags=["old"]), play.ticket()]
        listed = ",".join(map(str, ids))

        api("PUT", f"tickets/update_many?ids={listed}", ticket={"additional_tags": ["x"], "remove_tags": ["old"]})

        assert [play.state(ticket_id)["tags"] for ticket_id in ids] == [["x"], ["x"]]

    def test_more_than_a_hundred_are_too_many(self, api: Api) -> None:
        answer = api("PUT", "tickets/update_many", tickets=[{"id": number} for number in range(101)])

        assert (answer.status_code, answer.json()["error"], answer.json()["max_count"]) == (400, "TooManyValues", 100)

    def test_too_many_ids_to_show(self, api: Api) -> None:
        listed = ",".join(str(number) for number in range(101))

        assert api("GET", f"tickets/show_many?ids={listed}").status_code == 400

    def test_one_that_fails_leaves_the_others(self, api: Api, play: Play) -> None:
        good, closed = play.ticket(), play.ticket()
        play(f"tickets/{closed}/close")
        items = [{"id": closed, "priority": "low"}, {"id": good, "priority": "low"}]

        job = api("PUT", "tickets/update_many", tickets=items).json()["job_status"]

        results = api.read(f"job_statuses/{job['id']}")["job_status"]["results"]
        assert (job["status"], results[0]["error"], results[1]["success"]) == ("queued", "RecordInvalid", True)

    def test_an_unknown_job(self, api: Api) -> None:
        assert api("GET", "job_statuses/none").status_code == 404

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("type:ticket", [1, 2]),
            ("type:user", []),
            ("status:solved", [2]),
            ("status>=open", [2]),
            ("status<open", [1]),
            ("tags:vip", [1]),
            ("parcel", [1, 2]),
            ("assignee:none", [1, 2]),
            ("external_id:shop-2", [2]),
            ('subject"', []),
        ],
    )
    def test_searching(self, api: Api, play: Play, query: str, found: list[int]) -> None:
        play.ticket(tags=["vip"])
        play(f"tickets/{play.ticket(external_id='shop-2')}/update", status="solved")

        results = api.read(f"search?query={query}")["results"]

        assert [result["id"] for result in results] == found

    @pytest.mark.parametrize("query", ["colour:red", "status:lost", "assignee:me"])
    def test_a_search_that_is_not_spoken_is_refused(self, api: Api, query: str) -> None:
        assert api("GET", f"search?query={query}").status_code == 400

    def test_the_export_refuses_a_start_in_the_last_minute(self, api: Api) -> None:
        answer = api("GET", f"incremental/tickets/cursor?start_time={int(NOON.timestamp()) - 30}")

        assert answer.status_code == 400

    def test_an_empty_export_keeps_its_place(self, api: Api, play: Play, clock: Clock) -> None:
        play.ticket()
        clock.step(hours=1)

        first = api.read(f"incremental/tickets/cursor?start_time={int(NOON.timestamp()) + 600}")
        again = api.get(first["after_url"], timeout=5).json()

        assert (first["tickets"], first["end_of_stream"]) == ([], True)
        assert (again["tickets"], again["after_cursor"]) == ([], first["after_cursor"])

    def test_an_export_of_several_pages(self, api: Api, play: Play) -> None:
        first, second = play.ticket(), play.ticket()

        page = api.read("incremental/tickets/cursor?start_time=0&per_page=1")
        rest = api.get(page["after_url"], timeout=5).json()

        assert ([t["id"] for t in page["tickets"]], page["end_of_stream"]) == ([first], False)
        assert ([t["id"] for t in rest["tickets"]], rest["end_of_stream"]) == ([second], True)


class TestRatings:
    def test_a_legacy_rating_is_in_the_ticket_and_in_the_list(self, api: Api, play: Play) -> None:
        play("settings", csat="legacy")
        ticket_id = play.ticket()

        play(f"tickets/{ticket_id}/rating", score="bad", comment="Too slow")

        rating = api.read(f"tickets/{ticket_id}")["ticket"]["satisfaction_rating"]
        listed = api.read("satisfaction_ratings?score=bad")["satisfaction_ratings"]
        assert (rating["score"], rating["comment"]) == ("bad", "Too slow")
        assert [(item["ticket_id"], item["id"]) for item in listed] == [(ticket_id, rating["id"])]

    def test_a_second_legacy_rating_replaces_the_first(self, api: Api, play: Play) -> None:
        play("settings", csat="legacy")
        ticket_id = play.ticket()
        play(f"tickets/{ticket_id}/rating", score="bad")

        play(f"tickets/{ticket_id}/rating", score="good")

        assert [item["score"] for item in api.read("satisfaction_ratings")["satisfaction_ratings"]] == ["good"]

    def test_legacy_ratings_by_time(self, api: Api, play: Play) -> None:
        play("settings", csat="legacy")
        play(f"tickets/{play.ticket()}/rating", score="good")
        noon = int(NOON.timestamp())

        since = api.read(f"satisfaction_ratings?start_time={noon + 1}")["satisfaction_ratings"]
        until = api.read(f"satisfaction_ratings?end_time={noon}")["satisfaction_ratings"]

        assert (len(since), len(until)) == (0, 1)
        assert api("GET", "satisfaction_ratings?start_time=soon").status_code == 400

    def test_an_integration_cannot_rate(self, api: Api, play: Play) -> None:
        answer = api("POST", f"tickets/{play.ticket()}/satisfaction_rating", satisfaction_rating={"score": "good"})

        assert answer.status_code == 403

    @pytest.mark.parametrize(("score", "category"), [(1, "bad"), (2, "bad"), (3, "neutral"), (4, "good"), (5, "good")])
    def test_a_survey_answer_has_a_number_and_a_category(self, api: Api, play: Play, score: int, category: str) -> None:
        ticket_id = play.ticket()

        play(f"tickets/{ticket_id}/rating", score=score, comment="So it is")

        response = api.read(f"guide/survey_responses?filter[subject_zrns]=zen:ticket:{ticket_id}")["survey_responses"][
            0
        ]
        scale, words = response["answers"]
        assert (scale["rating"], scale["rating_category"], words["value"]) == (score, category, "So it is")
        assert response["subjects"] == [
            {"id": str(ticket_id), "type": "ticket", "zrn": f"zen:ticket:{ticket_id}"},
        ]

    def test_a_survey_without_words_was_skipped_there(self, api: Api, play: Play) -> None:
        play(f"tickets/{play.ticket()}/rating", score=4)

        answers = api.read("guide/survey_responses")["survey_responses"][0]["answers"]

        assert answers[1]["type"] == "skipped"

    def test_surveys_by_time_in_milliseconds(self, api: Api, play: Play) -> None:
        play(f"tickets/{play.ticket()}/rating", score=4)
        noon = int(NOON.timestamp() * 1000)

        since = api.read(f"guide/survey_responses?filter[created_at_start]={noon + 1}")["survey_responses"]
        around = api.read(f"guide/survey_responses?filter[created_at_start]={noon}&sort=-id")["survey_responses"]

        assert (len(since), len(around)) == (0, 1)

    def test_a_survey_link_is_made_and_stays_unanswered(self, api: Api, play: Play, sandbox: Sandbox) -> None:
        ticket_id = play.ticket()
        requester_id = api.read(f"tickets/{ticket_id}")["ticket"]["requester_id"]
        wanted = {
            "locale": "en-us",
            "responder_id": str(requester_id),
            "survey_id": sandbox.account.survey_id,
            "subject_zrns": [f"zen:ticket:{ticket_id}"],
        }

        made = api("POST", "guide/survey_responses", survey_response=wanted).json()["survey_response"]

        shown = api.read(f"guide/en-us/survey_responses/{made['id']}")["survey_response"]
        assert (len(made["links"]["rating_links"]), shown["answers"]) == (5, [])

    def test_a_survey_that_is_unknown_or_off(self, api: Api, play: Play, sandbox: Sandbox) -> None:
        unknown = api("POST", "guide/survey_responses", survey_response={"survey_id": "none"})
        play("settings", csat="legacy")
        wanted = {"survey_id": sandbox.account.survey_id, "subject_zrns": ["zen:ticket:1"]}
        disabled = api("POST", "guide/survey_responses", survey_response=wanted)

        assert (unknown.status_code, disabled.status_code) == (404, 409)
        assert unknown.json()["errors"][0]["code"] == "SurveyNotFound"

    def test_subjects_must_be_tickets(self, api: Api) -> None:
        assert api("GET", "guide/survey_responses?filter[subject_zrns]=zen:user:1").status_code == 400
