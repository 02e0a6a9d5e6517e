"""Four states that do not flap."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.scoring.conversation import Memory, Running
from app.scoring.engine import observe, score
from app.scoring.state import advance, state_of
from app.words import Direction, Level, SatState
from tests.scoring.conversations import NO_FACTS, PRIOR, says

T = PRIOR.threshold
DEAD, TURN, EARLY = PRIOR.dead_band, PRIOR.turn_band, PRIOR.early_band


def walk(*steps: tuple[float, float], turns: int = 3, memory: Memory | None = None) -> list[Memory]:
    """Memories after (p_satisfied, trend) pairs; the first step is the given customer message."""
    memory, found = memory or Memory(), []
    for index, (p_satisfied, trend) in enumerate(steps):
        memory = advance(memory, p_satisfied, trend, turns + index, PRIOR)
        found.append(memory)
    return found


def flips(found: list[Memory]) -> int:
    states = [state_of(memory)[0] for memory in found]
    return sum(one is not other for one, other in pairwise(states))


@pytest.mark.capability("SCO-03")
@pytest.mark.parametrize("middle", [T, T + 0.01, T - 0.01, 0.5, 0.9])
def test_noise_of_a_point_causes_no_flip(middle: float) -> None:
    found = walk(*[(middle + (0.01 if index % 2 else -0.01), 0.01 * (-1) ** index) for index in range(20)])

    assert flips(found) == 0


@pytest.mark.capability("SCO-03")
def test_a_clear_drop_causes_one_flip() -> None:
    noise = [(0.8 + 0.01 * (-1) ** index, 0.01 * (-1) ** index) for index in range(10)]
    drop = [(0.4 + 0.01 * (-1) ** index, -0.9 if index == 0 else -0.02) for index in range(10)]

    assert flips(walk(*noise, *drop)) == 1


@pytest.mark.capability("SCO-03")
def test_small_talk_over_twenty_messages_never_flips_and_anger_flips_once() -> None:
    small = ["The lamp is blue.", "It is tall.", "The box was brown.", "It stands there."] * 5
    texts = [*small, "This is ridiculous, I want a manager!"]
    running, states = Running.start(), []

    for index, text in enumerate(texts):
        running, _ = observe(running, says(text, minutes=10 * index))
        running, _ = observe(running, says("Noted.", "agent", minutes=10 * index + 5))
        found, running = score(running, NO_FACTS, PRIOR, says("", minutes=10 * index + 5).at)
        states.append(found.state)

    assert set(states[:-1]) == {SatState.GOOD_IMPROVING}
    assert states[-1] is SatState.POOR_WORSENING


@pytest.mark.capability("SCO-03")
@pytest.mark.parametrize(("p_satisfied", "state"), [(0.9, SatState.GOOD_IMPROVING), (0.2, SatState.POOR_WORSENING)])
def test_a_first_message_has_no_direction_and_a_state_by_convention(p_satisfied: float, state: SatState) -> None:
    memory = walk((p_satisfied, 0.0), turns=1)[0]

    assert memory.direction is Direction.NONE
    assert state_of(memory) == (state, True)


def test_the_level_turns_only_beyond_its_band() -> None:
    found = walk((0.9, 0), (T - 0.01, 0), (T - 0.03, 0), (T + 0.01, 0), (T + 0.03, 0))

    assert [memory.level for memory in found] == [Level.GOOD, Level.GOOD, Level.POOR, Level.POOR, Level.GOOD]


def test_steady_keeps_the_last_direction_for_the_state() -> None:
    found = walk((0.8, -DEAD - 0.01), (0.8, 0.0))[-1]

    assert found.direction is Direction.STEADY
    assert state_of(found) == (SatState.GOOD_WORSENING, False)


@pytest.mark.parametrize(
    ("turns", "trend", "direction"),
    [
        (2, -(EARLY - 0.01), Direction.NONE),
        (2, -(EARLY + 0.01), Direction.WORSENING),
        (2, EARLY + 0.01, Direction.IMPROVING),
        (3, -(DEAD - 0.01), Direction.STEADY),
        (3, -(DEAD + 0.01), Direction.WORSENING),
        (9, DEAD + 0.01, Direction.IMPROVING),
    ],
)
def test_a_direction_needs_a_change_that_is_large_enough(turns: int, trend: float, direction: Direction) -> None:
    assert walk((0.8, trend), turns=turns)[0].direction is direction


def test_turning_round_takes_more_than_going_on() -> None:
    down = Memory(level=Level.GOOD, direction=Direction.WORSENING, leaning=Direction.WORSENING)

    assert walk((0.8, TURN - 0.01), memory=down)[0].direction is Direction.STEADY
    assert walk((0.8, TURN + 0.01), memory=down)[0].direction is Direction.IMPROVING
    assert walk((0.8, -DEAD - 0.01), memory=down)[0].direction is Direction.WORSENING


def test_the_same_figures_twice_change_nothing() -> None:
    once = advance(Memory(), 0.64, -0.9, 4, PRIOR)

    assert advance(once, 0.64, -0.9, 4, PRIOR) == once
