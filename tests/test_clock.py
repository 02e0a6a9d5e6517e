"""Time: real for the mechanism, steppable through a file for business, never naive."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from app.clock import Clock, parse_aware, real_now

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


def test_real_time_is_aware_and_in_utc() -> None:
    assert real_now().utcoffset() == timedelta(0)


def test_business_time_is_real_where_nobody_steps_it() -> None:
    before = real_now()

    found = Clock().now()

    assert before <= found <= real_now()
    assert not Clock().stepped


def test_a_stepped_clock_says_what_its_file_says(clock: Clock) -> None:
    clock.step(NOW)

    assert clock.now() == NOW
    assert clock.stepped


def test_a_step_is_seen_by_every_clock_on_the_file(clock: Clock, tmp_path: Path) -> None:
    other = Clock(tmp_path / "clock")
    seen = []
    for minutes in range(20):
        clock.step(NOW + timedelta(minutes=minutes))
        seen.append(other.now())

    assert seen == [NOW + timedelta(minutes=minutes) for minutes in range(20)]


def test_a_step_is_kept_in_utc(clock: Clock) -> None:
    clock.step(NOW.astimezone(timezone(timedelta(hours=5, minutes=30))))

    assert clock.now() == NOW
    assert clock.now().utcoffset() == timedelta(0)


def test_a_naive_step_is_refused(clock: Clock) -> None:
    clock.step(NOW)

    with pytest.raises(ValueError, match="without its offset"):
        clock.step(NOW.replace(tzinfo=None))

    assert clock.now() == NOW


@pytest.mark.parametrize("content", ["2026-03-02T09:00:00", "yesterday", ""])
def test_a_file_that_holds_no_aware_time_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "clock").write_text(content, encoding="utf-8")

    with pytest.raises(ValueError, match=r"offset|isoformat"):
        Clock(tmp_path / "clock").now()


def test_a_clock_without_a_file_is_not_stepped() -> None:
    with pytest.raises(ValueError, match="only a clock with a file"):
        Clock().step(NOW)


def test_a_reader_never_sees_half_a_line(clock: Clock) -> None:
    moments = [NOW, NOW + timedelta(microseconds=1)]
    clock.step(NOW)

    def read() -> set[datetime]:
        return {clock.now() for _ in range(300)}

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for turn in range(300):
            clock.step(moments[turn % 2])
        seen = set().union(*(reader.result() for reader in readers))

    assert seen <= set(moments)


def test_stepping_leaves_one_file(clock: Clock, tmp_path: Path) -> None:
    clock.step(NOW)

    assert [file.name for file in tmp_path.iterdir()] == ["clock"]


def test_a_time_with_its_offset_is_read_in_utc() -> None:
    assert parse_aware("2026-03-02T10:00:00+01:00") == parse_aware("2026-03-02T09:00:00Z") == NOW
