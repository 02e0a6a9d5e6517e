"""From two probabilities to one of four states, with a memory, so that states do not flap."""

from __future__ import annotations

from dataclasses import replace

from app.scoring.conversation import Memory
from app.scoring.model import Model
from app.words import Direction, Level, SatState

ENOUGH = 3  #: customer messages from which the usual dead band applies


def advance(memory: Memory, p_satisfied: float, trend: float, customer_turns: int, model: Model) -> Memory:
    """The memory after one more score. The same figures twice change nothing the second time.

    `trend` is the change of p_satisfied_now against the messages before, in [-1, 1].
    """
    direction = _direction(memory, trend, customer_turns, model)
    moving = direction in {Direction.IMPROVING, Direction.WORSENING}
    return replace(
        memory,
        level=_level(memory.level, p_satisfied, model),
        direction=direction,
        leaning=direction if moving else memory.leaning,
    )


def state_of(memory: Memory) -> tuple[SatState, bool]:
    """The state, and whether its second half is only a convention.

    Steady keeps the last direction. Before there was any, a good level reads improving and a poor one worsening.
    """
    good = memory.level is not Level.POOR
    leaning = memory.leaning or (Direction.IMPROVING if good else Direction.WORSENING)
    return SatState(f"{Level.GOOD if good else Level.POOR}_{leaning}"), memory.leaning is None


def _level(before: Level | None, p_satisfied: float, model: Model) -> Level:
    edge = model.threshold
    if before is Level.GOOD:
        edge -= model.level_band
    elif before is Level.POOR:
        edge += model.level_band
    return Level.GOOD if p_satisfied >= edge else Level.POOR


def _direction(memory: Memory, trend: float, customer_turns: int, model: Model) -> Direction:
    early = customer_turns < ENOUGH
    wanted = Direction.IMPROVING if trend > 0 else Direction.WORSENING
    turning = memory.leaning not in {None, wanted}
    band = model.early_band if early else model.turn_band if turning else model.dead_band
    if abs(trend) >= band:
        return wanted
    return Direction.NONE if early and memory.leaning is None else Direction.STEADY
