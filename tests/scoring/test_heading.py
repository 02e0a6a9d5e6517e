"""The direction: the latest message against those before, and the wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.scoring.conversation import Running
from app.scoring.engine import next_rescore_at, observe, score
from app.scoring.heading import compared, trend
from app.scoring.model import Heading, ModelError, load_prior, parse_model
from tests.scoring.conversations import NO_FACTS, PRIOR, hear, says, talk
from tests.scoring.test_model import document


def test_a_single_message_has_nothing_to_compare_with() -> None:
    running = hear(*talk("This is useless."))

    assert compared(running, PRIOR.heading) == 0.0
    assert trend(running, PRIOR.heading, 0.0) == 0.0


def test_relief_after_trouble_improves_and_trouble_after_relief_worsens() -> None:
    up = hear(*talk("This is useless, nothing works.", "A: I have fixed it for you.", "Perfect, thank you so much!"))
    down = hear(*talk("Perfect, thank you so much!", "A: Sorry, I cannot.", "This is useless, nothing works."))

    assert trend(up, PRIOR.heading, 0.0) > PRIOR.dead_band
    assert trend(down, PRIOR.heading, 0.0) < -PRIOR.dead_band


def test_a_wait_lowers_the_trend_of_a_single_message() -> None:
    assert trend(hear(*talk("Where is it?")), PRIOR.heading, -0.5) == pytest.approx(-0.2449187, abs=1e-6)


def test_the_usual_change_of_a_turn_is_taken_off() -> None:
    heading = Heading(base=0.0, turns=(0.5, -0.5), length=0.0, last={}, before={})
    second, third, fourth = (_said(count) for count in (2, 3, 4))

    assert [compared(one, heading) for one in (second, third, fourth)] == [0.5, -0.5, 0.0]


def _said(count: int) -> Running:
    running = Running.start()
    for number in range(count):
        running, _ = observe(running, says("The lamp is blue.", minutes=number))
    return running


@pytest.mark.parametrize(("part", "weight"), [("last", 1.0), ("before", -1.0)])
def test_a_weight_of_the_wrong_side_is_refused(part: str, weight: float) -> None:
    heading = document()["heading"] | {part: {"acts.anger": weight}}

    with pytest.raises(ModelError, match=rf"^heading\.{part}\.acts\.anger: .*wrong sign"):
        parse_model(document(heading=heading))


def test_facts_that_do_not_move_are_no_direction() -> None:
    running = hear(*talk("Where is it?", "A: On its way.", "Good, when?"))
    plain, _ = score(running, NO_FACTS, PRIOR, says("", minutes=30).at)

    urgent, _ = score(running, replace(NO_FACTS, priority="urgent"), PRIOR, says("", minutes=30).at)

    assert urgent.p_satisfied < plain.p_satisfied
    assert urgent.trend == plain.trend


@pytest.mark.capability("DET-01")
def test_a_promise_that_falls_due_is_looked_at_without_a_message() -> None:
    running = hear(*talk("Where is my parcel?", "A: I will call you back within 3 hours."))
    before = says("", minutes=60).at

    due = next_rescore_at(running, NO_FACTS, PRIOR, before)

    assert due is not None
    early, running = score(running, NO_FACTS, PRIOR, before)
    late, _ = score(running, NO_FACTS, PRIOR, due)
    assert late.score <= early.score - PRIOR.rescore_points
    assert "service.overdue" in {part.signal for part in late.contributions}


def test_both_priors_ship() -> None:
    assert {load_prior(name).name for name in ("uss-2", "open-1")} == {"uss-2", "open-1"}
