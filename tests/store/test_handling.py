"""Handling: who has a case in the queue, and until when it is out of sight; of two who press at once one wins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from app.store import cases, erasure, handling, personal
from app.store.database import Database
from app.store.desks import NotFound
from app.store.handling import CannotSnooze, Holding, Snooze
from app.store.models import RecoveryCase, TrackedTicket
from app.words import CaseStage, SatState
from tests.store.factories import DAY, HOUR, NOW, add_case, add_desk, add_person, add_ticket, change, together

LENA, OMAR = "account:7", "account:8"


@pytest.fixture
def case_id(database: Database, desk_id: int) -> int:
    return add_case(database, desk_id)


def claim(database: Database, desk_id: int, case_id: int, who: str = LENA, now: datetime = NOW) -> Holding | None:
    with database.desk(desk_id) as session:
        return handling.claim(session, case_id, who, now)


def snooze(database: Database, desk_id: int, case_id: int, **values: Any) -> Holding | None:
    version = values.pop("version", 0)
    defaults: dict[str, Any] = {"until": NOW + DAY, "reason": "waits for the courier", "by": LENA}
    wanted = Snooze(**defaults | values)
    with database.desk(desk_id) as session:
        return handling.snooze(session, case_id, wanted, version=version, now=NOW)


def stored(database: Database, desk_id: int, case_id: int) -> Holding:
    with database.desk(desk_id, read=True) as session:
        return handling.of_case(session, case_id)


def asleep(database: Database, desk_id: int, now: datetime) -> list[int]:
    """The cases that the condition says are out of sight."""
    with database.desk(desk_id, read=True) as session:
        joined = select(RecoveryCase.id).join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        return list(session.scalars(joined.where(handling.asleep(now))))


def close(database: Database, desk_id: int, case_id: int) -> None:
    with database.desk(desk_id) as session:
        cases.move(cases.get(session, case_id), CaseStage.EXPIRED, NOW)


def test_a_new_case_is_nobodys(database: Database, desk_id: int, case_id: int) -> None:
    found = stored(database, desk_id, case_id)

    assert (found.holder, found.snoozed_until, found.reason, found.version) == (None, None, None, 0)


def test_who_claims_a_case_has_it(database: Database, desk_id: int, case_id: int) -> None:
    claimed = claim(database, desk_id, case_id)

    assert claimed == stored(database, desk_id, case_id)
    assert (claimed.holder, claimed.held_since, claimed.version) == (LENA, NOW, 1)


def test_a_case_that_somebody_has_is_not_claimed_by_another(database: Database, desk_id: int, case_id: int) -> None:
    claim(database, desk_id, case_id)

    second = claim(database, desk_id, case_id, OMAR)

    assert second is None
    assert stored(database, desk_id, case_id).holder == LENA


def test_claiming_again_keeps_the_moment(database: Database, desk_id: int, case_id: int) -> None:
    claim(database, desk_id, case_id)

    again = claim(database, desk_id, case_id, now=NOW + HOUR)

    assert again is not None
    assert again.held_since == NOW


def test_of_many_who_claim_at_once_one_has_it(database: Database, desk_id: int, case_id: int) -> None:
    results = together(6, lambda index: claim(database, desk_id, case_id, f"account:{index}"))

    won = [result for result in results if result is not None]
    assert len(won) == 1
    assert stored(database, desk_id, case_id).holder == won[0].holder


def test_a_case_is_handed_over_by_whoever_saw_how_it_stands(database: Database, desk_id: int, case_id: int) -> None:
    claim(database, desk_id, case_id)

    with database.desk(desk_id) as session:
        moved = handling.hand_over(session, case_id, "agent:11", version=1, now=NOW + HOUR)

    assert moved is not None
    assert (moved.holder, moved.held_since, moved.version) == ("agent:11", NOW + HOUR, 2)


def test_a_hand_over_from_a_stale_page_changes_nothing(database: Database, desk_id: int, case_id: int) -> None:
    claim(database, desk_id, case_id)

    with database.desk(desk_id) as session:
        moved = handling.hand_over(session, case_id, OMAR, version=0, now=NOW)

    assert moved is None
    assert stored(database, desk_id, case_id).holder == LENA


def test_a_released_case_is_free_again(database: Database, desk_id: int, case_id: int) -> None:
    claim(database, desk_id, case_id)

    with database.desk(desk_id) as session:
        handling.release(session, case_id, version=1)

    assert claim(database, desk_id, case_id, OMAR) is not None


@pytest.mark.parametrize("moment", [NOW + HOUR, NOW + DAY])
def test_a_snoozed_case_comes_back_by_itself(database: Database, desk_id: int, case_id: int, moment: datetime) -> None:
    snooze(database, desk_id, case_id)

    found = asleep(database, desk_id, moment)

    assert found == ([case_id] if moment < NOW + DAY else [])


@pytest.mark.parametrize(
    ("state", "since", "expected"),
    [
        (SatState.POOR_WORSENING, NOW + HOUR, False),
        (SatState.GOOD_WORSENING, NOW + HOUR, False),
        (SatState.POOR_WORSENING, NOW - HOUR, True),
        (SatState.POOR_IMPROVING, NOW + HOUR, True),
        (None, None, True),
    ],
)
def test_a_snoozed_case_comes_back_when_it_turns_worse(
    database: Database, desk_id: int, state: SatState | None, since: datetime | None, expected: bool
) -> None:
    tracked_id = add_ticket(database, desk_id)
    case_id = add_case(database, desk_id, tracked_id)
    snooze(database, desk_id, case_id)

    change(database, desk_id, TrackedTicket, tracked_id, state=state, state_since=since)

    assert asleep(database, desk_id, NOW + 2 * HOUR) == ([case_id] if expected else [])
    found = stored(database, desk_id, case_id)
    assert handling.is_asleep(found, state, since, NOW + 2 * HOUR) is expected


def test_a_case_that_is_not_snoozed_is_not_asleep(database: Database, desk_id: int, case_id: int) -> None:
    found = stored(database, desk_id, case_id)

    assert not handling.is_asleep(found, None, None, NOW)
    assert asleep(database, desk_id, NOW) == []


def test_the_reason_of_a_snooze_is_sealed_and_told(database: Database, desk_id: int, case_id: int) -> None:
    snoozed = snooze(database, desk_id, case_id, reason="  promised a call on Friday ")

    assert snoozed is not None
    assert (snoozed.reason, snoozed.snoozed_by, snoozed.snoozed_at) == ("promised a call on Friday", LENA, NOW)
    with database.desk(desk_id, read=True) as session:
        assert b"Friday" not in (cases.get(session, case_id).sealed_snooze_reason or b"")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"until": NOW}, "until"),
        ({"until": NOW + 91 * DAY}, "until"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "a\0b"}, "reason"),
        ({"reason": "half \ud83d"}, "reason"),
    ],
)
def test_a_snooze_without_sound_time_and_reason_is_refused(
    database: Database, desk_id: int, case_id: int, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(CannotSnooze) as refused:
        snooze(database, desk_id, case_id, **wrong)

    assert refused.value.field == field
    assert stored(database, desk_id, case_id).version == 0


def test_a_snooze_from_a_stale_page_changes_nothing(database: Database, desk_id: int, case_id: int) -> None:
    claim(database, desk_id, case_id)

    assert snooze(database, desk_id, case_id, version=0) is None


def test_claiming_ends_a_snooze(database: Database, desk_id: int, case_id: int) -> None:
    snooze(database, desk_id, case_id)

    claimed = claim(database, desk_id, case_id)

    assert claimed is not None
    assert (claimed.snoozed_until, claimed.reason, claimed.snoozed_by) == (None, None, None)


def test_a_snooze_can_be_ended_early(database: Database, desk_id: int, case_id: int) -> None:
    snooze(database, desk_id, case_id)

    with database.desk(desk_id) as session:
        handling.unsnooze(session, case_id, version=1)

    assert asleep(database, desk_id, NOW + HOUR) == []


def test_a_closed_case_is_nobodys_to_take(database: Database, desk_id: int, case_id: int) -> None:
    close(database, desk_id, case_id)

    with database.desk(desk_id) as session:
        moved = handling.hand_over(session, case_id, OMAR, version=0, now=NOW)
    assert moved is None
    assert claim(database, desk_id, case_id) is None
    assert snooze(database, desk_id, case_id) is None


def test_another_desk_has_no_such_case(database: Database, desk_id: int, case_id: int) -> None:
    other = add_desk(database, "Second shop")

    assert claim(database, other, case_id) is None
    with database.desk(other, read=True) as session:
        assert handling.of_cases(session, [case_id]) == {}
        with pytest.raises(NotFound):
            handling.of_case(session, case_id)


def test_many_cases_are_looked_up_at_once(database: Database, desk_id: int, case_id: int) -> None:
    claim(database, desk_id, case_id)

    with database.desk(desk_id, read=True) as session:
        found = handling.of_cases(session, [case_id, case_id + 99])

    assert {one: holding.holder for one, holding in found.items()} == {case_id: LENA}


def test_the_reason_goes_with_the_words_of_the_ticket(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    case_id = add_case(database, desk_id, tracked_id)
    snooze(database, desk_id, case_id)

    with database.desk(desk_id) as session:
        erasure.forget_ticket(session, session.get_one(TrackedTicket, tracked_id))

    assert stored(database, desk_id, case_id).reason is None


def test_the_reason_goes_when_its_time_is_over(database: Database, desk_id: int, case_id: int) -> None:
    snooze(database, desk_id, case_id)

    with database.desk(desk_id) as session:
        kept = erasure.erase_comments(session, NOW)
    with database.desk(desk_id) as session:
        gone = erasure.erase_comments(session, NOW + DAY)

    assert (kept, gone) == (0, 1)
    assert stored(database, desk_id, case_id).reason is None


def test_the_reason_is_in_what_is_exported_of_a_person(database: Database, desk_id: int) -> None:
    person_id = add_person(database, desk_id, email="mira@example.com")
    tracked_id = add_ticket(database, desk_id, person_id=person_id)
    snooze(database, desk_id, add_case(database, desk_id, tracked_id))

    with database.desk(desk_id, read=True) as session:
        kept = personal.export(session, personal.find(session, "mira@example.com"))

    assert [row["snooze_reason"] for row in kept["tables"]["recovery_case"]] == ["waits for the courier"]
