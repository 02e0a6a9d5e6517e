"""Every score says why it is what it is, in a sentence and in numbers that add up."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.conversation import TicketFacts
from app.scoring.explain import UNCALIBRATED, explain, factors, fresh_trouble, resolution
from app.scoring.model import Calibration, sigmoid
from app.scoring.reasons import NOUNS, Factor, factor_of, noun_of, said, short_quote
from app.scoring.signals import REGISTRY
from app.words import Contribution, Score
from tests.scoring.conversations import PRIOR, last_score, scores, talk

FORECAST = re.compile(r"\b(will|shall|going to|expect\w*|predict\w*|forecast\w*|likely|soon|probab\w+)\b", re.I)
INTERNAL = re.compile(r"[a-z]+\.[a-z_]+|_")
BAD = "This is the third time I write! The lamp is still broken and nobody answers."


def made(*parts: tuple[str, float], base: float = 1.0, score: int | None = None, calibrated: bool = True) -> Score:
    """A score with these contributions, without evidence."""
    logit = base + math.fsum(logit for _, logit in parts)
    p = sigmoid(logit)
    return replace(
        last_score("Hello"),
        base_logit=base,
        p_satisfied=p,
        p_uncalibrated=p,
        score=round(100 * p) if score is None else score,
        contributions=tuple(Contribution(signal=name, logit=value, evidence="") for name, value in parts),
        abstained=(),
        calibrated=calibrated,
    )


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (None, made(), "73 after the first message: nothing stands out yet."),
        (
            None,
            made(("acts.anger", -1.0), ("acts.thanks", 0.4)),
            "60 after the first message: anger weighs on it; thanks helps.",
        ),
        (
            made(("acts.thanks", 0.5)),
            made(("acts.still_broken", -1.2), ("acts.manager", -0.6), ("acts.thanks", 0.9)),
            "52, down 30 since the last message: still not working and asking for a manager; thanks helps a little.",
        ),
        (
            made(("acts.anger", -2.0)),
            made(("acts.anger", -0.5), ("acts.solved", 1.0), ("acts.problem", -0.4)),
            "75, up 48 since the last message: anger counting for less and saying that it is solved; naming a problem "
            "holds it back a little.",
        ),
        (
            made(("acts.anger", -1.0)),
            made(("acts.anger", -1.0)),
            "50, unchanged since the last message: anger weighs on it.",
        ),
        (made(score=74), made(score=73), "73, down 1 since the last message: many small things together."),
    ],
)  # fmt: skip
def test_the_sentence_tells_what_is_and_what_changed(before: Score | None, after: Score, sentence: str) -> None:
    assert explain(after, before).sentence == sentence


def test_the_sentence_quotes_the_customer_once_and_briefly() -> None:
    first, second = scores(*talk("Hello, my lamp is dark.", BAD + " " + "And again. " * 40))

    sentence = explain(second, first).sentence

    assert sentence.count("“") == 1
    assert len(sentence) < 330


def test_a_wait_is_said_in_its_own_words() -> None:
    waited = made(("waiting.silence", -0.8))
    waited = replace(
        waited, contributions=(replace(waited.contributions[0], evidence="waiting for a reply for 2 days"),)
    )

    assert explain(waited, made()).sentence == "55, down 18 since the last message: waiting for a reply for 2 days."


def test_a_score_that_is_not_calibrated_says_so() -> None:
    assert UNCALIBRATED in explain(made(calibrated=False)).sentence
    assert UNCALIBRATED not in explain(made(calibrated=True)).sentence


def test_what_could_not_be_read_is_said() -> None:
    unread = replace(made(), abstained=("tone: no text", "sarcasm"))

    assert explain(unread).sentence.endswith("(left out: tone, no text; left out: sarcasm).")


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_no_signal_is_said_by_its_internal_name_or_as_a_forecast(name: str) -> None:
    sentence = explain(made((name, -1.0)), made()).sentence

    assert not INTERNAL.search(sentence)
    assert not FORECAST.search(sentence)
    assert name not in sentence


def test_a_signal_that_nobody_knows_is_not_named_either() -> None:
    assert noun_of("text.model_7") == "another reading"


def test_every_noun_belongs_to_a_signal() -> None:
    assert set(NOUNS) <= set(REGISTRY)


@pytest.mark.parametrize("words", ["I love it", "", "¿Qué?", BAD, "Der Artikel ist nicht angekommen", "😡"])
def test_every_score_has_one_sentence(words: str) -> None:
    sentence = explain(last_score("Hello", "A: Hi.", words)).sentence

    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("evidence", "quote"),
    [
        ("", ""),
        ("waited 3 h", ""),
        ("…“still broken”…", "“still broken”"),
        (
            "“a very long thing that goes on and on until it is cut”",
            "“a very long thing that goes on and on until it …”",
        ),
        ("“cut off in the mid…", "“cut off in the mid”"),
    ],
)  # fmt: skip
def test_a_quotation_is_cut_to_a_few_words(evidence: str, quote: str) -> None:
    assert short_quote(evidence) == quote
    assert said("acts.anger", evidence) == (f"anger ({quote})" if quote else "anger")


PARTS = st.lists(
    st.tuples(st.sampled_from(sorted(REGISTRY)), st.floats(-3, 3)), max_size=8, unique_by=lambda one: one[0]
)


@pytest.mark.capability("SCO-02")
@given(parts=PARTS, base=st.floats(-2, 2))
def test_factors_add_up_to_the_score(parts: list[tuple[str, float]], base: float) -> None:
    score = made(*parts, base=base)

    told = explain(score)

    total = told.base_points + math.fsum(part.points for part in told.parts) + told.correction_points
    assert total == pytest.approx(100 * score.p_satisfied, abs=1e-6)
    logit = score.base_logit + math.fsum(part.logit for part in told.parts)
    assert sigmoid(logit) == pytest.approx(score.p_uncalibrated, abs=1e-12)


@pytest.mark.capability("SCO-02")
@given(parts=PARTS, change=st.floats(-2, 2))
def test_changing_one_factor_moves_only_its_contribution(parts: list[tuple[str, float]], change: float) -> None:
    others = [part for part in parts if factor_of(part[0]) is not Factor.RESPONSE_TIME]

    one, other = factors(made(*others)), factors(made(*others, ("waiting.silence", change)))

    for first, second in zip(one, other, strict=True):
        expected = change if second.factor is Factor.RESPONSE_TIME else first.logit
        assert second.logit == pytest.approx(expected)


@pytest.mark.capability("SCO-02")
@given(parts=PARTS)
def test_points_have_the_sign_of_their_logit(parts: list[tuple[str, float]]) -> None:
    assert all(part.points * part.logit >= 0 for part in factors(made(*parts)))


@pytest.mark.capability("SCO-02")
@pytest.mark.parametrize(
    ("turns", "facts", "factor"),
    [
        (["Hello", "A: Hi.", "You are useless idiots, this is terrible"], TicketFacts(), Factor.TONE),
        (["Hello", "A: Hi.", "Nope, still not working, same as before"], TicketFacts(), Factor.RESOLUTION),
        (["Hello"], TicketFacts(earlier_ratings=(0.0,) * 6), Factor.PAST_RATINGS),
    ],
)
def test_the_four_factors_are_where_they_should_be(turns: list[str], facts: TicketFacts, factor: Factor) -> None:
    parts = {part.factor: part.points for part in factors(last_score(*turns, facts=facts))}

    assert parts[factor] < -1


def test_a_wait_is_response_time() -> None:
    assert factor_of("waiting.silence") is Factor.RESPONSE_TIME
    assert factor_of("nothing.known") is Factor.OTHER


def test_a_desks_own_correction_is_told_apart() -> None:
    calibrated = replace(PRIOR, calibration=Calibration(intercept=-0.5, slope=1.0))

    told = explain(scores(*talk("Hello"), model=calibrated)[0])

    assert told.correction_points < 0
    assert UNCALIBRATED not in told.sentence


@pytest.mark.capability("DET-04")
def test_the_resolution_has_a_figure_of_its_own() -> None:
    good = last_score("My lamp is dark.", "A: Fixed.", "That worked, thanks!")
    again = last_score(
        "My lamp is dark.", "A: Fixed.", "It broke again! Still not working.", "A: Fixed.", "Still broken."
    )

    assert resolution(again) < PRIOR.threshold < resolution(good)


def test_tone_alone_leaves_the_resolution_alone() -> None:
    assert resolution(made(("acts.anger", -2.0))) == sigmoid(1.0)


def test_what_newly_lowered_a_score_comes_strongest_first() -> None:
    before = made(("acts.anger", -1.0), ("acts.thanks", 0.5)).contributions
    after = made(("acts.anger", -1.2), ("acts.cancel", -2.0), ("acts.praise", 1.0)).contributions

    assert [part.signal for part in fresh_trouble(before, after)] == ["acts.cancel", "acts.thanks", "acts.anger"]
