"""The ladder: a rung is climbed where later ratings prove it better, and refused with the reason where not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
import pytest

from app.scoring import engine
from app.scoring.context import Context
from app.scoring.conversation import Running, TicketFacts, Utterance
from app.scoring.learning import gate, ladder, metrics
from app.scoring.learning.ladder import Champion, Learned
from app.scoring.learning.rungs import Fitted, Rung, fit_intercept
from app.scoring.model import as_document, parse_model, sigmoid
from tests.scoring.learning.make import PRIOR, START, Truth, columns, desk, examples

ODD = Truth(repeats=-4.0)
OWN_WORDS = Truth(word=-3.0)


@cache
def learned(count: int, truth: Truth | None = None) -> Learned:
    return ladder.learn(desk(count, truth), PRIOR, name="ours", seed=1)


def test_without_a_rating_there_is_nothing_to_learn() -> None:
    with pytest.raises(ValueError, match="no rating"):
        ladder.learn(columns([]), PRIOR, name="ours", seed=1)


def test_the_first_rating_moves_the_level_alone() -> None:
    found = learned(1)

    assert found.rung is Rung.INTERCEPT
    assert found.model.overall == PRIOR.overall
    assert found.reason.startswith("1 rating: stays on the prior's weights, the level moved")


@pytest.mark.capability("SCO-05")
def test_fifty_ratings_stay_on_the_priors_weights_and_say_why() -> None:
    found = learned(50, ODD)

    assert found.model.overall == PRIOR.overall
    assert found.reason.startswith("50 ratings: stays on the prior's weights")
    assert "Weights of its own: needs 100 ratings, there are 50." in found.reason


@pytest.mark.capability("SCO-05")
def test_two_thousand_ratings_that_the_prior_explains_promote_nothing() -> None:
    found = learned(2000)

    assert found.rung is Rung.INTERCEPT
    assert found.reason.count("not proved better on the newest 400 ratings") == 3
    assert found.model.overall == PRIOR.overall


@pytest.mark.capability("SCO-05")
def test_two_thousand_ratings_of_another_trade_promote_weights_of_its_own() -> None:
    found = learned(2000, ODD)

    verdict = next(one for one in found.report.verdicts if one.rung == "adapter")
    assert found.rung in {Rung.ADAPTER, Rung.STACK}
    assert verdict.climbed
    assert verdict.brier is not None
    assert verdict.brier < -gate.BRIER_MARGIN
    assert verdict.auroc is not None
    assert verdict.auroc > gate.AUROC_MARGIN
    assert found.model.overall["effort.repeats"]["last"] < PRIOR.overall["effort.repeats"]["last"] - 1


def test_a_stretched_scale_is_learned_from_few_ratings() -> None:
    found = learned(150, Truth(stretch=3.0))

    assert found.rung is Rung.SLOPE
    assert found.model.calibration is not None
    assert found.model.calibration.slope > 1.3


def test_words_of_the_trade_are_learned() -> None:
    found = learned(400, OWN_WORDS)

    assert found.rung is Rung.STACK
    assert found.model.text is not None
    bad, plain = (found.model.text.read(said)[0] for said in ("the gasket please", "the order please"))
    assert bad < plain - 0.5


def test_without_stored_words_there_is_no_stack() -> None:
    found = ladder.learn(desk(300, ODD, words=False), PRIOR, name="ours", seed=1)

    assert found.rung is Rung.ADAPTER
    assert "needs 150 rated conversations whose words are still stored, there are 0" in found.reason


def test_ratings_of_one_kind_prove_nothing() -> None:
    content = [replace(one, satisfied=True) for one in examples(120)]

    found = ladder.learn(columns(content), PRIOR, name="ours", seed=1)

    assert found.rung is Rung.INTERCEPT
    assert "only 0 of the newest 36 ratings are dissatisfied" in found.reason


def test_equal_ratings_give_an_equal_model() -> None:
    first, second = (ladder.learn(desk(250, OWN_WORDS), PRIOR, name="ours", seed=1) for _ in "ab")

    assert first == second


@pytest.mark.capability("N4")
def test_measuring_uses_later_ratings_only() -> None:
    honest = examples(400, ODD)
    # The newest ratings are turned around: a ladder that had seen them would find them easy.
    turned = [replace(one, satisfied=not one.satisfied) if at >= 280 else one for at, one in enumerate(honest)]

    found = ladder.learn(columns(turned), PRIOR, name="ours", seed=1)

    assert found.report.measured_on == 120
    assert found.rung in {Rung.INTERCEPT, Rung.SLOPE}
    assert found.report.figures["challenger"].auroc is not None
    assert found.report.figures["challenger"].auroc < 0.5


@pytest.mark.capability("N4")
@pytest.mark.parametrize("truth", [Truth(), Truth(level=-1.5), ODD, OWN_WORDS], ids=["fits", "level", "odd", "words"])
def test_what_was_learned_comes_true_as_often_as_it_says(truth: Truth) -> None:
    model = learned(2000, truth).model
    fresh = desk(4000, truth, seed=99)

    p = ladder.predicted(model, fresh)

    assert metrics.ece(fresh.satisfied, p) <= 0.05


@pytest.mark.capability("N4")
def test_a_badly_calibrated_prior_is_flagged() -> None:
    found = learned(2000, Truth(level=-1.5)).report.figures

    assert found["prior"].miscalibrated
    assert not found["challenger"].miscalibrated


@pytest.mark.capability("N4")
@pytest.mark.parametrize("truth", [Truth(level=-1.5), ODD, OWN_WORDS], ids=["level", "odd", "words"])
def test_contributions_add_up_under_a_learned_model(truth: Truth) -> None:
    model = learned(2000, truth).model
    context = Context(text=model.text)
    running = Running.start()
    for number, text in enumerate(["The gasket leaks again, please help!", "I said the gasket leaks. Thanks anyway."]):
        said = Utterance(id=str(number), role="customer", public=True, text=text, at=START)
        running, _ = engine.observe(running, said, context)

    score, _ = engine.score(running, TicketFacts(), model, START, context)

    logit = score.base_logit + sum(part.logit for part in score.contributions)
    assert sigmoid(logit) == pytest.approx(score.p_uncalibrated, abs=1e-12)
    assert score.calibrated
    assert any(part.signal == "learned.words" for part in score.contributions) is (model.text is not None)


def test_every_weight_keeps_its_sign() -> None:
    found = learned(2000, Truth(repeats=6.0))

    document = json.loads(json.dumps(as_document(found.model)))
    assert parse_model(document) == found.model
    assert found.model.overall["effort.repeats"]["last"] <= 0


def test_the_weights_of_the_rating_itself_stay_the_priors() -> None:
    found = learned(2000, ODD)

    assert found.model.overall["ending.rated_low"] == PRIOR.overall["ending.rated_low"]


def test_a_rung_in_force_stays_until_a_simpler_one_proves_better() -> None:
    model = learned(400).model
    champion = Champion(model=model, rung=Rung.ADAPTER, ratings=400)

    found = ladder.learn(desk(400), PRIOR, name="ours", seed=1, champion=champion)

    assert found.rung is Rung.ADAPTER
    assert "did not prove better, so it stays" in found.reason
    assert "champion" in found.report.figures


def test_a_champion_that_is_better_on_newer_ratings_is_kept() -> None:
    right = Fitted(rung=Rung.ADAPTER, moved=np.array([0.0, -6.0, 0.0]), intercept=1.0)
    wise = ladder.as_model(right, desk(1), PRIOR, "wise")
    champion = Champion(model=wise, rung=Rung.INTERCEPT, ratings=10)

    found = ladder.learn(desk(95, Truth(level=1.0, repeats=-6.0)), PRIOR, name="ours", seed=1, champion=champion)

    assert found.report.measured_on == 28
    assert found.accepted  # too few newer ratings to hold against it
    more = ladder.learn(desk(99, Truth(level=1.0, repeats=-6.0)), PRIOR, name="ours", seed=1, champion=champion)
    assert more.report.measured_on == 30
    assert not more.accepted
    assert "the model in force is better on the 30 ratings after it" in more.reason


def test_a_merged_model_predicts_what_was_fitted() -> None:
    columns_ = desk(400, OWN_WORDS)
    choice = ladder.choose(columns_, 1)
    fitted = ladder.refit(columns_, choice, 1)

    model = ladder.as_model(fitted, columns_, PRIOR, "ours")

    expected = 1 / (1 + np.exp(-fitted.logits(columns_)))
    assert ladder.predicted(model, columns_) == pytest.approx(expected, abs=1e-4)


def test_opinions_are_learned_from_but_never_measured_on() -> None:
    opinions = [replace(one, label=True) for one in examples(200, ODD, seed=5)]
    rated = [replace(one, at=one.at + timedelta(minutes=30)) for one in examples(200, ODD)]
    mixed = sorted([*opinions, *rated], key=lambda one: one.at)

    found = ladder.learn(columns(mixed), PRIOR, name="ours", seed=1)

    assert found.ratings == 200
    assert found.report.labels == 200
    assert found.report.measured_on == 60


def test_progress_is_told() -> None:
    told: list[float] = []

    ladder.learn(desk(40), PRIOR, name="ours", seed=1, progress=lambda share, step: told.append(share))

    assert told == sorted(told)
    assert all(0 < share < 1 for share in told)


@pytest.mark.parametrize("count", [12, 60, 150, 400])
def test_it_is_never_worse_than_the_level_alone_beyond_noise(count: int) -> None:
    fresh = desk(2000, seed=77)
    mine, level = (
        ladder.predicted(model, fresh)
        for model in (
            learned(count).model,
            ladder.as_model(fit_intercept(desk(count)), desk(count), PRIOR, "level"),
        )
    )

    worse = metrics.paired_bootstrap(metrics.brier, fresh.satisfied, (mine, level), seed=1, draws=300)

    assert worse.low <= 0


def test_the_curve_has_growing_counts() -> None:
    curve = learned(2000, ODD).report.curve

    assert [point.ratings for point in curve] == [10, 25, 50, 100, 200, 400, 1000]
    assert curve[-1].brier < curve[-1].brier_intercept
