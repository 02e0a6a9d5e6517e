"""Room for cases while history is replayed, and the line of those who wait for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.protocols.places import Line, Places
from app.protocols.routing import Team
from tests.protocols.make import protocol

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TEAM = Team(group_id="20", name="Recovery", capacity=2)


def taken(places: Places, at: datetime = NOON) -> list[int]:
    return [room.taken for room in places.rooms(at)]


def test_without_limits_there_are_no_rooms() -> None:
    places = Places(protocol(team="Recovery"), [Team(group_id="20", name="Recovery")], None)

    assert places.rooms(NOON) == ()
    assert places.next_day(NOON) is None


def test_a_teams_work_is_told_by_its_name_its_group_and_the_tickets_group() -> None:
    places = Places(protocol(team="recovery "), [TEAM], None)

    places.hold(1, "Recovery", None)
    places.hold(2, "20", None)
    places.hold(3, "Elsewhere", "20")
    places.hold(4, "Elsewhere", "30")

    assert taken(places) == [3]
    assert places.free(NOON) == 0


def test_a_place_is_free_again_when_its_case_ends_or_goes_elsewhere() -> None:
    places = Places(protocol(team="Recovery"), [TEAM], None)
    places.hold(1, "Recovery", None)
    places.hold(2, None, "20")

    freed = [places.release(1), places.hold(2, None, "30"), places.release(1)]

    assert freed == [True, True, False]
    assert places.free(NOON) == 2


def test_the_days_cap_counts_the_protocols_own_cases_by_the_desks_days() -> None:
    places = Places(protocol(name="Own", guardrails={"max_cases_per_day": 3}), [], "Europe/Berlin")

    places.opened("Own", NOON)
    places.opened("Other", NOON)
    places.opened("Own", NOON + timedelta(hours=11, minutes=30))

    assert (taken(places), taken(places, NOON + timedelta(hours=12))) == ([1], [1])
    assert places.next_day(NOON) == datetime(2026, 3, 2, 23, 0, tzinfo=UTC)


def test_those_with_more_to_gain_are_ahead_and_of_equal_ones_those_who_came_first() -> None:
    line = Line()
    for tracked_id, benefit in ((7, 0.5), (3, 0.5), (5, 0.9)):
        line.put_off(tracked_id, benefit)

    assert line.best(3) == [5, 7, 3]
    assert [line.ahead(tracked_id, 0.5) for tracked_id in (7, 3, 99)] == [1, 2, 3]
    assert line.ahead(5, 0.1) == 2
    assert [line.ahead(3, 0.9), line.ahead(99, 0.9)] == [0, 1]  # 3 came before 5


def test_whoever_is_put_off_again_keeps_the_place_in_time() -> None:
    line = Line()
    for tracked_id, benefit in ((7, 0.5), (3, 0.5), (7, 0.4), (7, 0.5)):
        line.put_off(tracked_id, benefit)

    assert line.best(2) == [7, 3]


def test_whoever_waits_no_more_is_in_nobodys_way() -> None:
    line = Line()
    line.put_off(7, 0.5)

    line.end(7)
    line.end(7)

    assert (7 in line, line.best(5), line.ahead(3, 0.1)) == (False, [], 0)
