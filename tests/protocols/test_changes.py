"""What steps changed on a ticket, and what taking it back comes to: ours goes, what others set since stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.protocols import changes
from app.protocols.actions.combine import combine
from app.protocols.changes import Kept, Reverted, take_back
from connectors.ticket import Comment, Priority, Ticket, TicketStatus, Write
from tests.protocols.make import ticket

HIGH = {"before": {"priority": "normal"}, "after": {"priority": "high"}}
TAGGED = {"before": {}, "after": {"tags": ["late"]}}
GIVEN = {"before": {"group_id": "1", "assignee_id": "11"}, "after": {"group_id": "2", "assignee_id": None}}


def recorded(before: Ticket, *parts: Write) -> list[Any]:
    """What the parts changed, in their order, as steps would remember it."""
    marked = [replace(part, markers=(f"m{number}",)) for number, part in enumerate(parts)]
    (whole,) = combine(marked)
    found = changes.changes_of(marked, whole, before)
    return [found.get(f"m{number}") for number in range(len(parts))]


class TestWhatIsRecorded:
    def test_is_only_what_the_write_set_with_what_was_there_before(self):
        before = ticket(tags=frozenset({"vip", "old"}), priority=Priority.NORMAL, custom_fields={"7": "a", "8": "b"})

        (change,) = recorded(
            before,
            Write(
                add_tags=frozenset({"late", "vip"}),
                remove_tags=frozenset({"old", "gone"}),
                priority=Priority.HIGH,
                custom_fields={"7": "c"},
            ),
        )

        assert change == {
            "before": {"tags": ["old"], "priority": "normal", "custom_fields": {"7": "a"}},
            "after": {"tags": ["late"], "priority": "high", "custom_fields": {"7": "c"}},
        }

    def test_is_nothing_where_the_ticket_had_it_already(self):
        assert recorded(ticket(priority=Priority.HIGH), Write(priority=Priority.HIGH)) == [None]

    def test_names_the_last_of_several_steps_that_set_the_same_field(self):
        first, second = recorded(ticket(), Write(priority=Priority.HIGH), Write(priority=Priority.URGENT))

        assert first is None
        assert second["after"] == {"priority": "urgent"}

    def test_counts_a_tag_that_two_steps_added_once(self):
        late = Write(add_tags=frozenset({"late"}))

        assert recorded(ticket(), late, late) == [None, {"before": {}, "after": {"tags": ["late"]}}]

    def test_says_that_a_group_takes_the_ticket_from_its_assignee(self):
        (change,) = recorded(ticket(group_id="1", assignee_id="11"), Write(group_id="2"))

        assert change == GIVEN

    def test_tells_words_apart_by_who_reads_them(self):
        (note,) = recorded(ticket(), Write(comment=Comment(text="Call them.")))
        (reply,) = recorded(ticket(), Write(comment=Comment(text="We are sorry.", public=True)))

        assert (note["said"], reply["said"]) == ("note", "reply")

    def test_keeps_what_a_call_that_was_cut_off_may_have_done(self):
        merged = changes.merged(
            {"before": {"priority": "low"}, "after": {"priority": "high", "tags": ["late"]}},
            {"before": {}, "after": {"tags": ["lost"]}, "said": "note"},
        )

        assert merged == {
            "before": {"priority": "low"},
            "after": {"priority": "high", "tags": ["late", "lost"]},
            "said": "note",
        }


@pytest.mark.capability("N6")
class TestTakingBack:
    def test_sets_back_what_is_still_as_we_left_it(self):
        now = ticket(tags=frozenset({"late", "vip"}), priority=Priority.HIGH)

        back = take_back([HIGH, TAGGED], now)

        assert back.write == Write(remove_tags=frozenset({"late"}), priority=Priority.NORMAL)
        assert back.kept == ()
        assert back.reverted == (
            Reverted(field="priority", ours="high", back_to="normal"),
            Reverted(field="tags", key="late", ours=True, back_to=False),
        )

    def test_leaves_what_somebody_changed_since(self):
        back = take_back([HIGH, TAGGED], ticket(tags=frozenset({"late"}), priority=Priority.URGENT))

        assert back.write == Write(remove_tags=frozenset({"late"}))
        assert back.kept == (Kept(field="priority", ours="high", found="urgent", reason=changes.TOUCHED),)

    def test_says_what_somebody_has_put_back_already(self):
        back = take_back([HIGH, TAGGED], ticket(priority=Priority.NORMAL))

        assert back.write.empty
        assert [one.reason for one in back.kept] == [changes.PUT_BACK, changes.PUT_BACK]

    def test_says_the_same_of_what_a_later_step_of_ours_has_put_back(self):
        back = take_back([TAGGED, {"before": {"tags": ["late"]}, "after": {}}], ticket())

        assert back.write.empty
        assert back.kept == (Kept(field="tags", key="late", ours=False, found=False, reason=changes.PUT_BACK),)

    def test_leaves_what_somebody_changed_between_two_steps_of_ours(self):
        lowered = {"before": {"priority": "low"}, "after": {"priority": "urgent"}}
        raised = {"before": {"priority": "urgent"}, "after": {"priority": "low"}}

        back = take_back([HIGH, lowered, raised], ticket(priority=Priority.LOW))

        assert back.write.empty
        assert [one.reason for one in back.kept] == [changes.TOUCHED]

    def test_goes_through_several_changes_to_the_first_of_ours(self):
        again = {"before": {"priority": "high"}, "after": {"priority": "urgent"}}

        back = take_back([HIGH, again], ticket(priority=Priority.URGENT))

        assert back.write == Write(priority=Priority.NORMAL)

    def test_stops_at_what_a_person_set_in_between(self):
        again = {"before": {"priority": "low"}, "after": {"priority": "urgent"}}

        back = take_back([HIGH, again], ticket(priority=Priority.URGENT))

        assert back.write == Write(priority=Priority.LOW)

    def test_brings_a_removed_tag_back(self):
        gone = {"before": {"tags": ["vip"]}, "after": {}}

        assert take_back([gone], ticket()).write == Write(add_tags=frozenset({"vip"}))
        assert take_back([gone], ticket(tags=frozenset({"vip"}))).write.empty

    def test_gives_the_ticket_back_to_group_and_assignee(self):
        back = take_back([GIVEN], ticket(group_id="2", assignee_id=None))

        assert back.write == Write(group_id="1", assignee_id="11")

    def test_leaves_the_ticket_with_a_colleague_who_took_it(self):
        back = take_back([GIVEN], ticket(group_id="2", assignee_id="22"))

        assert back.write.empty
        assert [(one.field, one.ours, one.found, one.reason) for one in back.kept] == [
            ("group_id", "2", "2", changes.TOGETHER),
            ("assignee_id", None, "22", changes.TOUCHED),
        ]

    def test_leaves_a_ticket_that_was_moved_on(self):
        back = take_back([GIVEN], ticket(group_id="3", assignee_id=None))

        assert back.write.empty
        assert {one.reason for one in back.kept} == {changes.TOUCHED, changes.TOGETHER}

    def test_takes_away_what_was_not_there_before(self):
        given = {
            "before": {"group_id": None, "assignee_id": None, "priority": None},
            "after": {"group_id": "2", "assignee_id": "21", "priority": "high"},
        }

        back = take_back([given], ticket(group_id="2", assignee_id="21", priority=Priority.HIGH))

        assert back.write == Write(clear=frozenset({"group_id", "assignee_id", "priority"}))

    def test_empties_a_custom_field_that_was_empty(self):
        filled = {"before": {"custom_fields": {"7": None}}, "after": {"custom_fields": {"7": "x"}}}

        assert take_back([filled], ticket(custom_fields={"7": "x"})).write == Write(custom_fields={"7": None})

    @pytest.mark.parametrize("before", ["solved", "new"])
    def test_neither_solves_a_ticket_nor_makes_it_new(self, before):
        opened = {"before": {"status": before}, "after": {"status": "open"}}

        back = take_back([opened], ticket(status=TicketStatus.OPEN))

        assert back.write.empty
        assert back.kept == (Kept(field="status", ours="open", found="open", reason=changes.NO_STATUS),)

    def test_sets_a_status_back_that_waits_for_somebody(self):
        waits = {"before": {"status": "open"}, "after": {"status": "pending"}}

        assert take_back([waits], ticket(status=TicketStatus.PENDING)).write == Write(status=TicketStatus.OPEN)

    def test_says_that_words_stay(self):
        said = {"before": {}, "after": {}, "said": "note"}

        assert take_back([said], ticket()).kept == (
            Kept(field="words", ours="note", found="note", reason=changes.WORDS),
        )

    def test_lists_everything_that_stays_where_nothing_can_be_done(self):
        back = changes.stays([HIGH, GIVEN, {"before": {}, "after": {}, "said": "note"}], "the ticket is closed")

        assert back.write.empty
        assert [(one.field, one.reason) for one in back.kept] == [
            ("priority", "the ticket is closed"),
            ("group_id", "the ticket is closed"),
            ("assignee_id", "the ticket is closed"),
            ("words", changes.WORDS),
        ]
