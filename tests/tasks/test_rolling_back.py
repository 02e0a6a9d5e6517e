"""Rolling a protocol back: ours is set back at each ticket's next look, theirs stays, and both lists are told."""

from __future__ import annotations

import pytest

from app import rolling_back
from app.protocol_setup import find_version
from app.protocols import changes
from app.protocols.yaml_text import write_yaml
from app.publishing import import_documents
from app.rolling_back import Report, Rollback
from app.store import protocol_events, protocols
from app.store.protocol_events import Kind
from app.words import CaseStage
from tests.tasks.stage import ASSIGN, NOTE, PRIORITY, TAG, Killed, Stage, die, protocol

WHY = "It took tickets from the wrong people."
ACTIONS = (NOTE, PRIORITY, ASSIGN, TAG)


def begin(stage: Stage, *actions, **values) -> None:
    """The first version of the only protocol."""
    stage.publish(protocol("Rescue", *(actions or ACTIONS), tags=["fragile"], **values))


def publish(stage: Stage, *actions, **values) -> None:
    """The next version of it."""
    text = write_yaml(protocol("Rescue", *actions, tags=["fragile"], **values))
    with stage.parts.database.desk(stage.desk_id) as session:
        import_documents(session, stage.desk_id, [text], publish_as="a test")


def roll_back(stage: Stage, name: str = "Rescue", *, to: int | None = None, undo: bool = True) -> Rollback:
    return rolling_back.start(stage.parts, stage.desk_id, name, to=to, undo=undo, by="lena@example.com", reason=WHY)


def told(stage: Stage, rollback: Rollback) -> Report:
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        return rolling_back.report(session, rollback.id)


def opens(stage: Stage, **fields) -> str:
    """A ticket that had these fields before we saw it."""
    ticket = stage.opens()
    stage.edits(ticket, **fields)
    return ticket


def in_support(stage: Stage) -> dict[str, object]:
    return {"priority": "low", "group_id": stage.account.group_ids["Support"]}


def in_force(stage: Stage) -> list[int]:
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        return [protocols.version(session, row.version_id).number for row in protocols.in_force(session)]


def history(stage: Stage) -> list[tuple[object, ...]]:
    """Newest first: what happened, the version, the one before, who and why."""
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        row = protocols.find_by_name(session, "Rescue")
        assert row is not None
        found = protocol_events.of_protocol(session, row.id)
    return [(one.kind, one.number, one.previous, one.by, one.reason) for one in found]


def named(fields) -> set[tuple[str, str, str]]:
    return {(one.ticket, one.field, one.key) for one in fields}


