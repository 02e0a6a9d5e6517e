"""Where a conversation turned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.turning import FALL, LONGEST, began_poor, turned_at
from tests.scoring.conversations import PRIOR, scores, talk


@pytest.mark.capability("DET-17")
@pytest.mark.parametrize(
    ("series", "index"),
    [
        ([], None),
        ([0.2], None),  # the opening message is the baseline, however poor
        ([0.8, 0.8, 0.8], None),
        ([0.8, 0.3], 1),
        ([0.8, 0.8, 0.3, 0.3], 2),
        ([0.8, 0.75, 0.4, 0.35, 0.3], 2),
        ([0.8, 0.3, 0.8, 0.85], None),  # it recovered
        ([0.8, 0.3, 0.8, 0.2, 0.2, 0.2], 3),
        ([0.8, 0.75, 0.74], None),  # too little
        ([0.3, 0.5, 0.8], None),  # only better
        ([0.9, 0.9, 0.2, 0.2, 0.5], 2),  # better again, but not half way
    ],
)
def test_the_largest_fall_that_lasts_is_the_turn(series: list[float], index: int | None) -> None:
    assert turned_at(series) == index


@pytest.mark.capability("DET-17")
@pytest.mark.parametrize(
    ("turns", "index"),
    [
        (["Hi, how do I change my address?", "A: Under settings.", "Perfect, that worked, thank you!"], None),
        (["My lamp is dark, can you help?", "A: Fixed.", "It broke again, still not working! This is awful."], 1),
        (
            [
                "Where is my order?", "A: On its way.", "Thanks!", "A: You are welcome.",
                "It arrived broken and I am furious. I want a manager!", "A: Sorry.", "Nobody answers. I will cancel!",
            ],
            2,
        ),
    ],
)  # fmt: skip
def test_labelled_conversations_turn_at_the_right_customer_message(turns: list[str], index: int | None) -> None:
    said = talk(*turns)

    series = [score.p_satisfied for one, score in zip(said, scores(*said), strict=True) if one.role == "customer"]

    assert turned_at(series) == index


@given(st.lists(st.floats(0, 1), max_size=30))
def test_a_turn_is_never_the_opening_and_always_a_fall(series: list[float]) -> None:
    index = turned_at(series)

    if index is not None:
        assert index > 0
        assert series[index] < series[index - 1]
        before, after = series[:index], series[index:]
        assert sum(before) / len(before) - sum(after) / len(after) >= FALL - 1e-9


def test_a_very_long_conversation_is_looked_at_from_its_end() -> None:
    series = [0.9] * 1000 + [0.8] * LONGEST + [0.2] * 20

    assert turned_at(series) == 1000 + LONGEST


@pytest.mark.parametrize(
    ("factors", "poor_because_of_it"),
    [
        ({"ending.earlier_low": -1.2}, True),
        ({"history.failures": -1.2}, True),
        ({"ending.earlier_low": -0.1}, False),  # it is good all the same
        ({"acts.anger": -3.0, "ending.earlier_low": -0.2}, False),  # it would be poor without it, too
        ({}, False),
    ],
)
def test_a_beginning_is_laid_to_earlier_tickets_only_where_they_made_it_poor(
    factors: dict[str, float], poor_because_of_it: bool
) -> None:
    assert began_poor(1.17, factors, PRIOR) is poor_because_of_it
