"""What to do next: ranked, with reasons and effects that add up."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import pytest

from app.protocols.suggestions import (
    ENOUGH_CASES,
    MENDS,
    MOST,
    Charge,
    Rank,
    Record,
    Situation,
    Step,
    points_of,
    suggest,
)
from app.scoring.model import sigmoid
from app.scoring.signals import FAMILIES
from app.words import Contribution, Direction, Level, SatState, Score

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CHARGE = Charge(name="Late parcel", cause="shipping delay", record=Record(closed=40, recovered=25))


def score(level: Level = Level.POOR, /, **logits: float) -> Score:
    """A score whose reasons are these: `acts__refund=-0.5`."""
    parts = tuple(
        Contribution(signal=name.replace("__", "."), logit=logit, evidence="") for name, logit in logits.items()
    )
    p = sigmoid(math.fsum(logits.values()))
    return Score(
        at=NOW,
        p_satisfied=p,
        p_satisfied_now=p,
        trend=0.0,
        score=round(100 * p),
        level=level,
        direction=Direction.WORSENING,
        state=SatState.POOR_WORSENING,
        provisional=False,
        base_logit=0.0,
        p_uncalibrated=p,
        contributions=parts,
        model="made-up-1",
    )


def situation(*, given: Score | None = None, **more: Any) -> Situation:
    return Situation(score=given or score(acts__refund=-0.8), **more)


def test_what_mends_the_heaviest_reason_comes_first() -> None:
    given = suggest(situation(given=score(acts__refund=-0.4, waiting__next_reply=-1.2)), NOW)

    assert [one.because for one in given] == [("waiting.next_reply",), ("acts.refund",)]
    assert given[0].text.startswith("Answer now")


@pytest.mark.capability("GUI-01")
def test_the_effect_is_what_the_reason_weighs_now() -> None:
    stands = score(acts__refund=-0.8, acts__thanks=0.3)

    (given,) = suggest(situation(given=stands), NOW)

    assert given.points == pytest.approx(100 * (sigmoid(0.3) - sigmoid(-0.5)))
    assert given.effect == f"it weighs {given.points:.0f} points now"
    assert given.points == points_of(stands, -0.8)


def test_one_deed_that_mends_several_things_is_suggested_once_with_all_they_weigh() -> None:
    stands = score(waiting__first_reply=-0.5, acts__waited=-0.7)

    (given,) = suggest(situation(given=stands), NOW)

    assert given.because == ("acts.waited", "waiting.first_reply")
    assert given.points == pytest.approx(points_of(stands, -1.2))
    assert " and " in given.reason


@pytest.mark.capability("GUI-01")
def test_the_protocol_in_charge_is_suggested_while_no_case_is_open() -> None:
    given = suggest(situation(charge=CHARGE), NOW)[0]

    assert (given.rank, given.text) == (Rank.PROTOCOL, "Follow “Late parcel”")
    assert given.reason == "it is the protocol for shipping delay; no case is open"
    assert given.effect == "25 of 40 cases with it ended in recovery"


def test_a_record_of_few_cases_tells_nothing() -> None:
    young = Charge(name="Young", cause="", record=Record(closed=ENOUGH_CASES - 1, recovered=19))

    given = suggest(situation(charge=young), NOW)[0]

    assert given.effect == "too few cases have ended to tell what it brings (19 of 20)"
    assert "what has no other" in given.reason


@pytest.mark.parametrize("changed", [{"in_case": True}, {"given": score(Level.GOOD, acts__refund=-0.8)}])
def test_a_protocol_is_not_suggested_where_it_runs_or_is_not_needed(changed: dict[str, Any]) -> None:
    given = suggest(situation(charge=CHARGE, **changed), NOW)

    assert Rank.PROTOCOL not in {one.rank for one in given}


@pytest.mark.capability("GUI-01")
def test_steps_of_the_case_come_before_everything_that_may_help_besides() -> None:
    step = Step(line="Call the customer", due_at=NOW + timedelta(hours=2))

    given = suggest(situation(charge=CHARGE, in_case=True, steps=(step,)), NOW)

    assert [one.text for one in given][:1] == ["Call the customer"]
    assert given[0].reason == "a step of “Late parcel” that waits for you"


def test_an_overdue_step_comes_before_one_that_has_time() -> None:
    later = Step(line="Later", due_at=None)
    late = Step(line="Late", due_at=NOW - timedelta(minutes=1))

    given = suggest(situation(charge=CHARGE, in_case=True, steps=(later, late)), NOW)

    assert [one.text for one in given][:2] == ["Late", "Later"]
    assert "its time is over" in given[0].reason


def test_danger_comes_before_everything() -> None:
    step = Step(line="Late", due_at=NOW - timedelta(minutes=1))

    given = suggest(situation(given=score(acts__self_harm=-0.1), steps=(step,)), NOW)

    assert given[0].rank is Rank.DANGER
    assert given[0].because == ("acts.self_harm",)


def test_a_promise_is_to_be_kept_before_it_is_due() -> None:
    given = suggest(situation(given=score(), promised=(NOW + timedelta(days=2),)), NOW)

    assert [one.text for one in given] == ["Keep what was promised"]
    assert given[0].reason == "we promised it by 4 March"


def test_a_promise_whose_time_is_over_is_pressing() -> None:
    given = suggest(situation(promised=(NOW - timedelta(hours=1),)), NOW)

    assert given[0].rank is Rank.OVERDUE


def test_a_promise_that_weighs_on_the_score_already_is_said_once() -> None:
    stands = score(service__overdue=-0.6)

    given = suggest(situation(given=stands, promised=(NOW - timedelta(hours=1),)), NOW)

    assert [one.because for one in given] == [("service.overdue",)]
    assert given[0].rank is Rank.OVERDUE


def test_somebody_who_may_leave_is_asked_what_would_make_them_stay() -> None:
    given = suggest(situation(given=score(), churn_risk=0.57), NOW)

    assert [one.reason for one in given] == ["they may leave: 57 of 100"]


def test_who_said_that_they_cancel_is_asked_once() -> None:
    given = suggest(situation(given=score(acts__cancel=-0.9), churn_risk=0.9), NOW)

    assert [one.rank for one in given] == [Rank.SIGNAL]


def test_where_nothing_has_to_be_mended_that_is_said() -> None:
    (given,) = suggest(situation(given=score(Level.GOOD, acts__thanks=0.4)), NOW)

    assert given.rank is Rank.NOTHING


def test_what_hardly_weighs_is_not_worth_a_suggestion() -> None:
    (given,) = suggest(situation(given=score(acts__refund=-0.01)), NOW)

    assert given.rank is Rank.NOTHING


def test_at_a_very_low_score_advice_says_how_much_of_the_harm_each_reason_is() -> None:
    stands = score(acts__problem=-6.0, acts__refund=-0.9, waiting__next_reply=-0.3, effort__unanswered=-0.06)

    given = suggest(situation(given=stands), NOW)

    assert [(one.because, one.effect) for one in given] == [
        (("acts.refund",), "it is 12 % of what lowers the score"),
        (("waiting.next_reply",), "it is 4 % of what lowers the score"),
        (("effort.unanswered",), "it is 1 % of what lowers the score"),
    ]


def test_at_a_very_high_score_no_reason_is_made_much_of() -> None:
    stands = score(Level.GOOD, acts__thanks=6.0, acts__refund=-0.8)

    (given,) = suggest(situation(given=stands), NOW)

    assert given.effect == "it weighs less than a point now"


def test_there_are_never_too_many() -> None:
    every = {name.replace(".", "__"): -0.1 for name in MENDS}

    assert len(suggest(situation(given=score(**every)), NOW)) == MOST


def test_advice_goes_by_signals_that_there_are() -> None:
    assert set(MENDS) <= {signal.name for family in FAMILIES for signal in family.signals}


@pytest.mark.capability("GUI-01")
def test_it_takes_a_small_part_of_the_time_there_is() -> None:
    every = {name.replace(".", "__"): -0.1 for name in MENDS}
    steps = tuple(Step(line=f"Step {number}", due_at=NOW) for number in range(50))
    busy = situation(given=score(**every), steps=steps, charge=CHARGE, promised=(NOW,) * 50, churn_risk=0.9)

    began = perf_counter()
    suggest(busy, NOW)

    assert perf_counter() - began < 0.05  # of the 0.3 s that a whole answer has
