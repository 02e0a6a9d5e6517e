"""What every connector kind promises, over HTTP against the sandbox helpdesk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from queue import Queue

import pytest

from connectors.base import Connector, WebhookRequest
from connectors.errors import BadBody, BadSignature, Closed, Conflict, NotFound, RateLimited, Refused, Unavailable
from connectors.ticket import Author, Comment, DeskEvent, Priority, Rating, Ticket, TicketStatus, Write
from tests.connectors.stage import STAGES, START, Stage


@pytest.fixture(scope="module", params=sorted(STAGES))
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = STAGES[request.param](tmp_path_factory.mktemp("helpdesk"))
    stage.start()
    yield stage
    stage.stop()


@pytest.fixture
def stage(running: Stage) -> Iterator[Stage]:
    """The running helpdesk without faults and with nothing counted."""
    running.sandbox.helpdesk.faults.clear()
    running.calls.clear()
    yield running
    running.act("limits", unlimited=True, account=700)


@pytest.fixture
def desk(stage: Stage) -> Iterator[Connector]:
    connector = stage.open()
    yield connector
    connector.close()


def note(text: str = "A note", *, markers: tuple[str, ...] = (), **more: object) -> Write:
    return Write(comment=Comment(text=text), markers=markers, **more)  # type: ignore[arg-type]


class TestReading:
    def test_a_ticket_comes_with_its_requester_group_tags_and_times(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket(tags=["lamp"])
        group_id = stage.account.group_ids["Recovery"]
        stage.act(f"tickets/{ticket_id}/update", group_id=group_id, priority="high")

        ticket = desk.read_ticket(ticket_id)

        assert (ticket.id, ticket.subject, ticket.status) == (ticket_id, "Lamp", stage.opening)
        assert (ticket.priority, ticket.tags, ticket.group_id) == (Priority.HIGH, frozenset({"lamp"}), str(group_id))
        assert (ticket.requester.email, ticket.requester.is_staff) == ("customer@example.org", False)
        assert ticket.created_at < ticket.updated_at
        assert ticket.stamp
        assert ticket.ratings is None

    def test_a_ticket_names_the_organisation_of_its_requester(self, stage: Stage, desk: Connector) -> None:
        made = stage.act("organizations", name="Contract Example", domains=["contract.example"])
        inside = stage.act("tickets", email="one@contract.example", text="Hello")["id"]

        assert desk.read_ticket(str(inside)).organization_id == made["id"]
        assert desk.read_ticket(stage.new_ticket()).organization_id is None

    @pytest.mark.capability("TEA-08")
    def test_what_fields_say_of_a_customer_and_their_organisation_is_told(self, stage: Stage, desk: Connector) -> None:
        home = stage.act("organizations", name="Tier Example", domains=["tier.example"])
        stage.act(f"profiles/{home['id']}", fields={"plan": "Gold", "account_tier": "Premium"})
        ticket = desk.read_ticket(str(stage.act("tickets", email="one@tier.example", text="Hello")["id"]))
        stage.act(f"profiles/{ticket.requester.id}", fields={"revenue": 1200, "newsletter": True, "city": None})
        ticket = desk.read_ticket(ticket.id)

        customer = desk.read_customer(ticket)
        (among_many,) = desk.read_tickets([ticket.id])

        assert desk.read_customer(among_many) == customer
        assert customer.organization == "Tier Example"
        assert customer.organization_fields == {"plan": "Gold", "account_tier": "Premium"}
        assert customer.fields == {"revenue": 1200, "newsletter": True, "city": None}

    def test_a_customer_of_no_organisation_has_no_fields_of_one(self, stage: Stage, desk: Connector) -> None:
        customer = desk.read_customer(desk.read_ticket(stage.new_ticket()))

        assert (customer.fields, customer.organization, customer.organization_fields) == ({}, "", {})

    def test_a_merged_ticket_says_where_it_went(self, stage: Stage, desk: Connector) -> None:
        ticket_id, target = stage.new_ticket(), stage.new_ticket()
        stage.act(f"tickets/{ticket_id}/merge", into=int(target))

        assert desk.read_ticket(ticket_id).merged_into == target
        assert desk.read_ticket(target).merged_into is None

    def test_every_message_says_whose_part_it_was(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket("Broken!")
        stage.say(ticket_id, "Sorry.", **{"as": "agent"})
        stage.say(ticket_id, "Careful with this one.", **{"as": "agent", "public": False})
        stage.say(ticket_id, "I am his boss.", author_email="boss@example.org")
        stage.say(ticket_id, "Ticket moved.", **{"as": "bot"})

        messages = desk.read_ticket(ticket_id).messages

        assert [(message.text, message.author, message.public) for message in messages] == [
            ("Broken!", Author.CUSTOMER, True),
            ("Sorry.", Author.AGENT, True),
            ("Careful with this one.", Author.AGENT, False),
            ("I am his boss.", Author.PARTICIPANT, True),
            ("Ticket moved.", Author.SYSTEM, True),
        ]

    def test_only_messages_after_the_last_known_one_are_read(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket("one")
        known = stage.say(ticket_id, "two")
        stage.say(ticket_id, "three")
        stage.say(ticket_id, "four")

        messages = desk.read_ticket(ticket_id, after=known).messages

        assert [message.text for message in messages] == ["three", "four"]

    def test_without_anything_new_there_are_no_messages(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket("one")
        last = stage.say(ticket_id, "two")

        assert desk.read_ticket(ticket_id, after=last).messages == ()

    def test_where_the_last_known_message_is_gone_all_are_read(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket("one")

        assert len(desk.read_ticket(ticket_id, after=stage.unknown_id).messages) == 1

    @pytest.mark.parametrize(("count", "calls"), [(1, 2), (100, 2), (101, 3), (200, 3), (201, 4), (5000, 51)])
    def test_a_hundred_messages_cost_two_calls_and_each_further_hundred_one_more(
        self, stage: Stage, desk: Connector, count: int, calls: int
    ) -> None:
        ticket_id = stage.new_ticket("the first")
        stage.pile_up(ticket_id, count - 1)
        before = stage.stats()["reads"]

        messages = desk.read_ticket(ticket_id).messages

        assert len(messages) == len({message.id for message in messages}) == count
        assert messages[0].text == "the first"
        assert [message.at for message in messages] == sorted(message.at for message in messages)
        assert stage.stats()["reads"] - before == len(stage.calls) == calls

    def test_new_messages_on_a_long_ticket_cost_a_few_calls(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        stage.pile_up(ticket_id, 250)
        last = stage.say(ticket_id, "known")
        stage.pile_up(ticket_id, 60)

        assert len(desk.read_ticket(ticket_id, after=last).messages) == 60
        assert len(stage.calls) == stage.costs.catching_up

    def test_a_message_without_a_word_is_a_message(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        stage.say_nothing(ticket_id)

        assert desk.read_ticket(ticket_id).messages[-1].text == ""

    @pytest.mark.parametrize(
        "text", ["naïve ☃ 你好 🙃", "tab\tand\r\nlines", "<b>&nbsp;</b> {{ticket.id}}", "x" * 60_000]
    )
    def test_words_come_back_as_they_were_written(self, stage: Stage, desk: Connector, text: str) -> None:
        ticket_id = stage.new_ticket(text)

        assert desk.read_ticket(ticket_id).messages[0].text == stage.as_read(text)

    def test_a_character_that_databases_refuse_is_replaced(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket("nul\x00here")

        assert desk.read_ticket(ticket_id).messages[0].text == "nul\ufffdhere"

    @pytest.mark.parametrize(
        ("status", "neutral"), [("pending", TicketStatus.PENDING), ("solved", TicketStatus.SOLVED)]
    )
    def test_a_status_is_read_afresh_each_time(
        self, stage: Stage, desk: Connector, status: str, neutral: TicketStatus
    ) -> None:
        ticket_id = stage.new_ticket()
        desk.read_ticket(ticket_id)
        stage.act(f"tickets/{ticket_id}/update", status=status)

        assert desk.read_ticket(ticket_id).status is neutral

    @pytest.mark.parametrize("ticket_id", ["999999", "0", "abc", "", "-1", "1/../2", "9" * 25])
    def test_a_ticket_that_does_not_exist_is_not_found(self, desk: Connector, ticket_id: str) -> None:
        with pytest.raises(NotFound):
            desk.read_ticket(ticket_id)

    @pytest.mark.parametrize(("end", "status"), [("delete", TicketStatus.DELETED), ("spam", TicketStatus.SPAM)])
    def test_a_deleted_ticket_says_so_without_its_words_or_is_not_found(
        self, stage: Stage, desk: Connector, end: str, status: TicketStatus
    ) -> None:
        ticket_id = stage.new_ticket()
        stage.act(f"tickets/{ticket_id}/{end}")

        if stage.keeps_deleted:
            ticket = desk.read_ticket(ticket_id)
            assert (ticket.status, ticket.messages) == (status, ())
        else:
            with pytest.raises(NotFound, match=ticket_id):
                desk.read_ticket(ticket_id)

    @pytest.mark.parametrize("end", ["delete", "spam"])
    def test_a_deleted_ticket_cannot_be_written_to(self, stage: Stage, desk: Connector, end: str) -> None:
        ticket_id = stage.new_ticket()
        ticket = desk.read_ticket(ticket_id)
        stage.act(f"tickets/{ticket_id}/{end}")

        with pytest.raises(NotFound):
            desk.write(ticket, note())

        assert [one["text"] for one in stage.shown(ticket_id)["comments"]].count("A note") == 0


class TestRatings:
    def test_a_survey_answer_is_read_with_its_scale_when_asked_for(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        stage.act(f"tickets/{ticket_id}/rating", score=2, comment="Too slow")

        ratings = desk.read_ticket(ticket_id, with_ratings=True).ratings

        assert [(one.value, one.original, one.scale, one.comment) for one in ratings or ()] == [
            (0.25, *stage.originals[2], "Too slow")
        ]
        assert len(stage.calls) == stage.costs.rating

    def test_a_good_or_bad_of_the_older_system_is_read(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        stage.act("settings", csat="legacy")
        stage.act(f"tickets/{ticket_id}/rating", score="bad")
        stage.act("settings", csat="survey")

        ratings = desk.read_ticket(ticket_id, with_ratings=True).ratings

        assert [(one.value, one.original, one.scale) for one in ratings or ()] == [(0.0, *stage.originals["bad"])]

    def test_a_ticket_nobody_rated_has_none(self, stage: Stage, desk: Connector) -> None:
        assert desk.read_ticket(stage.new_ticket(), with_ratings=True).ratings == ()

    def test_an_account_without_surveys_has_the_older_ratings_only(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        stage.act(f"tickets/{ticket_id}/rating", score=1)
        stage.fault("status", status=403, path_prefix=stage.ratings_path.format(ticket_id))

        assert desk.read_ticket(ticket_id, with_ratings=True).ratings == ()


class TestOwnSurvey:
    def test_a_kind_gives_a_link_to_a_survey_of_its_own_or_says_that_it_has_none(
        self, stage: Stage, desk: Connector
    ) -> None:
        ticket = desk.read_ticket(stage.new_ticket())
        before = stage.stats()["writes"]

        link = desk.offer_survey(ticket, stage.account.survey_id)

        assert (link is not None) is stage.offers_surveys
        assert (desk.find_offer(ticket.id, START) is not None) is stage.offers_surveys
        assert stage.stats()["writes"] == before + stage.offers_surveys


class TestWriting:
    def test_one_write_makes_the_whole_change(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket(tags=["old", "kept"])
        group, agent = stage.account.group_ids["Recovery"], stage.account.agent_ids[1]
        field = stage.field("Order number")
        ticket = desk.read_ticket(ticket_id)
        before = stage.stats()["writes"]

        receipt = desk.write(
            ticket,
            Write(
                add_tags=frozenset({"sat_poor_worsening"}),
                remove_tags=frozenset({"old", "never_there"}),
                group_id=str(group),
                assignee_id=str(agent),
                priority=Priority.URGENT,
                status=TicketStatus.PENDING,
                custom_fields={field: "A-17"},
                comment=Comment(text="Handle with care."),
                markers=("step-1", "step-2"),
            ),
        )

        shown = stage.shown(ticket_id)
        assert stage.stats()["writes"] - before == stage.costs.whole_writes
        assert shown["tags"] == ["kept", "sat_poor_worsening"]
        assert (shown["group"], shown["assignee_id"], shown["priority"]) == ("Recovery", str(agent), "urgent")
        field_id = stage.account.field_ids["Order number"]
        assert (shown["status"], shown["custom_fields"]) == ("pending", {str(field_id): "A-17"})
        assert (shown["comments"][-1]["text"], shown["comments"][-1]["public"]) == ("Handle with care.", False)
        assert (receipt.stamp, bool(receipt.audit_id)) == (desk.read_ticket(ticket_id).stamp, True)

    def test_a_ticket_can_be_taken_from_everybody(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        group, agent = stage.account.group_ids["Recovery"], stage.account.agent_ids[1]
        stage.act(f"tickets/{ticket_id}/update", group_id=group, assignee_id=agent)

        desk.write(desk.read_ticket(ticket_id), Write(clear=frozenset({"group_id", "assignee_id"})))

        after = desk.read_ticket(ticket_id)
        assert (after.group_id, after.assignee_id) == (None, None)

    def test_what_is_not_named_stays_as_it_is(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket(tags=["lamp"])
        stage.act(f"tickets/{ticket_id}/update", priority="low", assignee_id=stage.account.agent_ids[0])
        before = stage.shown(ticket_id)

        desk.write(desk.read_ticket(ticket_id), note())

        after = stage.shown(ticket_id)
        assert {name: before[name] for name in ("tags", "priority", "assignee", "group", "status", "subject")} == {
            name: after[name] for name in ("tags", "priority", "assignee", "group", "status", "subject")
        }

    @pytest.mark.parametrize(
        ("write", "tags"),
        [
            (Write(add_tags=frozenset({"new"})), ["a", "b", "new"]),
            (Write(remove_tags=frozenset({"a"})), ["b"]),
            (Write(add_tags=frozenset({"new"}), remove_tags=frozenset({"a", "b"})), ["new"]),
        ],
    )
    def test_tags_alone_cost_what_they_must(self, stage: Stage, desk: Connector, write: Write, tags: list[str]) -> None:
        ticket_id = stage.new_ticket(tags=["a", "b"])
        ticket = desk.read_ticket(ticket_id)
        stage.calls.clear()

        desk.write(ticket, write)

        assert stage.shown(ticket_id)["tags"] == tags
        assert len(stage.calls) == stage.costs.tags

    def test_a_change_that_changes_nothing_costs_no_call(self, stage: Stage, desk: Connector) -> None:
        ticket = desk.read_ticket(stage.new_ticket(tags=["a"]))
        stage.calls.clear()

        receipt = desk.write(
            ticket, Write(add_tags=frozenset({"a"}), remove_tags=frozenset({"b"}), status=ticket.status)
        )

        assert (receipt.stamp, stage.calls) == (ticket.stamp, [])

    @pytest.mark.parametrize(
        "write",
        [
            note(add_tags=frozenset({"x"}), assignee_id="1"),
            Write(add_tags=frozenset({"x"})),
            Write(remove_tags=frozenset({"a"})),
            Write(add_tags=frozenset({"x"}), remove_tags=frozenset({"a"})),
        ],
    )
    def test_an_agents_edit_in_between_is_a_conflict_and_is_not_overwritten(
        self, stage: Stage, desk: Connector, write: Write
    ) -> None:
        ticket_id = stage.new_ticket(tags=["a"])
        ticket = desk.read_ticket(ticket_id)
        stage.act(f"tickets/{ticket_id}/update", tags=["a", "agents_own"], priority="low")
        edited = stage.shown(ticket_id)

        with pytest.raises(Conflict, match=ticket_id):
            desk.write(ticket, write)

        assert stage.shown(ticket_id) == edited

    def test_after_a_conflict_a_fresh_read_can_be_written(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        stale = desk.read_ticket(ticket_id)
        stage.act(f"tickets/{ticket_id}/update", priority="low")
        with suppress(Conflict):
            desk.write(stale, note())

        desk.write(desk.read_ticket(ticket_id), note("the second try"))

        assert stage.shown(ticket_id)["comments"][-1]["text"] == "the second try"

    def test_our_own_words_are_the_systems(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        ticket = desk.read_ticket(ticket_id)

        desk.write(ticket, Write(comment=Comment(text="We are on it.", public=True), markers=("step-1",)))

        last = desk.read_ticket(ticket_id, after=ticket.messages[-1].id).messages[-1]
        assert (last.text, last.author, last.author_id) == ("We are on it.", Author.SYSTEM, desk.me().id)

    def test_a_closed_ticket_takes_no_more_changes_where_that_is_an_end(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        stage.act(f"tickets/{ticket_id}/close")
        ticket = desk.read_ticket(ticket_id)

        if stage.closes_for_good:
            with pytest.raises(Closed, match="closed"):
                desk.write(ticket, note())
        else:
            # It is as good as solved there: whoever can be answered is not at an end.
            desk.write(ticket, note())

        assert (ticket.status is TicketStatus.CLOSED) is stage.closes_for_good
        assert (len(stage.shown(ticket_id)["comments"]) == 1) is stage.closes_for_good

    @pytest.mark.parametrize(
        ("write", "said"),
        [
            (Write(group_id="999999"), "group"),
            (Write(group_id="recovery"), "group 'recovery'"),
            (Write(assignee_id="999999"), "assignee"),
            (Write(custom_fields={"999999": 1}), "999999"),
            (Write(custom_fields={"order": 1}), "custom field 'order'"),
            (note(markers=("two words",)), "markers"),
        ],
    )
    def test_a_change_that_cannot_be_is_refused_with_what_is_wrong(
        self, stage: Stage, desk: Connector, write: Write, said: str
    ) -> None:
        ticket = desk.read_ticket(stage.new_ticket())

        with pytest.raises(Refused, match=said) as caught:
            desk.write(ticket, write)

        assert not caught.value.auth


class TestUnknownOutcomes:
    @pytest.mark.parametrize(
        ("fault", "patience"),
        [("drop_after_write", 5.0), ("status_after_write", 5.0), ("garbage", 5.0), ("slow_after_write", 0.3)],
    )
    def test_a_write_whose_answer_is_lost_is_sent_once_and_found_by_its_marker(
        self, stage: Stage, desk: Connector, fault: str, patience: float
    ) -> None:
        ticket_id = stage.new_ticket()
        ticket = desk.read_ticket(ticket_id)
        before = stage.stats()["writes"]
        stage.fault(fault, method=stage.words_method, seconds=0.6)

        with pytest.raises(Unavailable) as caught:
            stage.open(timeout=patience).write(ticket, note("said once", markers=("step-7", "step-8")))

        assert caught.value.sent
        assert stage.stats()["writes"] - before == 1
        assert [one["text"] for one in stage.shown(ticket_id)["comments"]].count("said once") == 1
        assert desk.find_write(ticket_id, ["step-8", "step-9", "step-7"]) == {"step-7", "step-8"}

    def test_a_write_that_never_arrived_is_not_found(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        ticket = desk.read_ticket(ticket_id)
        stage.fault("drop", method=stage.words_method)

        with pytest.raises(Unavailable) as caught:
            desk.write(ticket, note(markers=("step-7",)))

        assert caught.value.sent
        assert desk.find_write(ticket_id, ["step-7"]) == frozenset()

    def test_a_marker_is_found_among_many_changes(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        for number in range(110):
            stage.say(ticket_id, f"before {number}")
        desk.write(desk.read_ticket(ticket_id), note(markers=("needle",)))
        stage.calls.clear()

        assert desk.find_write(ticket_id, ["needle"]) == {"needle"}
        assert len(stage.calls) == stage.costs.log
        assert desk.find_write(ticket_id, ["another"]) == frozenset()

    def test_the_log_of_a_ticket_that_is_gone_is_not_found(self, desk: Connector) -> None:
        with pytest.raises(NotFound):
            desk.find_write("999999", ["step-1"])


class TestTrouble:
    @pytest.mark.parametrize("wait", ["17", "86400"])
    def test_a_spent_allowance_is_told_at_once_with_the_helpdesks_pause(
        self, stage: Stage, desk: Connector, wait: str
    ) -> None:
        ticket = desk.read_ticket(stage.new_ticket())
        stage.fault("status", status=429, headers={"Retry-After": wait}, times=2)
        before, started = stage.stats(), time.monotonic()

        for call in (lambda: desk.read_ticket(ticket.id), lambda: desk.write(ticket, note())):
            with pytest.raises(RateLimited) as caught:
                call()
            assert caught.value.retry_after is not None
            assert caught.value.retry_after.total_seconds() == min(int(wait), 3600)
            assert not caught.value.sent

        assert time.monotonic() - started < 1.0
        after = stage.stats()
        assert after["reads"] - before["reads"] + after["writes"] - before["writes"] == 2

    def test_a_real_limit_is_told_with_its_own_pause(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        stage.act("limits", unlimited=False, account=1)

        with pytest.raises(RateLimited) as caught:
            desk.read_ticket(ticket_id)

        assert caught.value.retry_after is not None
        assert "account" in stage.buckets

    @pytest.mark.parametrize("status", [500, 502, 503])
    def test_a_helpdesk_in_trouble_is_unavailable_and_asked_once(
        self, stage: Stage, desk: Connector, status: int
    ) -> None:
        ticket_id = stage.new_ticket()
        stage.fault("status", status=status, times=5)
        before = stage.stats()["reads"]

        with pytest.raises(Unavailable, match=str(status)) as caught:
            desk.read_ticket(ticket_id)

        assert not caught.value.sent
        assert stage.stats()["reads"] - before == 1

    def test_a_slow_helpdesk_is_given_up_at_the_deadline(self, stage: Stage) -> None:
        desk = stage.open(timeout=0.2)
        ticket_id = stage.new_ticket()
        stage.fault("slow", seconds=1.5)
        started = time.monotonic()

        with pytest.raises(Unavailable):
            desk.read_ticket(ticket_id)

        assert time.monotonic() - started < 1.2

    def test_a_read_whose_connection_dropped_once_succeeds(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        stage.fault("drop", method="GET")

        assert desk.read_ticket(ticket_id).id == ticket_id

    def test_refused_credentials_say_so(self, stage: Stage) -> None:
        desk = stage.open(stage.wrong_credentials())

        with pytest.raises(Refused) as caught:
            desk.read_ticket(stage.new_ticket())

        assert caught.value.auth

    def test_every_call_is_told_to_the_observer(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()

        desk.write(desk.read_ticket(ticket_id), note())

        read = [("GET", 200), ("GET", 200)]
        assert [(method, status) for method, _, status in stage.calls] == [*read, *stage.costs.note]
        assert all(ticket_id in path and "?" not in path for _, path, _ in stage.calls)


class TestMacros:
    def test_a_macro_becomes_what_it_changes(self, stage: Stage, desk: Connector) -> None:
        ticket = desk.read_ticket(stage.new_ticket())
        macro_id = stage.account.macro_ids["Recovery: acknowledge and take over"]
        before = stage.shown(ticket.id)

        write = desk.macro_write(ticket, str(macro_id))

        assert (write.priority, write.add_tags) == (Priority.HIGH, frozenset({"recovery_acknowledged"}))
        assert write.comment
        assert write.comment.public
        assert write.comment.text.startswith("We are sorry")
        assert (write.status, write.group_id, write.assignee_id, write.remove_tags) == (None, None, None, frozenset())
        assert stage.shown(ticket.id) == before

    def test_a_macros_private_note_stays_private(self, stage: Stage, desk: Connector) -> None:
        ticket = desk.read_ticket(stage.new_ticket())
        macro_id = stage.account.macro_ids["Recovery: note for the next agent"]

        desk.write(ticket, desk.macro_write(ticket, str(macro_id)))

        shown = stage.shown(ticket.id)
        assert (shown["comments"][-1]["public"], shown["tags"]) == (False, ["handle_with_care"])

    def test_a_macro_that_asks_for_what_no_call_can_do_is_refused(self, stage: Stage, desk: Connector) -> None:
        ticket = desk.read_ticket(stage.new_ticket())
        macro_id = stage.account.macro_ids["Recovery: ask the courier"]

        with pytest.raises(Refused, match=stage.refused_macro):
            desk.macro_write(ticket, str(macro_id))

    @pytest.mark.parametrize("macro_id", ["999999", "no-number"])
    def test_an_unknown_macro_is_not_found(self, stage: Stage, desk: Connector, macro_id: str) -> None:
        ticket = desk.read_ticket(stage.new_ticket())

        with pytest.raises(NotFound, match=macro_id):
            desk.macro_write(ticket, macro_id)

    def test_macros_are_listed(self, stage: Stage, desk: Connector) -> None:
        listed = {macro.title: macro.id for macro in desk.read_macros()}

        assert listed == {title: str(macro_id) for title, macro_id in stage.account.macro_ids.items()}


class TestNames:
    def test_fields_are_those_that_tickets_have(self, stage: Stage, desk: Connector) -> None:
        ticket = desk.read_ticket(stage.new_ticket())

        fields = desk.read_fields()

        assert set(fields) == set(ticket.custom_fields)
        assert all(fields.values())

    def test_tags_are_listed_where_the_helpdesk_lists_them(self, stage: Stage, desk: Connector) -> None:
        ticket = desk.read_ticket(stage.new_ticket())
        desk.write(ticket, Write(add_tags=frozenset({"seldom_used"})))

        found = desk.read_tags()

        assert found is None if desk.kind == "freshdesk" else "seldom_used" in (found or ())


class TestPeople:
    def test_groups_are_listed(self, stage: Stage, desk: Connector) -> None:
        assert {group.name: group.id for group in desk.read_groups()} == {
            name: str(group_id) for name, group_id in stage.account.group_ids.items()
        }

    def test_a_groups_members_are_its_agents(self, stage: Stage, desk: Connector) -> None:
        members = desk.read_members(str(stage.account.group_ids["Recovery"]))

        assert {member.id for member in members} == {str(agent) for agent in stage.account.agent_ids[:2]}
        assert all(member.is_staff and not member.suspended for member in members)

    def test_agents_are_everybody_who_may_have_a_ticket(self, stage: Stage, desk: Connector) -> None:
        agents = desk.read_agents()

        assert {str(agent) for agent in stage.account.agent_ids} <= {agent.id for agent in agents}
        assert all(agent.is_staff for agent in agents)

    def test_an_unknown_group_is_not_found(self, desk: Connector) -> None:
        with pytest.raises(NotFound, match="group 999999"):
            desk.read_members("999999")

    def test_loads_count_the_unsolved_tickets_of_each_agent(self, stage: Stage, desk: Connector) -> None:
        busy, idle = str(stage.account.agent_ids[2]), str(desk.me().id)
        for status in ("open", "pending", "solved"):
            stage.act(f"tickets/{stage.new_ticket()}/update", assignee_id=busy, status=status)

        assert desk.read_loads([busy, idle]) == {busy: 2, idle: 0}

    def test_me_is_the_user_of_the_credentials(self, stage: Stage, desk: Connector) -> None:
        me = desk.me()

        assert (me.id, me.email, me.is_staff) == (str(stage.account.integration_id), stage.account.email, True)


class TestCheck:
    def test_a_healthy_desk_answers_every_question_well(self, stage: Stage, desk: Connector) -> None:
        stage.new_ticket()

        findings = desk.check()

        assert {"credentials", "tickets", "comments", "webhooks", "limits"} <= {finding.name for finding in findings}
        assert [finding for finding in findings if not finding.ok or finding.remedy] == []

    def test_wrong_credentials_are_the_only_finding(self, stage: Stage) -> None:
        findings = stage.open(stage.wrong_credentials()).check()

        assert [(finding.name, finding.ok, bool(finding.remedy)) for finding in findings] == [
            ("credentials", False, True)
        ]

    def test_a_role_that_is_too_small_comes_with_a_remedy(self, stage: Stage) -> None:
        findings = stage.open(stage.agents_credentials()).check()

        assert [(finding.name, bool(finding.remedy)) for finding in findings if not finding.ok] == [
            (stage.small_role, True)
        ]

    def test_a_question_that_is_refused_comes_with_a_remedy(self, stage: Stage, desk: Connector) -> None:
        stage.fault("status", status=403, path_prefix=stage.webhooks_path)

        findings = desk.check()

        assert [(finding.name, bool(finding.remedy)) for finding in findings if not finding.ok] == [("webhooks", True)]

    def test_no_finding_holds_a_secret(self, stage: Stage, desk: Connector) -> None:
        assert stage.account.api_token not in repr(desk.check())


def about(ticket_id: str, arrived: Queue[WebhookRequest], stage: Stage) -> tuple[WebhookRequest, DeskEvent]:
    """The next delivery about this ticket; those of other tests' tickets may still be on their way."""
    while True:
        delivery = arrived.get(timeout=5)
        event = stage.kind.parse(delivery)
        if event.ticket_id == ticket_id:
            return delivery, event


