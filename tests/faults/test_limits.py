"""A burst on a helpdesk with the limits of a small plan: never refused, cases first, and cheaper the more there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.crowd import ANGRY, CALM, TEAM, Burst, Crowd, crowd, p95, spans
from tests.servers import PostgresServer, RedisServer

STEPS_WITHIN = 60.0  #: seconds, the 95th percentile
HOUR, MINUTES = 3600.0, 240.0


@pytest.fixture
def stage(postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path) -> Iterator[Crowd]:
    with crowd(postgres_server.new_database(), redis_server.new_database(), tmp_path) as made:
        yield made


@pytest.mark.long
def test_a_thousand_tickets_are_rescored_within_the_limits_of_a_small_plan(
    stage: Crowd, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.post("limits", **TEAM)
    tickets = stage.open([CALM] * 1000)
    with stage.working(2):
        stage.burst(tickets, HOUR)
        bursts = []
        for load in (10, 100):
            stage.write(tickets[:load], _mixed(load))
            bursts.append(stage.burst(tickets[:load], HOUR))
        with stage.backfilling():
            stage.write(tickets, _mixed(1000))
            bursts.append(stage.burst(tickets, HOUR))

    _judge(stage, bursts, capsys)
    assert stage.cases() == 50
    assert stage.messages() == 1000 + 10 + 100 + 1000


def test_a_burst_is_scored_within_the_limits_of_a_small_plan(stage: Crowd, capsys: pytest.CaptureFixture[str]) -> None:
    # Exports as with the vendor's add-on, or the third burst would wait for the next minute's.
    stage.post("limits", **{**TEAM, "incremental": 30})
    loads = [stage.open(_mixed(load)) for load in (2, 20, 40)]
    with stage.working(1):
        bursts = [stage.burst(tickets, MINUTES) for tickets in loads[:-1]]
        with stage.backfilling():
            bursts.append(stage.burst(loads[-1], MINUTES))

    _judge(stage, bursts, capsys)
    assert stage.cases() == 1 + 2
    assert stage.messages() == 2 + 20 + 40


def _mixed(load: int) -> list[str]:
    """One in twenty customers is angry."""
    return [ANGRY] * (load // 20) + [CALM] * (load - load // 20)


def _judge(stage: Crowd, bursts: list[Burst], capsys: pytest.CaptureFixture[str]) -> None:
    took = spans(stage.steps())
    with capsys.disabled():
        _print(stage, bursts, took)
    assert stage.refused() == 0
    assert stage.desk().blocked_until is None
    assert {step.state.value for step in stage.steps()} == {"done"}
    assert p95(took) < STEPS_WITHIN
    assert stage.backfilled > 0
    small, middle, large = (burst.calls_per_message for burst in bursts)
    assert small > middle > large


def _print(stage: Crowd, bursts: list[Burst], took: list[float]) -> None:
    """The figures that this test is for, for whoever runs it."""
    for burst in bursts:
        print(  # noqa: T201
            f"\n{burst.messages} messages: {burst.calls_per_message:.3f} calls for each, {burst.refused} refused; "
            f"scored after {burst.scored_after:.1f} s, tagged after {burst.tagged_after:.1f} s; {dict(burst.by_call)}"
        )
    print(f"{len(took)} steps of {stage.cases()} cases: p95 {p95(took):.1f} s, slowest {took[-1]:.1f} s")  # noqa: T201
    print(f"meanwhile the backfill read {stage.backfilled} times")  # noqa: T201
