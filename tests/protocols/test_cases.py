"""The life of a case, and what a survey's answer asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.protocols.cases import TRANSITIONS, CaseEvent, Handover, advance, after_answer, can_advance
from app.protocols.errors import IllegalAdvance
from app.protocols.tags import TagDictionary
from app.words import CLOSED_STAGES, CaseStage
from connectors.ticket import TicketStatus, Write
from tests.protocols.make import RECOVERY, SUPPORT, protocol, ticket

HANDOVER = Handover(previous_group_id=SUPPORT.id, previous_assignee_id="31", recovery_group_id=RECOVERY.id)
TO_RETENTION = {"return_to": "group", "return_group": "Retention"}
SOLVED = {
    "group_id": RECOVERY.id,
    "assignee_id": "9",
    "status": TicketStatus.SOLVED,
    "tags": frozenset({"recovery_open", "vip"}),
}


def answer(value, *, return_to="stay", return_group=None, resurvey=None, handover=HANDOVER, **changes):
    rule = protocol(follow_up={"return_to": return_to, "return_group": return_group, "resurvey": resurvey})
    return after_answer(value, rule, ticket(**SOLVED | changes), handover, TagDictionary())


def test_a_case_goes_from_eligible_to_recovered():
    way = [
        CaseEvent.FLAG,
        CaseEvent.ASSIGN,
        CaseEvent.CONTACT,
        CaseEvent.RESOLVE,
        CaseEvent.RESURVEY,
        CaseEvent.RECOVER,
    ]
    stage = CaseStage.ELIGIBLE

    seen = [stage := advance(stage, event) for event in way]

    assert seen == ["flagged", "assigned", "contacted", "resolved", "resurveyed", "recovered"]


@pytest.mark.parametrize(
    ("stage", "event", "after"),
    [
        ("eligible", CaseEvent.HOLD_OUT, "held_out"),
        ("flagged", CaseEvent.CONTACT, "contacted"),
        ("contacted", CaseEvent.ASSIGN, "contacted"),
        ("resolved", CaseEvent.REOPEN, "contacted"),
        ("resurveyed", CaseEvent.REOPEN, "contacted"),
        ("resurveyed", CaseEvent.RESOLVE, "resurveyed"),
        ("contacted", CaseEvent.RECOVER, "recovered"),
        ("resurveyed", CaseEvent.LOSE, "lost"),
        ("held_out", CaseEvent.EXPIRE, "expired"),
        ("assigned", CaseEvent.EXPIRE, "expired"),
    ],
)
def test_what_follows_what(stage, event, after):
    assert advance(CaseStage(stage), event) == after


@pytest.mark.parametrize("event", CaseEvent)
def test_hearing_an_event_twice_changes_nothing_more(event):
    for after in TRANSITIONS[event].values():
        assert advance(after, event) is after


@pytest.mark.parametrize("stage", sorted(CLOSED_STAGES))
def test_a_closed_case_stays_as_it_is(stage):
    reached = {advance(stage, event) for event in CaseEvent if can_advance(stage, event)}

    assert reached == {stage}


def test_what_makes_no_sense_is_refused_in_words():
    assert not can_advance(CaseStage.ELIGIBLE, CaseEvent.RESURVEY)
    with pytest.raises(IllegalAdvance, match="a case that is eligible cannot be resurveyed"):
        advance(CaseStage.ELIGIBLE, CaseEvent.RESURVEY)


class TestRecovered:
    TAGS = Write(add_tags=frozenset({"recovery_recovered"}), remove_tags=frozenset({"recovery_open"}))

    @pytest.mark.capability("TEA-03")
    def test_the_ticket_stays_where_the_protocol_says_so(self):
        found = answer(0.6)

        assert (found.event, found.write, found.alert) == (CaseEvent.RECOVER, self.TAGS, None)
        assert "stays where it is" in found.reason

    @pytest.mark.capability("TEA-03")
    def test_the_ticket_returns_to_who_had_it_before(self):
        found = answer(1.0, return_to="previous")

        assert found.write == Write(
            add_tags=self.TAGS.add_tags,
            remove_tags=self.TAGS.remove_tags,
            group_id=SUPPORT.id,
            assignee_id="31",
        )

    @pytest.mark.capability("TEA-03")
    @pytest.mark.parametrize("change", [{"group_id": "40"}, {"handover": Handover()}])
    def test_a_ticket_that_was_moved_meanwhile_is_left_there(self, change):
        found = answer(1.0, return_to="previous", **change)

        assert found.write == self.TAGS
        assert "was not returned" in found.reason

    @pytest.mark.capability("TEA-03")
    def test_a_ticket_that_nobody_had_is_nobodys_again(self):
        found = answer(1.0, return_to="previous", handover=replace(HANDOVER, previous_assignee_id=None))

        assert (found.write.group_id, found.write.assignee_id) == (SUPPORT.id, None)
        assert found.write.clear == frozenset({"assignee_id"})

    @pytest.mark.capability("TEA-03")
    def test_the_ticket_goes_on_to_the_rules_own_group(self):
        found = answer(1.0, **TO_RETENTION, handover=replace(HANDOVER, return_group_id="40"))

        assert (found.write.group_id, found.write.assignee_id) == ("40", None)
        assert 'goes to the group "Retention"' in found.reason

    @pytest.mark.parametrize(
        ("handover", "said"),
        [
            (HANDOVER, 'the desk has no group "Retention"'),
            (replace(HANDOVER, return_group_id=RECOVERY.id), 'is in the group "Retention" already'),
            (replace(HANDOVER, recovery_group_id="60", return_group_id="40"), "not in the recovery group any more"),
        ],
    )
    def test_a_rules_own_group_that_makes_no_sense_leaves_the_ticket(self, handover, said):
        found = answer(1.0, **TO_RETENTION, handover=handover)

        assert found.write == self.TAGS
        assert said in found.reason

    def test_a_closed_ticket_takes_no_change(self):
        found = answer(1.0, return_to="previous", status=TicketStatus.CLOSED)

        assert found.write.empty
        assert "closed for changes" in found.reason


class TestLost:
    def test_the_ticket_opens_again_with_its_tag_and_the_leads_are_told(self):
        found = answer(0.59)

        assert found.event is CaseEvent.LOSE
        assert found.write == Write(
            add_tags=frozenset({"recovery_lost"}),
            remove_tags=frozenset({"recovery_open"}),
            status=TicketStatus.OPEN,
        )
        assert found.alert is not None
        assert (found.alert.target, found.alert.payload["ticket_id"]) == ("lead", "7")

    def test_a_ticket_that_is_open_already_is_only_tagged(self):
        assert answer(0, status=TicketStatus.OPEN).write.status is None

    def test_a_closed_ticket_is_left_and_said_so(self):
        found = answer(0, status=TicketStatus.CLOSED)

        assert found.write.empty
        assert found.alert is not None
        assert "was not reopened" in found.reason

    def test_the_bar_is_the_protocols_own(self):
        assert answer(0.7, resurvey={"good_from": 0.75}).event is CaseEvent.LOSE
        assert answer(0.75, resurvey={"good_from": 0.75}).event is CaseEvent.RECOVER
