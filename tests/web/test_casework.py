"""What people do on a case's page: ticking off, leaving out with a reason, other steps, closing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.store import deferrals, deviations, steps
from app.store.database import Database
from app.store.models import Deviation, ProtocolVersion, RecoveryCase, StepRow, StepState, TrackedTicket
from app.words import CaseStage
from tests.seeds import NOW, Seeded
from tests.web.people import SignedIn

REASON = "She asked to be called by her own agent instead."


@pytest.fixture
def chore(story: Seeded, database: Database) -> int:
    """A step of the story's case that waits for its agent."""
    with database.desk(story.desk_id) as session:
        case = session.get_one(RecoveryCase, story.case_id)
        planned = steps.Planned(action="take_it", do="take_it", params={}, owner="agent", due_at=NOW, waits=True)
        return steps.plan(session, case, [planned], NOW)[0].id


def step(database: Database, desk_id: int, step_id: int) -> StepRow:
    with database.desk(desk_id, read=True) as session:
        return session.get_one(StepRow, step_id)


def told(database: Database, story: Seeded) -> list[deviations.Told]:
    with database.desk(story.desk_id, read=True) as session:
        return list(deviations.of_case(session, story.case_id))


def ready(database: Database, story: Seeded) -> RecoveryCase:
    with database.desk(story.desk_id, read=True) as session:
        return session.get_one(RecoveryCase, story.case_id)


@pytest.mark.capability("PRO-04")
def test_the_page_says_what_is_to_be_done_by_whom_and_until_when(admin: SignedIn, story: Seeded, chore: int) -> None:
    page = admin.get(f"/cases/{story.case_id}").text

    for said in ("Take this ticket, or find somebody who does", "For the ticket's agent", "Overdue", "0 of 1 done"):
        assert said in page.replace("&#39;", "'")


def test_the_words_of_a_task_come_filled_in(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        version = session.scalars(select(ProtocolVersion)).one()
        words = "Call {{ customer | them }} on {{ previous_group }}, {{ stars | few }} stars"
        task = f'  - {{do: task, owner: agent, text: "{words}"}}'
        version.document = version.document.replace("follow_up:", f"{task}\nfollow_up:")
        case = session.get_one(RecoveryCase, story.case_id)
        steps.plan(
            session, case, [steps.Planned(action="4-task", do="task", params={}, owner="agent", waits=True)], NOW
        )

    page = admin.get(f"/cases/{story.case_id}").text

    assert "Call Mira Muster on (the group that had the ticket before: not known), few stars" in page


@pytest.mark.capability("PRO-04")
def test_ticking_off_ends_the_step_with_the_persons_name(
    admin: SignedIn, story: Seeded, chore: int, database: Database
) -> None:
    answer = admin.post(f"/cases/steps/{chore}/done", case=str(story.case_id))

    row = step(database, story.desk_id, chore)
    assert answer.location == f"/cases/{story.case_id}?said=ticked"
    assert row.state is StepState.DONE
    assert row.done_by is not None
    assert "@example.com" in row.done_by
    assert "1 of 1 done" in admin.get(answer.location).text


def test_of_two_people_who_tick_at_once_the_second_is_told(admin: SignedIn, story: Seeded, chore: int) -> None:
    admin.post(f"/cases/steps/{chore}/done", case=str(story.case_id))

    late = admin.post(f"/cases/steps/{chore}/done", case=str(story.case_id))

    assert late.location.endswith("said=late")


@pytest.mark.capability("PRO-10")
def test_a_step_is_left_out_only_with_a_reason(admin: SignedIn, story: Seeded, chore: int, database: Database) -> None:
    refused = admin.post(f"/cases/steps/{chore}/leave-out", case=str(story.case_id), reason="  ")
    before = step(database, story.desk_id, chore).state

    admin.post(f"/cases/steps/{chore}/leave-out", case=str(story.case_id), reason=REASON)

    (found,) = told(database, story)
    assert (refused.status_code, before) == (422, StepState.WAITING)
    assert "A reason is needed, in your own words." in refused.text
    assert step(database, story.desk_id, chore).state is StepState.SKIPPED
    assert (found.kind, found.step, found.reason) == ("left_out", "take_it", REASON)


def test_an_over_long_reason_is_refused_and_stays_in_the_form(
    admin: SignedIn, story: Seeded, chore: int, database: Database
) -> None:
    refused = admin.post(f"/cases/steps/{chore}/leave-out", case=str(story.case_id), reason="w" * 2_001)

    assert refused.status_code == 422
    assert "At most 2,000 characters, please; these are 2,001." in refused.text
    assert "w" * 2_000 in refused.text
    assert told(database, story) == []


@pytest.mark.capability("PRO-10")
def test_another_remedy_is_on_record_with_its_reason(admin: SignedIn, story: Seeded, database: Database) -> None:
    admin.post(f"/cases/{story.case_id}/deviations", kind="other_remedy", reason=REASON)

    (found,) = told(database, story)
    assert (found.kind, found.reason, found.ticket_id) == ("other_remedy", REASON, story.ticket_id)
    assert REASON in admin.get(f"/cases/{story.case_id}").text


@pytest.mark.parametrize("kind", ["closed", "left_out", "nonsense", ""])
def test_a_deviation_of_no_such_kind_is_refused(admin: SignedIn, story: Seeded, database: Database, kind: str) -> None:
    refused = admin.post(f"/cases/{story.case_id}/deviations", kind=kind, reason=REASON)

    assert refused.status_code == 422
    assert REASON in refused.text
    assert told(database, story) == []


@pytest.mark.capability("PRO-09")
@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"ending": "ended"}, "A case is closed with the customer&#39;s confirmation or with a reason."),
        ({"ending": "lost", "reason": " "}, "A case is closed with the customer&#39;s confirmation or with a reason."),
        ({"ending": "recovered", "reason": REASON}, "Only the customer&#39;s confirmation makes a case recovered."),
        ({"ending": "nonsense", "reason": REASON}, "Choose how it ended."),
    ],
)
def test_a_case_is_not_closed_just_so(
    admin: SignedIn, story: Seeded, database: Database, form: dict[str, str], message: str
) -> None:
    refused = admin.post(f"/cases/{story.case_id}/close", **form)

    assert refused.status_code == 422
    assert message in refused.text
    assert ready(database, story).closed_at is None


