"""Survey invitations: planned once, sent by one fence at a time, answered once, and never to somebody who opted out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from app.store import invitations, people, reviews
from app.store.database import Database, Purpose
from app.store.invitations import AnswerOutcome, Claim, InvitationView, Reply
from app.store.models import (
    Answer,
    Desk,
    DeskState,
    Invitation,
    InvitationState,
    RecoveryCase,
)
from app.words import CaseStage
from tests.store.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    add_case,
    add_desk,
    add_invitation,
    add_person,
    add_ticket,
    all_rows,
    case,
    change,
    invitation,
    person,
    schedule,
    ticket,
    together,
)

LEASE = timedelta(seconds=180)
DUE = NOW + DAY  #: business time at which the factory's invitations are due
GOOD = Reply(value=1.0, original="5", comment="")


def claim(database: Database, *, now: datetime = NOW, business_now: datetime = DUE, limit: int = 10) -> list[Claim]:
    with database.system(Purpose.DISPATCH) as session:
        return list(invitations.claim_due(session, now, business_now, LEASE, limit))


def claim_one(database: Database, now: datetime = NOW) -> Claim:
    (only,) = claim(database, now=now)
    return only


def held(database: Database, found: Claim, now: datetime = NOW) -> bool:
    with database.desk(found.desk_id) as session:
        return invitations.held(session, found.invitation_id, found.fence, now) is not None


def answer(database: Database, token_hash: str, reply: Reply = GOOD, now: datetime = DUE) -> AnswerOutcome:
    with database.system(Purpose.SIGN_IN) as session:
        return invitations.answer(session, token_hash, reply, now=now, woken_at=NOW + HOUR)


def find(database: Database, token_hash: str, now: datetime = DUE) -> InvitationView | None:
    with database.system(Purpose.SIGN_IN, read=True) as session:
        return invitations.find(session, token_hash, now)


def opt_out(database: Database, token_hash: str) -> bool:
    with database.system(Purpose.SIGN_IN) as session:
        return invitations.opt_out(session, token_hash, NOW)


# Planning


def test_a_scheduled_survey_says_when_and_how_to_ask(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)

    row = invitation(database, add_invitation(database, desk_id, case_id, token="secret", token_hash="h1"))

    assert (row.case_id, row.tracked_id, row.round) == (case_id, case(database, case_id).tracked_id, 1)
    assert (row.state, row.due_at, row.expires_at) == (InvitationState.SCHEDULED, DUE, NOW + 30 * DAY)
    assert (row.kind, row.channel, row.token_hash) == ("resurvey", "email", "h1")


def test_a_survey_is_asked_once_per_round(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    add_invitation(database, desk_id, case_id)

    with database.desk(desk_id) as session:
        again = invitations.schedule(session, session.get_one(RecoveryCase, case_id), schedule())

    assert again is None


@pytest.mark.parametrize(("round_", "kind"), [(2, "resurvey"), (1, "follow_up")])
def test_another_round_or_kind_is_another_survey(database: Database, desk_id: int, round_: int, kind: str) -> None:
    case_id = add_case(database, desk_id)
    add_invitation(database, desk_id, case_id)
    change(database, desk_id, RecoveryCase, case_id, round=round_)

    add_invitation(database, desk_id, case_id, kind=kind)

    assert len(all_rows(database, Invitation)) == 2


def test_the_database_refuses_a_second_survey_of_a_round(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    add_invitation(database, desk_id, case_id)
    change(database, desk_id, RecoveryCase, case_id, round=2)

    with pytest.raises(IntegrityError):
        add_invitation(database, desk_id, case_id, columns={"round": 1})


def test_a_token_is_stored_sealed(database: Database, desk_id: int) -> None:
    row_id = add_invitation(database, desk_id, token="a-secret-token")

    with database.desk(desk_id, read=True) as session:
        row = session.get_one(Invitation, row_id)
        assert b"a-secret-token" not in bytes(row.sealed_token)
        assert invitations.token_of(session, row) == "a-secret-token"


# Sending


def test_a_due_survey_is_claimed_under_a_lease_and_a_fence(database: Database, desk_id: int) -> None:
    row_id = add_invitation(database, desk_id)

    found = claim_one(database)

    row = invitation(database, row_id)
    assert found == Claim(desk_id=desk_id, invitation_id=row_id, fence=1)
    assert (row.lease_until, row.attempts) == (NOW + LEASE, 1)


@pytest.mark.parametrize(
    "columns",
    [
        {"due_at": DUE + MINUTE},
        {"not_before": NOW + MINUTE},
        {"lease_until": NOW + MINUTE},
        {"state": InvitationState.SENT},
        {"state": InvitationState.CANCELLED},
        {"state": InvitationState.NEEDS_REVIEW},
    ],
    ids=["not due", "postponed", "held", "sent", "cancelled", "unsure"],
)
def test_what_is_not_to_be_sent_is_not_claimed(database: Database, desk_id: int, columns: dict[str, Any]) -> None:
    add_invitation(database, desk_id, columns=columns)

    assert claim(database) == []


def test_a_paused_desk_asks_nobody(database: Database, desk_id: int) -> None:
    add_invitation(database, desk_id)
    change(database, desk_id, Desk, desk_id, state=DeskState.PAUSED)

    assert claim(database) == []


def test_a_sender_that_died_is_followed_by_a_higher_fence(database: Database, desk_id: int) -> None:
    add_invitation(database, desk_id, columns={"state": InvitationState.SENDING})
    first = claim_one(database)

    second = claim_one(database, NOW + LEASE + MINUTE)

    assert (first.fence, second.fence) == (1, 2)
    assert not held(database, first, NOW + LEASE + MINUTE)
    assert held(database, second, NOW + LEASE + MINUTE)


def test_no_more_is_claimed_than_asked_for_the_oldest_first(database: Database, desk_id: int) -> None:
    add_invitation(database, desk_id)
    oldest = add_invitation(database, desk_id, due_at=NOW)

    assert [found.invitation_id for found in claim(database, limit=1)] == [oldest]


def test_dispatchers_at_once_never_claim_the_same_survey(database: Database, desk_id: int) -> None:
    planned = {add_invitation(database, desk_id) for _ in range(8)}

    def run(_: int) -> list[Claim]:
        return [found for _ in range(4) for found in claim(database, limit=2)]

    claimed = [found.invitation_id for turn in together(3, run) for found in turn]

    assert sorted(claimed) == sorted(planned)


def test_a_survey_called_off_after_its_claim_is_held_by_nobody(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    add_invitation(database, desk_id, case_id)
    found = claim_one(database)

    with database.desk(desk_id) as session:
        called_off = invitations.cancel_unsent(session, case_id, "the ticket was opened again")

    assert called_off == 1
    assert not held(database, found)


def test_what_was_sent_is_not_called_off(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    row_id = add_invitation(database, desk_id, case_id, columns={"state": InvitationState.SENT})

    with database.desk(desk_id) as session:
        assert invitations.cancel_unsent(session, case_id, "too late") == 0

    assert invitation(database, row_id).state is InvitationState.SENT


def test_settling_ends_the_claim(database: Database, desk_id: int) -> None:
    row_id = add_invitation(database, desk_id)
    found = claim_one(database)

    with database.desk(desk_id) as session:
        row = invitations.held(session, row_id, found.fence, NOW)
        assert row is not None
        row.sent_at = DUE
        settled = invitations.settle(session, row, InvitationState.SENT)

    row = invitation(database, row_id)
    assert settled
    assert (row.state, row.sent_at, row.lease_until) == (InvitationState.SENT, DUE, None)


def test_postponing_makes_it_wait_in_real_time(database: Database, desk_id: int) -> None:
    row_id = add_invitation(database, desk_id)
    found = claim_one(database)

    with database.desk(desk_id) as session:
        row = invitations.held(session, row_id, found.fence, NOW)
        assert row is not None
        assert invitations.postpone(session, row, until=NOW + HOUR, reason="451 later")

    assert claim(database) == []
    assert claim_one(database, NOW + HOUR).fence == 2
    assert invitation(database, row_id).reason == "451 later"


def test_a_fence_that_has_moved_on_settles_nothing(database: Database, desk_id: int) -> None:
    row_id = add_invitation(database, desk_id)
    claim_one(database)
    stale = invitation(database, row_id)
    claim_one(database, NOW + LEASE + MINUTE)

    with database.desk(desk_id) as session:
        settled = invitations.settle(session, stale, InvitationState.SENT)
        postponed = invitations.postpone(session, stale, until=NOW, reason="late")

    assert (settled, postponed) == (False, False)
    assert invitation(database, row_id).state is InvitationState.SCHEDULED


def test_surveys_due_or_under_way_are_counted(database: Database, desk_id: int) -> None:
    add_invitation(database, desk_id)
    add_invitation(database, desk_id, due_at=DUE + DAY, columns={"lease_until": NOW})
    add_invitation(database, desk_id, due_at=DUE + DAY)
    add_invitation(database, desk_id, columns={"state": InvitationState.SENT})

    with database.system(Purpose.DISPATCH, read=True) as session:
        assert invitations.pending(session, NOW, DUE) == 2


def test_the_last_time_a_person_was_asked_is_known(database: Database, desk_id: int) -> None:
    person_id = add_person(database, desk_id)
    columns = {"person_id": person_id, "sent_at": NOW}
    asked = add_invitation(database, desk_id, columns=columns)

    with database.desk(desk_id, read=True) as session:
        assert invitations.last_sent_to(session, person_id, except_id=0) == NOW
        assert invitations.last_sent_to(session, person_id, except_id=asked) is None


# Answering


def test_an_answer_is_recorded_and_wakes_a_closed_ticket(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, status="closed", due_at=None)
    case_id = add_case(database, desk_id, tracked_id)
    row_id = add_invitation(database, desk_id, case_id, token_hash="h1")

    outcome = answer(database, "h1", Reply(value=0.75, original="4", comment="Thank you"))

    (stored,) = all_rows(database, Answer)
    row, tracked = invitation(database, row_id), ticket(database, tracked_id)
    assert outcome is AnswerOutcome.RECORDED
    assert (stored.invitation_id, stored.case_id, stored.value, stored.original) == (row_id, case_id, 0.75, "4")
    assert (row.state, row.answered_at, row.sent_at) == (InvitationState.ANSWERED, DUE, DUE)
    assert (tracked.due_at, tracked.dirty) == (NOW + HOUR, 2)


def test_a_comment_is_stored_sealed_and_none_as_none(database: Database, desk_id: int) -> None:
    add_invitation(database, desk_id, token_hash="h1")
    add_invitation(database, desk_id, token_hash="h2")

    answer(database, "h1", Reply(value=1.0, original="5", comment="Thank you"))
    answer(database, "h2", GOOD)

    sealed = [row.sealed_comment for row in sorted(all_rows(database, Answer), key=lambda row: row.invitation_id)]
    assert sealed[0] is not None
    assert b"Thank you" not in bytes(sealed[0])
    assert sealed[1] is None


def test_an_answer_revives_a_ticket_that_was_given_up(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, due_at=None, dead_at=NOW, attempts=6)
    add_invitation(database, desk_id, add_case(database, desk_id, tracked_id), token_hash="h1")

    answer(database, "h1")

    row = ticket(database, tracked_id)
    assert (row.dead_at, row.attempts) == (None, 0)


def test_of_many_answers_at_once_one_is_recorded(database: Database, desk_id: int) -> None:
    add_invitation(database, desk_id, token_hash="h1")

    outcomes = together(8, lambda index: answer(database, "h1", Reply(value=1.0, original=str(index), comment="")))

    assert sorted(outcome.value for outcome in outcomes) == ["already"] * 7 + ["recorded"]
    assert len(all_rows(database, Answer)) == 1


def test_a_sender_that_ends_late_does_not_undo_an_answer(database: Database, desk_id: int) -> None:
    row_id = add_invitation(database, desk_id, token_hash="h1", columns={"state": InvitationState.SENDING})
    found = claim_one(database)

    answer(database, "h1")

    assert not held(database, found)
    assert invitation(database, row_id).state is InvitationState.ANSWERED


@pytest.mark.parametrize(
    ("columns", "now"),
    [({}, NOW + 30 * DAY), ({"state": InvitationState.CANCELLED}, DUE)],
    ids=["past its time", "called off"],
)
def test_an_answer_that_comes_too_late_is_not_recorded(
    database: Database, desk_id: int, columns: dict[str, Any], now: datetime
) -> None:
    add_invitation(database, desk_id, token_hash="h1", columns=columns)

    assert answer(database, "h1", now=now) is AnswerOutcome.EXPIRED
    assert all_rows(database, Answer) == []


def test_an_answer_to_nothing_is_told_so(database: Database) -> None:
    assert answer(database, "no such") is AnswerOutcome.UNKNOWN
    assert find(database, "no such") is None
    assert not opt_out(database, "no such")


def test_the_page_learns_no_more_than_it_needs(database: Database, desk_id: int) -> None:
    columns = {"person_id": add_person(database, desk_id, locale="de")}
    add_invitation(database, desk_id, token_hash="h1", columns=columns)

    before = find(database, "h1")
    answer(database, "h1")
    after = find(database, "h1", NOW + 30 * DAY)

    assert before == InvitationView(kind="resurvey", locale="de", answered=False, expired=False)
    assert after == InvitationView(kind="resurvey", locale="de", answered=True, expired=True)


def test_looking_at_a_link_changes_nothing(database: Database, desk_id: int) -> None:
    row_id = add_invitation(database, desk_id, token_hash="h1")

    find(database, "h1")

    assert invitation(database, row_id).state is InvitationState.SCHEDULED
    assert all_rows(database, Answer) == []


# Opting out


def test_opting_out_covers_everybody_at_that_address(database: Database, desk_id: int) -> None:
    first = add_person(database, desk_id, helpdesk_id="55", email="mira@example.com")
    twin = add_person(database, desk_id, helpdesk_id="56", email="Mira@Example.com ")
    other = add_person(database, desk_id, helpdesk_id="57", email="noah@example.com")
    add_invitation(database, desk_id, token_hash="h1", columns={"person_id": first})

    assert opt_out(database, "h1")

    assert [person(database, row_id).opted_out_at for row_id in (first, twin, other)] == [NOW, NOW, None]


def test_opting_out_covers_who_comes_later_from_that_address(database: Database, desk_id: int) -> None:
    first = add_person(database, desk_id, helpdesk_id="55")
    add_invitation(database, desk_id, token_hash="h1", columns={"person_id": first})
    opt_out(database, "h1")

    later = add_person(database, desk_id, helpdesk_id="56")

    assert person(database, later).opted_out_at == NOW


def test_opting_out_ends_at_the_desk(database: Database, desk_id: int) -> None:
    elsewhere = add_person(database, add_desk(database, "Other shop"))
    first = add_person(database, desk_id)
    add_invitation(database, desk_id, token_hash="h1", columns={"person_id": first})

    opt_out(database, "h1")

    assert person(database, elsewhere).opted_out_at is None


def test_a_survey_of_nobody_in_particular_takes_an_opt_out_too(database: Database, desk_id: int) -> None:
    add_invitation(database, desk_id, token_hash="h1")

    assert opt_out(database, "h1")


def test_a_person_without_an_address_opts_out_alone(database: Database, desk_id: int) -> None:
    first = add_person(database, desk_id, helpdesk_id="55", email=None)
    other = add_person(database, desk_id, helpdesk_id="56", email=None)

    with database.desk(desk_id) as session:
        people.opt_out(session, first, NOW)
        people.opt_out(session, 4711, NOW)

    assert [person(database, row_id).opted_out_at for row_id in (first, other)] == [NOW, None]


# Afterwards


def test_a_case_whose_survey_nobody_answered_is_found(database: Database, desk_id: int) -> None:
    silent = add_case(database, desk_id)
    add_invitation(database, desk_id, silent, columns={"state": InvitationState.SENT})
    add_invitation(database, desk_id, add_case(database, desk_id))

    with database.desk(desk_id, read=True) as session:
        early = invitations.unanswered(session, NOW + 29 * DAY)
        late = [row.id for row in invitations.unanswered(session, NOW + 30 * DAY)]

    assert early == []
    assert late == [silent]


@pytest.mark.parametrize(
    ("arrived", "state", "sent_at"),
    [(True, InvitationState.SENT, NOW), (False, InvitationState.SCHEDULED, None)],
)
def test_a_colleague_settles_what_nobody_knows(
    database: Database, desk_id: int, arrived: bool, state: InvitationState, sent_at: datetime | None
) -> None:
    columns = {"state": InvitationState.NEEDS_REVIEW, "lease_until": NOW, "not_before": NOW}
    row_id = add_invitation(database, desk_id, columns=columns)

    with database.desk(desk_id) as session:
        assert [row.id for row in invitations.unsure(session)] == [row_id]
        if arrived:
            reviews.confirm_invitation(session, row_id, NOW)
        else:
            reviews.repeat_invitation(session, row_id)

    row = invitation(database, row_id)
    assert (row.state, row.sent_at, row.lease_until) == (state, sent_at, None)


def test_a_confirmed_survey_moves_its_case_along(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    change(database, desk_id, RecoveryCase, case_id, stage=CaseStage.RESOLVED)
    row_id = add_invitation(database, desk_id, case_id, columns={"state": InvitationState.NEEDS_REVIEW})

    with database.desk(desk_id) as session:
        reviews.confirm_invitation(session, row_id, NOW)

    assert case(database, case_id).stage is CaseStage.RESURVEYED


def test_a_review_of_what_is_certain_changes_nothing(database: Database, desk_id: int) -> None:
    row_id = add_invitation(database, desk_id, columns={"state": InvitationState.ANSWERED})

    with database.desk(desk_id) as session:
        reviews.repeat_invitation(session, row_id)

    assert invitation(database, row_id).state is InvitationState.ANSWERED


def test_surveys_of_a_case_are_listed(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    row_id = add_invitation(database, desk_id, case_id)
    add_invitation(database, desk_id)

    with database.desk(desk_id, read=True) as session:
        assert [row.id for row in invitations.of_case(session, case_id)] == [row_id]


def test_a_survey_that_waits_can_be_asked_now(database: Database, desk_id: int) -> None:
    row_id = add_invitation(database, desk_id, columns={"due_at": NOW + timedelta(days=1)})

    with database.desk(desk_id) as session:
        first = reviews.hasten_invitation(session, row_id, NOW)
        again = reviews.hasten_invitation(session, row_id, NOW)

    assert (first, again) == (invitation(database, row_id).case_id, None)
    assert invitation(database, row_id).due_at == NOW


def test_a_paused_desk_has_nothing_due(database: Database, desk_id: int) -> None:
    add_invitation(database, desk_id, columns={"due_at": NOW})

    with database.system(Purpose.DISPATCH) as session:
        before = invitations.any_due(session, NOW, NOW)
        session.get_one(Desk, desk_id).state = DeskState.PAUSED
        session.flush()
        after = invitations.any_due(session, NOW, NOW)

    assert (before, after) == (True, False)
