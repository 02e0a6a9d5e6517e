"""Learned words: the same in every script and process, exact to add up, quoted from the message itself."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from array import array

import pytest

from app.scoring.learning.examples import mean_features
from app.scoring.learning.words import BUCKETS, LONGEST, TextWeights, features


def model(name: str = "a", bias: float = 0.1, **weights: float) -> TextWeights:
    """Weights of whole words; everything else weighs nothing."""
    found = array("f", [0.0] * BUCKETS)
    for word, weight in weights.items():
        for bucket, piece in features(word).items():
            if piece == word:
                found[bucket] = weight
    return TextWeights(name=name, bias=bias, weights=found)


def test_a_message_without_words_says_nothing() -> None:
    assert model(delay=-1.0).read("!!! 🙂 …") == (0.0, "")


def test_the_pieces_that_weigh_most_are_quoted() -> None:
    logit, evidence = model(delay=-4.0, sorry=-2.0, thanks=1.0).read("Sorry, thanks for the DELAY")

    assert logit < 0
    assert evidence == "“delay”, “sorry”"


def test_a_friendly_message_quotes_what_speaks_for_it() -> None:
    _, evidence = model(thanks=3.0, delay=-1.0).read("thanks, in spite of the delay")

    assert evidence == "“thanks”"


@pytest.mark.parametrize("text", ["配送がとても遅れています", "доставка снова опаздывает", "الطلب متأخر جدا", "ναι"])
def test_any_script_has_features(text: str) -> None:
    assert len(features(text)) > 3


def test_a_long_message_is_read_to_a_bound() -> None:
    words = " ".join(f"word{number}" for number in range(40_000))

    assert features(words) == features(words[:LONGEST])


def test_a_conversation_is_the_mean_of_its_messages() -> None:
    said = ["the gasket leaks", "still the gasket", "!!", ""]
    weights = model(gasket=-2.0, still=-1.0, leaks=-0.5)

    buckets, values = mean_features(said)

    mean = math.fsum(weights.weights[at] * value for at, value in zip(buckets, values, strict=True)) + weights.bias
    worded = [weights.read(text)[0] for text in said[:2]]
    assert mean == pytest.approx(sum(worded) / 2, abs=1e-6)


def test_weights_come_back_as_they_were_stored() -> None:
    weights = model(delay=-1.5)

    document = json.loads(json.dumps(weights.to_json()))

    assert TextWeights.from_json(document) == weights
    assert len(json.dumps(document)) < 100_000


def test_weights_of_another_length_are_refused() -> None:
    document = model().to_json() | {"weights": "AAAA"}

    with pytest.raises(ValueError, match="expected 32768"):
        TextWeights.from_json(document)


def test_features_are_the_same_in_every_process() -> None:
    code = "from app.scoring.learning.words import features; print(sorted(features('Où est mon colis ?')))"

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == str(sorted(features("Où est mon colis ?")))


def test_live_processes_need_no_numpy_for_it() -> None:
    code = (
        "import sys; import app.scoring.engine, app.scoring.learning.intercept, app.scoring.learning.response; "
        "print('numpy' in sys.modules or 'scipy' in sys.modules)"
    )

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == "False"