@pytest.mark.capability("N6")
def test_ours_goes_back_theirs_stays_and_both_are_listed(stage: Stage, long: bool) -> None:
    stage.allow(unlimited=True)  # two hundred tickets in one minute are more calls than an account has
    begin(stage)
    opened = [opens(stage, **in_support(stage)) for _ in range(200 if long else 20)]
    stage.drain()
    theirs = opened[:: len(opened) // 5]
    for ticket in theirs:
        stage.edits(ticket, priority="urgent", remove_tags=["fragile"])
    stage.drain()

    rollback = roll_back(stage)
    stage.drain()

    report = told(stage, rollback)
    assert (report.tickets, report.waiting, report.finished) == (len(opened), 0, True)
    for ticket in opened:
        shown, changed = stage.shown(ticket), ticket in theirs
        assert (shown["group"], shown["priority"]) == ("Support", "urgent" if changed else "low")
        assert not {"fragile", "recovery_open"} & set(shown["tags"])
        assert ((ticket, "priority", "") in named(report.kept)) is changed
        assert ((ticket, "priority", "") in named(report.reverted)) is not changed
        assert ((ticket, "tags", "fragile") in named(report.kept)) is changed
        assert (ticket, "group_id", "") in named(report.reverted)
        assert (ticket, "words", "") in named(report.kept)


def test_a_ticket_that_nobody_had_is_nobodys_again(stage: Stage) -> None:
    begin(stage, {"do": "assign", "group": "Recovery", "to": "least_loaded"})
    ticket = stage.opens()
    stage.drain()
    before = stage.shown(ticket)

    roll_back(stage)
    stage.drain()

    shown = stage.shown(ticket)
    assert (before["group"], before["assignee_id"] is None) == ("Recovery", False)
    assert (shown["group"], shown["assignee_id"]) == (None, None)


def test_a_colleague_who_took_the_ticket_keeps_it(stage: Stage) -> None:
    begin(stage, ASSIGN)
    ticket = opens(stage, **in_support(stage))
    stage.drain()
    colleague = stage.account.agent_ids[0]
    stage.edits(ticket, assignee_id=colleague)

    rollback = roll_back(stage)
    stage.drain()

    shown, report = stage.shown(ticket), told(stage, rollback)
    assert (shown["group"], shown["assignee_id"]) == ("Recovery", str(colleague))
    assert {("group_id", changes.TOGETHER), ("assignee_id", changes.TOUCHED)} <= {
        (one.field, one.reason) for one in report.kept
    }


def test_the_withdrawn_versions_case_ends_with_what_was_left_to_do(stage: Stage) -> None:
    begin(stage, NOTE, follow_up={"resurvey": {"after_hours": 24, "channel": "email"}})
    ticket = stage.opens()
    stage.drain()
    stage.answers(ticket)
    stage.solves(ticket)
    stage.drain()

    roll_back(stage)

    case, (survey,) = stage.case(ticket), stage.surveys(ticket)
    assert (case.stage, case.reason) == (CaseStage.EXPIRED, f"rolled back: {WHY}")
    assert survey.state.value == "cancelled"


@pytest.mark.capability("CRI-04")
def test_without_undo_cases_go_on_under_the_version_they_began_with(stage: Stage) -> None:
    begin(stage, PRIORITY)
    publish(stage, NOTE)
    ticket = stage.opens()
    stage.drain()

    rollback = roll_back(stage, undo=False)
    stage.drain()

    report = told(stage, rollback)
    assert stage.case(ticket).closed_at is None
    assert (report.withdrawn, report.to, report.tickets, report.finished) == ((2,), 1, 0, True)
    assert "recovery_open" in stage.tags(ticket)


def test_the_earlier_version_takes_the_ticket_over(stage: Stage) -> None:
    begin(stage, PRIORITY)
    publish(stage, TAG)
    ticket = stage.opens()
    stage.drain()

    roll_back(stage)
    stage.drain()

    first, second = stage.cases(ticket)
    assert (first.taken_back_at is not None, second.taken_back_at) == (True, None)
    assert (second.closed_at, stage.shown(ticket)["priority"]) == (None, "high")
    assert {"recovery_open"} == stage.tags(ticket) & {"recovery_open", "fragile"}


def test_what_was_taken_back_once_is_not_taken_back_again(stage: Stage) -> None:
    begin(stage, NOTE)
    publish(stage, PRIORITY)
    ticket = opens(stage, **in_support(stage))
    stage.drain()
    roll_back(stage)
    stage.drain()
    stage.edits(ticket, priority="high")
    stage.drain()

    again = roll_back(stage, to=1)
    stage.drain()

    assert stage.shown(ticket)["priority"] == "high"
    assert told(stage, again).tickets == 0


def test_what_a_version_did_can_be_set_back_long_after_it_was_withdrawn(stage: Stage) -> None:
    begin(stage, NOTE)
    publish(stage, PRIORITY)
    ticket = opens(stage, **in_support(stage))
    stage.drain()
    roll_back(stage, undo=False)
    stage.drain()

    later = roll_back(stage, to=1)
    stage.drain()

    assert (later.withdrawn, later.to) == ((2,), 1)
    assert stage.shown(ticket)["priority"] == "low"


class TestAtABadMoment:
    def test_an_agent_who_edits_just_then_keeps_the_edit(self, stage: Stage):
        begin(stage, PRIORITY, TAG)
        ticket = opens(stage, **in_support(stage))
        stage.drain()
        stage.on_write(before=lambda: stage.edits(ticket, priority="urgent"))

        rollback = roll_back(stage)
        stage.drain()

        assert stage.shown(ticket)["priority"] == "urgent"
        assert named(told(stage, rollback).kept) == {(ticket, "priority", "")}
        assert (ticket, "tags", "fragile") in named(told(stage, rollback).reverted)

    def test_a_worker_that_dies_after_the_call_leaves_a_whole_report(self, stage: Stage):
        begin(stage, PRIORITY)
        ticket = opens(stage, **in_support(stage))
        stage.drain()
        stage.on_write(after=die)

        rollback = roll_back(stage)
        with pytest.raises(Killed):
            stage.drain()
        stage.pass_time(minutes=5)
        stage.drain()

        report = told(stage, rollback)
        assert (report.finished, stage.shown(ticket)["priority"]) == (True, "low")
        assert (ticket, "priority", "") in named(report.reverted)
        assert report.kept == ()

    def test_a_change_whose_answer_was_lost_is_set_back_too(self, stage: Stage):
        begin(stage, PRIORITY)
        ticket = opens(stage, **in_support(stage))
        stage.on_write(after=die)
        with pytest.raises(Killed):
            stage.drain()

        rollback = roll_back(stage)
        stage.pass_time(minutes=5)
        stage.drain()

        assert stage.shown(ticket)["priority"] == "low"
        assert (ticket, "priority", "") in named(told(stage, rollback).reverted)

    def test_a_closed_ticket_stays_as_it_is_and_the_report_says_why(self, stage: Stage):
        begin(stage, PRIORITY)
        ticket = opens(stage, **in_support(stage))
        stage.drain()
        stage.act(f"tickets/{ticket}/close")

        rollback = roll_back(stage)
        stage.drain()

        report = told(stage, rollback)
        assert (report.finished, report.reverted) == (True, ())
        assert {(one.field, one.reason) for one in report.kept} >= {("priority", "the ticket is closed for good")}

    def test_a_deleted_ticket_does_not_hold_the_rollback_up(self, stage: Stage):
        begin(stage, PRIORITY)
        ticket = opens(stage, **in_support(stage))
        stage.drain()
        stage.act(f"tickets/{ticket}/delete")

        rollback = roll_back(stage)
        stage.drain()

        report = told(stage, rollback)
        assert (report.finished, report.reverted) == (True, ())
        assert "priority" in {one.field for one in report.kept}


class TestWhatCannotBeDone:
    @pytest.mark.parametrize(
        ("name", "to", "says"),
        [
            ("Nobody's", None, 'there is no protocol "Nobody\'s"'),
            ("Rescue", 9, "there is no version 9; the newest is 1"),
            ("Rescue", 1, "version 1 is in force already"),
        ],
    )
    def test_is_said_and_nothing_changes(self, stage: Stage, name, to, says):
        begin(stage)

        with pytest.raises(ValueError, match=says):
            roll_back(stage, name, to=to)

    def test_a_version_that_was_never_in_force_is_to_be_published(self, stage: Stage):
        begin(stage)
        text = write_yaml(protocol("Rescue", PRIORITY))
        with stage.parts.database.desk(stage.desk_id) as session:
            import_documents(session, stage.desk_id, [text])

        with pytest.raises(ValueError, match="version 2 was never in force; publish it instead"):
            roll_back(stage, to=2)

    @pytest.mark.parametrize(
        ("reason", "says"), [(" ", "is missing"), ("x" * 501, "1 to 500"), ("a\0b", "must be text")]
    )
    def test_a_rollback_without_a_proper_reason_is_refused(self, stage: Stage, reason, says):
        begin(stage)

        with pytest.raises(ValueError, match=f"reason: .*{says}"):
            rolling_back.start(stage.parts, stage.desk_id, "Rescue", by="lena@example.com", reason=reason)


class TestWhatIsInForceAfterwards:
    def test_a_trial_ends_and_what_is_in_force_stays(self, stage: Stage):
        begin(stage, PRIORITY)
        text = write_yaml(protocol("Rescue", NOTE))
        with stage.parts.database.desk(stage.desk_id) as session:
            import_documents(session, stage.desk_id, [text])
            trial = find_version(session, "Rescue", 2)
            reach = protocols.Reach(share=0.5)
            protocols.publish(session, trial, by="lena@example.com", reason="try", now=stage.now, reach=reach)

        rollback = roll_back(stage)

        assert (rollback.withdrawn, rollback.to) == ((2,), 1)
        assert in_force(stage) == [1]
        assert history(stage)[0] == (Kind.ROLLED_BACK, 1, 2, "lena@example.com", WHY)

    def test_the_version_before_is_in_force_again_with_who_and_why(self, stage: Stage):
        begin(stage, PRIORITY)
        publish(stage, NOTE)

        rollback = roll_back(stage, undo=False)

        assert (rollback.withdrawn, rollback.to) == ((2,), 1)
        assert in_force(stage) == [1]
        assert history(stage)[0] == (Kind.ROLLED_BACK, 1, 2, "lena@example.com", WHY)

    def test_going_back_twice_never_brings_back_what_was_taken_back(self, stage: Stage):
        begin(stage, PRIORITY)
        publish(stage, NOTE)
        publish(stage, TAG)
        roll_back(stage, undo=False)

        again = roll_back(stage, undo=False)

        assert (again.withdrawn, again.to) == ((2,), 1)

    def test_a_version_that_was_taken_back_itself_is_passed_over(self, stage: Stage):
        begin(stage, PRIORITY)
        publish(stage, NOTE)
        roll_back(stage, undo=False)
        publish(stage, TAG)

        rollback = roll_back(stage, undo=False)

        assert (rollback.withdrawn, rollback.to) == ((3,), 1)
        assert in_force(stage) == [1]

    def test_none_is_where_there_was_none_before_and_that_is_warned_of(self, stage: Stage):
        begin(stage, PRIORITY, cause="unknown")

        rollback = roll_back(stage)

        assert (rollback.to, in_force(stage)) == (None, [])
        assert history(stage)[0][:3] == (Kind.WITHDRAWN, None, 1)
        with pytest.raises(ValueError, match="nothing to take back"):
            roll_back(stage)

    def test_what_is_lacking_since_is_told_and_holds_nothing_up(self, stage: Stage):
        begin(stage, PRIORITY)
        publish(stage, NOTE, cause="unknown")

        rollback = roll_back(stage)

        assert any("no protocol is in charge" in warning for warning in rollback.warnings)


def test_a_refusal_by_the_helpdesk_is_told_with_everything_that_stays(stage: Stage) -> None:
    begin(stage, PRIORITY, TAG)
    ticket = opens(stage, **in_support(stage))
    stage.drain()
    stage.fault("status", status=422, method="PUT", times=50)

    rollback = roll_back(stage)
    stage.drain()

    report = told(stage, rollback)
    assert (report.finished, report.reverted) == (True, ())
    assert {"priority", "tags"} <= {one.field for one in report.kept}
    assert stage.shown(ticket)["priority"] == "high"


def test_on_postgresql_too(postgres_stage: Stage) -> None:
    stage = postgres_stage
    begin(stage)
    ticket = opens(stage, **in_support(stage))
    stage.drain()

    rollback = roll_back(stage)
    stage.drain()

    assert (stage.shown(ticket)["group"], stage.shown(ticket)["priority"]) == ("Support", "low")
    assert told(stage, rollback).finished
