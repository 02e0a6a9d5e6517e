"""What a case's steps would do on the ticket as it was, and how all of it is counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.protocols.backtest import Opening
from app.protocols.evaluation import Snapshot
from app.protocols.figures import Figures, Load, Work, count
from app.protocols.foreseen import Desk, work_of
from connectors.ticket import Person
from tests.protocols.make import NOW, RECOVERY, SUPPORT, protocol

TAG = {"do": "tag", "add": ["late"], "remove": ["calm"]}
NOTE = {"do": "note", "text": "Please call {{ customer }}."}
ASSIGN = {"do": "assign", "to": "group"}
LEAST = {"do": "assign", "to": "least_loaded"}
RAISE = {"do": "priority", "to": "high"}
ALERT = {"do": "alert", "email": "lead"}
FACTS = {"score": 23, "state": "poor_worsening", "cause": "unknown", "rating_stars": None}
DESK = Desk(groups=(SUPPORT, RECOVERY), members={RECOVERY.id: (Person(id="41", name="Example", is_staff=True),)})


def work(*actions: dict[str, Any], desk: Desk = DESK, facts: dict[str, Any] | None = None, **values: Any) -> Work:
    """The work of a case of these actions on a ticket of the group Support; `failed` recoveries came before."""
    snapshot = {"group_id": SUPPORT.id, "status": "open", **values.pop("snapshot", {})}
    opening = Opening(
        tracked_id=1,
        ticket_id="7",
        at=NOW,
        facts=FACTS | (facts or {}),
        ticket=Snapshot(**snapshot),
        reason="The criteria hold.",
        failed_recoveries=values.pop("failed", 0),
    )
    wanted = protocol(team="Recovery", tags=["late", "calm"], actions=list(actions), **values)
    return work_of(opening, wanted, desk)


def figures(*actions: dict[str, Any], **values: Any) -> Figures:
    return count([work(*actions, **values)])


def test_what_can_be_one_change_is_one_change() -> None:
    found = figures(TAG, NOTE, ASSIGN, RAISE)

    assert found.helpdesk_writes == 1
    assert (found.reassignments, found.notes, found.field_changes) == (1, 1, {"priority": 1})
    assert found.steps == {"assign": 1, "note": 1, "priority": 1, "tag": 1}


def test_a_tag_counts_where_it_is_new_and_one_that_goes_where_it_was() -> None:
    assert figures(TAG).tags_added == {"late": 1}
    assert figures(TAG).tags_removed == {}
    assert figures(TAG, snapshot={"tags": frozenset({"late", "calm"})}).tags_removed == {"calm": 1}
    assert figures(TAG, snapshot={"tags": frozenset({"late", "calm"})}).tags_added == {}


def test_a_ticket_that_is_in_the_group_is_not_reassigned() -> None:
    found = figures(ASSIGN, snapshot={"group_id": RECOVERY.id})

    assert found.reassignments == 0
    assert found.helpdesk_writes == 1  # the mark of an open case


def test_a_member_who_has_the_ticket_keeps_it() -> None:
    assert figures(LEAST).reassignments == 1
    assert figures(LEAST, snapshot={"group_id": RECOVERY.id, "assignee_id": "41"}).reassignments == 0


def test_an_assignment_to_a_group_that_the_desk_has_not_changes_nothing() -> None:
    assert figures({**ASSIGN, "group": "Moonbase"}).reassignments == 0


def test_of_a_desk_that_was_not_asked_every_assignment_is_counted() -> None:
    assert figures({**ASSIGN, "group": "Moonbase"}, desk=Desk(asked=False)).reassignments == 1


def test_a_text_that_would_be_empty_is_not_sent() -> None:
    assert figures(NOTE).notes == 1
    assert figures(NOTE, snapshot={"named": False}).notes == 0


def test_reasons_are_told_where_there_were_any() -> None:
    told = {"do": "note", "text": "{{ reasons }}"}

    assert figures(told).notes == 1
    assert figures(told, snapshot={"reasoned": False}).notes == 0


def test_an_alert_to_leads_counts_where_somebody_is_named() -> None:
    assert figures(ALERT).alerts == 1
    assert figures(ALERT, desk=Desk(has_lead=False)).alerts == 0


def test_a_macro_counts_as_one_change() -> None:
    assert figures({"do": "macro", "macro": "Apology"}).helpdesk_writes == 1


def test_a_closed_ticket_takes_no_changes() -> None:
    found = figures(TAG, NOTE, ASSIGN, ALERT, snapshot={"status": "closed"})

    assert (found.helpdesk_writes, found.notes, found.reassignments, found.alerts) == (0, 0, 0, 1)


def test_a_persons_step_is_a_task_and_no_change() -> None:
    found = figures(TAG, {**NOTE, "owner": "team"})

    assert (found.tasks, found.notes, found.tags_added) == (1, 0, {"late": 1})


def test_where_the_protocol_stops_nothing_but_the_mark_is_set() -> None:
    stop = {"stop_when": [{"field": "score", "operator": "at_most", "value": 30}]}

    found = figures(TAG, NOTE, ALERT, guardrails=stop)

    assert (found.tags_added, found.notes, found.alerts, found.helpdesk_writes) == ({}, 0, 0, 1)
    assert found.cases == 1


def test_no_more_steps_are_planned_than_a_case_may_have() -> None:
    assert figures(TAG, NOTE, guardrails={"max_actions": 2}).steps == {"tag": 1}


def test_after_a_second_failure_what_speaks_to_the_customer_is_left_to_people() -> None:
    macro = {"do": "macro", "macro": "Apology"}

    assert figures(macro, facts={"repeat_failure": True}).field_changes == {}
    assert figures(macro).field_changes != {}


REPLY = {"do": "reply", "text": "We are sorry."}
SPEAKS = {"automation_may_speak": True}
OPEN_DESK = Desk(may_speak=True)


def test_a_message_counts_where_protocol_and_desk_let_automation_speak() -> None:
    assert figures(REPLY, guardrails=SPEAKS, desk=OPEN_DESK).public_messages == 1
    assert figures(REPLY, guardrails=SPEAKS).public_messages == 0
    assert figures(REPLY, desk=OPEN_DESK).public_messages == 0


def test_a_note_and_a_message_are_two_changes() -> None:
    assert figures(REPLY, TAG, guardrails=SPEAKS, desk=OPEN_DESK).helpdesk_writes == 1
    assert figures(REPLY, NOTE, guardrails=SPEAKS, desk=OPEN_DESK).helpdesk_writes == 2


def test_an_apology_beyond_the_cap_is_not_sent() -> None:
    again = {"do": "reply", "text": "Once more: we apologise."}

    found = figures(REPLY, again, guardrails={**SPEAKS, "max_apologies": 1}, desk=OPEN_DESK)

    assert found.public_messages == 1


def test_after_a_recovery_that_failed_nothing_is_said_or_given_by_machine() -> None:
    macro, status = {"do": "macro", "macro": "Apology"}, {"do": "status", "to": "pending"}

    found = figures(REPLY, macro, status, TAG, guardrails=SPEAKS, desk=OPEN_DESK, failed=1)

    assert (found.public_messages, found.field_changes, found.tags_added) == (0, {}, {"late": 1})
    assert found.steps == {"macro": 1, "reply": 1, "status": 1, "tag": 1}


def test_a_vendor_item_is_counted_as_such() -> None:
    notice = {"do": "vendor_notice", "group": "Support", "text": "Please look into it."}

    found = figures(notice)

    assert (found.vendor_items, found.notes, found.alerts) == (1, 0, 0)


def test_cases_are_counted_by_team_and_hour() -> None:
    works = [Work(ticket_id=str(number), at=NOW + timedelta(minutes=25 * number), team="A") for number in range(4)]

    found = count([*works, Work(ticket_id="0", at=NOW, team="B")])

    assert (found.tickets, found.cases) == (4, 5)
    assert found.load == (
        Load(team="A", hour=NOW, cases=3),
        Load(team="B", hour=NOW, cases=1),
        Load(team="A", hour=NOW + timedelta(hours=1), cases=1),
    )


def test_figures_are_ready_for_json() -> None:
    plain = count([work(TAG)], overlap={"Other": 2}, deferred=1).as_dict()

    assert plain["load"] == [{"team": "Recovery", "hour": "2031-05-06T12:00:00+00:00", "cases": 1}]
    assert (plain["overlap"], plain["deferred"], plain["tags_added"]) == ({"Other": 2}, 1, {"late": 1})
