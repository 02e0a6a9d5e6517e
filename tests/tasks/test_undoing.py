"""Undoing one case: ours is set back at the ticket's next look, theirs stays, and the protocol leaves it alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app import rolling_back
from app.store import deviations, rollbacks
from app.store.deviations import ReasonMissing
from app.store.models import InvitationState, RecoveryCase, StepRow, StepState, TrackedTicket
from app.store.rollbacks import Noted
from app.words import CaseStage
from tasks import undoing
from tasks.undoing import CannotUndo, Prospect
from tests.store.factories import together
from tests.tasks.closing import solved
from tests.tasks.stage import ANGRY, ASSIGN, NOTE, PRIORITY, TAG, Killed, Stage, die, protocol

WHY = "The parcel was another customer's."
ACTIONS = (NOTE, PRIORITY, ASSIGN, TAG)


def opened(stage: Stage, *actions, **values) -> str:
    """A ticket with a case whose steps are done; it was of low priority and in Support before."""
    stage.publish(protocol("Rescue", *(actions or ACTIONS), tags=["fragile"], **values))
    ticket = stage.opens()
    stage.edits(ticket, priority="low", group_id=stage.account.group_ids["Support"])
    stage.drain()
    return ticket


def undo(stage: Stage, ticket: str, *, reason: str = WHY) -> int:
    case_id = stage.cases(ticket)[0].id
    with stage.parts.database.desk(stage.desk_id) as session:
        case = session.get_one(RecoveryCase, case_id)
        return undoing.undo(session, case, reason=reason, by="lena@example.com", now=stage.now)


def prospect(stage: Stage, ticket: str) -> Prospect:
    case_id = stage.cases(ticket)[0].id
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        return undoing.prospect(session, session.get_one(RecoveryCase, case_id))


def undoing_steps(stage: Stage) -> Sequence[StepRow]:
    return stage.rows(StepRow, StepRow.do == rollbacks.TAKE_BACK)


def noted(stage: Stage) -> Noted:
    (step,) = undoing_steps(stage)
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        return rollbacks.noted(session, session.get_one(StepRow, step.id))


def test_ours_goes_back_and_words_stay(stage: Stage) -> None:
    ticket = opened(stage)

    tickets = undo(stage, ticket)
    stage.drain()

    shown, told = stage.shown(ticket), noted(stage)
    assert tickets == 1
    assert (shown["group"], shown["priority"]) == ("Support", "low")
    assert not {"fragile", "recovery_open"} & set(shown["tags"])
    assert {"priority", "group_id", "tags"} <= {one["field"] for one in told.reverted}
    assert "words" in {one["field"] for one in told.kept}


def test_what_a_colleague_changed_since_stays(stage: Stage) -> None:
    ticket = opened(stage)
    stage.edits(ticket, priority="urgent")

    undo(stage, ticket)
    stage.drain()

    assert stage.shown(ticket)["priority"] == "urgent"
    assert ("priority", "urgent") in {(one["field"], one["found"]) for one in noted(stage).kept}


def test_the_case_is_over_and_not_opened_again(stage: Stage) -> None:
    ticket = opened(stage)

    undo(stage, ticket)
    stage.drain()
    stage.says(ticket, ANGRY)
    stage.drain()

    case = stage.case(ticket)
    assert (case.stage, case.open_key, case.reason) == (CaseStage.EXPIRED, None, undoing.UNDONE)
    assert "recovery_open" not in stage.tags(ticket)


def test_a_survey_that_has_not_left_is_called_off(stage: Stage) -> None:
    ticket = solved(stage)

    undo(stage, ticket)

    assert [row.state for row in stage.surveys(ticket)] == [InvitationState.CANCELLED]


def test_the_reason_is_on_record_and_needed(stage: Stage) -> None:
    ticket = opened(stage)
    with pytest.raises(ReasonMissing):
        undo(stage, ticket, reason=" ")
    still = stage.case(ticket).open_key

    undo(stage, ticket)

    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        told = [(one.kind, one.reason) for one in deviations.of_case(session, stage.case(ticket).id)]
    assert still is not None
    assert told == [("undone", WHY)]


def test_undoing_twice_undoes_once(stage: Stage) -> None:
    ticket = opened(stage)
    undo(stage, ticket)

    with pytest.raises(CannotUndo, match="being undone"):
        undo(stage, ticket)
    stage.drain()
    with pytest.raises(CannotUndo, match="undone already"):
        undo(stage, ticket)

    assert len(undoing_steps(stage)) == 1


def test_of_two_who_undo_at_once_one_does(postgres_stage: Stage) -> None:
    stage = postgres_stage
    ticket = opened(stage, PRIORITY)

    def press(_index: int) -> str:
        try:
            return f"on {undo(stage, ticket)}"
        except CannotUndo as error:
            return str(error)

    said = together(2, press)
    stage.drain()

    assert sorted(said) == ["It is being undone.", "on 1"]
    assert [row.state for row in undoing_steps(stage)] == [StepState.DONE]
    assert stage.shown(ticket)["priority"] == "low"


def test_words_alone_are_no_reason_to_begin(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE))
    ticket = stage.opens()
    stage.drain()
    with stage.parts.database.desk(stage.desk_id) as session:
        for row in session.query(StepRow).filter(StepRow.do != "note"):
            row.change = row.receipt = None

    found = prospect(stage, ticket)

    assert found.why_not is not None
    assert "words cannot be taken back" in found.why_not
    assert [one.field for one in found.lasting] == ["words"]


@pytest.mark.parametrize(
    ("change", "said"), [({"status": "closed"}, "closed for good"), ({"gone_at": True}, "gone from the helpdesk")]
)
def test_a_ticket_out_of_reach_says_so(stage: Stage, change: dict[str, object], said: str) -> None:
    ticket = opened(stage)
    with stage.parts.database.desk(stage.desk_id) as session:
        row = session.get_one(TrackedTicket, stage.tracked(ticket).id)
        for name, value in change.items():
            setattr(row, name, stage.now if value is True else value)

    with pytest.raises(CannotUndo, match=said):
        undo(stage, ticket)


def test_a_prospect_names_what_can_be_set_back(stage: Stage) -> None:
    ticket = opened(stage)

    found = prospect(stage, ticket)

    assert found.why_not is None
    assert {("tags", "fragile"), ("priority", ""), ("group_id", "")} <= {(one.field, one.key) for one in found.fields}


def test_a_process_that_dies_in_between_sets_back_once(stage: Stage) -> None:
    ticket = opened(stage)
    undo(stage, ticket)
    stage.on_write(after=die)
    with pytest.raises(Killed):
        stage.drain()
    stage.pass_time(minutes=10)

    stage.drain()

    assert [row.state for row in undoing_steps(stage)] == [StepState.DONE]
    assert stage.shown(ticket)["priority"] == "low"
    assert "priority" in {one["field"] for one in noted(stage).reverted}


def test_a_rollback_leaves_out_what_was_undone_before(stage: Stage) -> None:
    ticket = opened(stage)
    undo(stage, ticket)
    stage.drain()
    stage.edits(ticket, priority="high")  # as ours was, and an agent's by now

    rollback = rolling_back.start(stage.parts, stage.desk_id, "Rescue", undo=True, by="lena@example.com", reason=WHY)
    stage.drain()

    assert rollback.tickets == 0
    assert stage.shown(ticket)["priority"] == "high"


def test_a_case_that_was_rolled_back_is_not_undone(stage: Stage) -> None:
    ticket = opened(stage)
    rolling_back.start(stage.parts, stage.desk_id, "Rescue", undo=True, by="lena@example.com", reason=WHY)

    with pytest.raises(CannotUndo, match="taken back with its protocol"):
        undo(stage, ticket)


def test_erasing_a_person_forgets_what_stood_in_fields(stage: Stage) -> None:
    ticket = opened(stage)
    undo(stage, ticket)
    stage.drain()
    field = {"field": "custom_fields", "key": "1", "ours": "x", "back_to": "their words"}
    with stage.parts.database.desk(stage.desk_id) as session:
        step = session.get_one(StepRow, undoing_steps(stage)[0].id)
        step.params = {**step.params, "reverted": [*step.params["reverted"], field]}

    with stage.parts.database.desk(stage.desk_id) as session:
        rollbacks.forget_values(session, stage.tracked(ticket).id)

    assert "custom_fields" not in {one["field"] for one in noted(stage).reverted}
    assert noted(stage).reverted