class TestWebhooks:
    def test_a_real_delivery_is_genuine_and_says_where_to_look(self, stage: Stage, desk: Connector) -> None:
        with stage.listening() as arrived:
            ticket_id = stage.new_ticket()
            delivery, event = about(ticket_id, arrived, stage)

        stage.kind.verify(delivery, ["another", stage.account.webhook_secret])

        ticket = desk.read_ticket(ticket_id)
        assert (event.type, event.actor_id) == ("ticket.created", ticket.requester.id)
        assert event.event_id

    def test_a_delivery_altered_on_the_way_is_not_genuine_where_bodies_are_signed(self, stage: Stage) -> None:
        with stage.listening() as arrived:
            delivery, _ = about(stage.new_ticket(), arrived, stage)
        altered = replace(delivery, body=delivery.body + b" ")

        with pytest.raises(BadSignature) if stage.signed else nullcontext():
            stage.kind.verify(altered, [stage.account.webhook_secret])

    def test_a_delivery_without_its_proof_or_with_another_secret_is_not_genuine(self, stage: Stage) -> None:
        with stage.listening() as arrived:
            delivery, _ = about(stage.new_ticket(), arrived, stage)

        for request, secrets in (
            (replace(delivery, headers={}), [stage.account.webhook_secret]),
            (delivery, ["another"]),
            (delivery, []),
        ):
            with pytest.raises(BadSignature):
                stage.kind.verify(request, secrets)

    def test_the_same_event_has_the_same_id_when_it_comes_again(self, stage: Stage) -> None:
        with stage.listening() as arrived:
            ticket_id = stage.new_ticket()
            _, first = about(ticket_id, arrived, stage)
            stage.act(f"tickets/{ticket_id}/redeliver", same_event=True)
            _, again = about(ticket_id, arrived, stage)

        assert again == first

    def test_our_own_write_is_told_as_ours(self, stage: Stage, desk: Connector) -> None:
        with stage.listening() as arrived:
            ticket_id = stage.new_ticket()
            about(ticket_id, arrived, stage)
            desk.write(desk.read_ticket(ticket_id), note())
            _, event = about(ticket_id, arrived, stage)

        assert (event.type, event.actor_id) == ("message.added", desk.me().id)

    def test_a_body_that_is_not_utf8_says_so(self, stage: Stage) -> None:
        odd = WebhookRequest(headers={}, body=b'{"id": "\xff"}', received_at=START)

        with pytest.raises(BadBody, match="UTF-8"):
            stage.kind.parse(odd)