@pytest.mark.capability("PRO-09")
def test_the_customers_confirmation_closes_a_case(admin: SignedIn, story: Seeded, database: Database) -> None:
    admin.post(f"/cases/{story.case_id}/close", ending="recovered", confirmed="yes")

    case = ready(database, story)
    assert (case.stage, case.reason) == (CaseStage.RECOVERED, "the customer confirmed it")
    assert told(database, story) == []


@pytest.mark.capability("PRO-09")
def test_a_reason_closes_a_case_and_is_reported(admin: SignedIn, story: Seeded, chore: int, database: Database) -> None:
    admin.post(f"/cases/{story.case_id}/close", ending="ended", reason=REASON)

    (found,) = told(database, story)
    assert ready(database, story).stage is CaseStage.EXPIRED
    assert (found.kind, found.reason) == ("closed", REASON)
    assert step(database, story.desk_id, chore).state is StepState.SKIPPED


def test_a_closed_case_is_not_closed_again(admin: SignedIn, story: Seeded) -> None:
    admin.post(f"/cases/{story.case_id}/close", ending="ended", reason=REASON)

    again = admin.post(f"/cases/{story.case_id}/close", ending="lost", reason=REASON)

    assert again.status_code == 422


def test_a_protocol_may_ask_for_nothing_to_close(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        version = session.scalars(select(ProtocolVersion)).first()
        assert version is not None
        version.document += "  close_needs: nothing\n"

    admin.post(f"/cases/{story.case_id}/close", ending="ended")

    assert ready(database, story).stage is CaseStage.EXPIRED


def test_reasons_are_sealed_in_the_database(admin: SignedIn, story: Seeded, database: Database) -> None:
    admin.post(f"/cases/{story.case_id}/deviations", kind="other_step", reason=REASON)

    with database.desk(story.desk_id, read=True) as session:
        (row,) = session.scalars(select(Deviation)).all()
    assert row.sealed_reason is not None
    assert REASON.encode() not in row.sealed_reason


@pytest.mark.parametrize("path", ["/cases/999/close", "/cases/999/deviations"])
def test_a_case_of_nobody_is_not_found(admin: SignedIn, path: str) -> None:
    answer = admin.post(path, ending="ended", kind="other_step", reason=REASON)

    assert answer.status_code == 404


@pytest.mark.capability("CRI-05")
def test_the_queue_shows_who_waits_for_capacity(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        tracked = session.scalars(select(TrackedTicket).where(TrackedTicket.ticket_id == story.quiet_ticket_id)).one()
        deferrals.put_off(session, tracked, story.protocol_id, 0.5, NOW)

    page = admin.get("/cases").text

    assert "Deferred: capacity" in page
    assert f"#{story.quiet_ticket_id}" in page


@pytest.mark.parametrize(("path", "fields"), [("deviations", {"kind": "other_step"}), ("close", {"ending": "ended"})])
def test_words_that_cannot_be_kept_are_asked_for_anew(
    admin: SignedIn, story: Seeded, database: Database, path: str, fields: dict[str, str]
) -> None:
    answer = admin.post(f"/cases/{story.case_id}/{path}", **fields, reason="  ")

    assert answer.status_code == 422
    assert told(database, story) == []
