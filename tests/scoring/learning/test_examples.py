"""Rated conversations as arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.scoring.learning import examples
from app.scoring.learning.examples import LABEL_WEIGHT, gather, is_satisfied
from app.scoring.ratings import normalise
from tests.scoring.learning import make
from tests.scoring.learning.make import PRIOR, columns, prior_logit


@pytest.mark.parametrize(
    ("original", "scale", "satisfied"),
    [
        ("good", "good_bad", True),
        ("bad", "good_bad", False),
        (2, "1-5", False),
        (3, "1-5", True),
        (2, "1-3", True),
        (-101, "freshdesk", False),
        (100, "freshdesk", True),
        (4, "nps", False),
        (5, "nps", True),
    ],
)
def test_below_the_middle_of_any_scale_is_dissatisfied(original: str | int, scale: str, satisfied: bool) -> None:
    assert is_satisfied(normalise(original, scale)) is satisfied


def test_the_priors_logit_is_the_sum_of_its_weights() -> None:
    found = make.examples(50)

    gathered = columns(found)

    assert gathered.prior == pytest.approx([prior_logit(dict(one.inputs)) for one in found], abs=1e-6)


def test_a_rating_never_foretells_itself() -> None:
    assert not any(name.startswith("ending.rated") for name in columns([]).names.names)


def test_inputs_without_a_weight_are_left_out() -> None:
    one = replace(make.examples(1)[0], inputs={"tone.nothing/last": 1.0})

    assert columns([one]).prior == pytest.approx([PRIOR.base_logit])


def test_examples_come_in_the_order_of_time() -> None:
    with pytest.raises(ValueError, match="order of time"):
        columns(make.examples(3)[::-1])


def test_no_more_than_promised_are_taken() -> None:
    assert len(gather(iter(make.examples(9)), PRIOR, 4)) == 4


def test_an_opinion_weighs_a_tenth_of_a_rating() -> None:
    one = replace(make.examples(1)[0], label=True, weight=2.0)

    assert columns([one]).weights == pytest.approx([2.0 * LABEL_WEIGHT])


def test_only_the_newest_words_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "WORDED", 10)

    gathered = columns(make.examples(25))

    assert gathered.worded() == list(range(15, 25))
    assert gathered.part(0, 20).worded() == list(range(15, 20))
    assert gathered.part(17, 25).worded() == list(range(8))


def test_words_are_kept_within_a_bound_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "PAIRS", 300)

    gathered = columns(make.examples(25))

    assert sum(len(buckets) for buckets, _ in gathered.words.values()) <= 300


def test_taken_examples_keep_their_words() -> None:
    gathered = columns(make.examples(8))

    taken = gathered.part(2, 8).take([1, 4])

    assert taken.prior == pytest.approx(gathered.prior[[3, 6]])
    assert np.array_equal(taken.words[1][0], gathered.words[6][0])