class TestWalking:
    """Through all that changed, from where the last walk ended."""

    def test_every_ticket_comes_without_what_was_said(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket("Broken!")

        found, _ = walk(desk)

        ticket = found[ticket_id]
        assert (ticket.messages, ticket.ratings) == ((), None)
        assert ticket.stamp == desk.read_ticket(ticket_id).stamp

    def test_a_later_walk_brings_what_changed_since(self, stage: Stage, desk: Connector) -> None:
        changed, untouched = stage.new_ticket("one"), stage.new_ticket("two")
        _, cursor = walk(desk)
        stage.say(changed, "Still broken!")

        found, _ = walk(desk, cursor)

        assert found[changed].updated_at > START
        assert untouched not in found or found[untouched].updated_at < found[changed].updated_at

    def test_deleted_tickets_and_spam_are_among_them(self, stage: Stage, desk: Connector) -> None:
        deleted = stage.new_ticket()
        # Whose ticket is spam is suspended, and the other tests' customer is still needed.
        spam = str(stage.act("tickets", email="spammer@example.org", subject="Win", text="Buy this!")["id"])
        stage.act(f"tickets/{deleted}/delete")
        stage.act(f"tickets/{spam}/spam")

        found, _ = walk(desk)

        gone = (TicketStatus.DELETED, TicketStatus.SPAM)
        assert found[deleted].status in gone
        assert found[spam].status in gone

    def test_ratings_come_with_their_tickets(self, stage: Stage, desk: Connector) -> None:
        ticket_id = stage.new_ticket()
        stage.act(f"tickets/{ticket_id}/rating", score=1)
        (known,) = desk.read_ticket(ticket_id, with_ratings=True).ratings or ()

        found: list[tuple[str, Rating]] = []
        cursor = None
        for _ in range(50):
            page = desk.read_rated(cursor, START - timedelta(days=1))
            found += page.ratings
            cursor = page.cursor
            if not page.more:
                break

        assert (ticket_id, known.id, known.original) in {(on, one.id, one.original) for on, one in found}


def walk(desk: Connector, cursor: str | None = None) -> tuple[dict[str, Ticket], str]:
    """One walk to the present: every ticket that came, and where the next walk begins."""
    found: dict[str, Ticket] = {}
    for _ in range(50):
        page = desk.read_changes(cursor, START - timedelta(days=1))
        found |= {ticket.id: ticket for ticket in page.tickets}
        cursor = page.cursor
        if not page.more:
            return found, cursor
    raise AssertionError("the walk does not end")
