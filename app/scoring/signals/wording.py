"""The wording, by learned word lists: of the customer's messages as tone, of our replies as quality of resolution.

Two lists come from texts labelled with emotions (`pleased`, `displeased`), two from conversations rated turn by turn
(`customer`, `reply`). English only. They read messages without thanks and cancellations, which count as acts.
"""

from __future__ import annotations

import math
import re

from app.scoring.conversation import Running
from app.scoring.language import reads_english
from app.scoring.signals.base import Effect, Family, Heard, Reading, Scope, Signal, clip
from app.scoring.wordlists import cut, shelf, strongest

USUAL = 0.25  #: chance of a feeling at which a message is unremarkable
LARGE = 3.0  #: logit from which wording counts in full
NO_ENGLISH = "wording: the text does not read as English"
EMOTIONS = "GoEmotions (Demszky et al. 2020, Apache-2.0), words and pairs of words, logistic regression"
RATED = "USS (Sun et al. 2021), words and pairs of words, logistic regression on ratings of single turns"


def _signal(name: str, effect: Effect, describe: str, *, source: str, unit: str, scope: Scope) -> Signal:
    return Signal(
        name=f"wording.{name}",
        family="wording",
        describe=describe,
        unit=unit,
        effect=effect,
        scope=scope,
        source=source,
    )


#: Subjects whose verb was a formula, which blanks stand for.
LEFT_OVER = re.compile(
    r"\b(?:(?:i|we)(?:['’](?:d|m|ve|ll|re)| am| are| have)?)(?: (?:just|now|really|also|would))?(?= {2,}|\s*$)",
    re.I,
)
LIVELY = re.compile(r"(?<![!?])!(?![!?])")
CHANCE = f"chance of the feeling above {USUAL:g}, 1 when certain"
LOGIT = f"logit / {LARGE:g}, at most 1"
SMOOTHED = f"{LOGIT}; smoothed over replies, the newest weighs one half"
R, L = Effect.RAISES, Effect.LOWERS
SIGNALS = (
    _signal("pleased", R, "words of pleasant feelings", source=EMOTIONS, unit=CHANCE, scope=Scope.MESSAGE),
    _signal("displeased", L, "words of unpleasant feelings", source=EMOTIONS, unit=CHANCE, scope=Scope.MESSAGE),
    _signal(
        "lively", R, "a single exclamation mark in a message without unpleasant words", source="own count",
        unit="1 when found", scope=Scope.MESSAGE,
    ),
    _signal("customer_better", R, "words that satisfied customers use", source=RATED, unit=LOGIT, scope=Scope.MESSAGE),
    _signal("customer_worse", L, "words that unhappy customers use", source=RATED, unit=LOGIT, scope=Scope.MESSAGE),
    _signal(
        "reply_better", R, "our reply is worded like those that satisfy", source=RATED, unit=SMOOTHED,
        scope=Scope.SERVICE,
    ),
    _signal(
        "reply_worse", L, "our reply is worded like those that disappoint", source=RATED, unit=SMOOTHED,
        scope=Scope.SERVICE,
    ),
)  # fmt: skip


def pieces_of(rest: str) -> dict[int, str]:
    """A customer message cut into pieces, formulas and the subjects they leave behind taken out.

    Without that, "I" of "I want to cancel" would be read as a word of its own, and a cancellation could raise a score.
    """
    return cut(LEFT_OVER.sub(" ", rest))


def chance_above_usual(p: float) -> float:
    """A chance of a feeling as a reading in [0, 1]: what is usual counts nothing."""
    return max(0.0, (p - USUAL) / (1 - USUAL))


def read(heard: Heard) -> list[Reading]:
    """The wording of one customer message."""
    if not heard.rest.strip():
        return []
    if not heard.english:
        return [
            Reading(signal=signal.name, value=0.0, abstained=NO_ENGLISH)
            for signal in SIGNALS
            if signal.scope is Scope.MESSAGE
        ]
    pleased, displeased, customer = shelf("pleased", "displeased", "customer").read(pieces_of(heard.rest))
    unpleasant = _feeling("displeased", *displeased)
    readings = [*_feeling("pleased", *pleased), *unpleasant]
    if not unpleasant and LIVELY.search(heard.rest):
        readings.append(Reading(signal="wording.lively", value=1.0, evidence="a friendly exclamation mark"))
    return [*readings, *_two_sided("customer", *customer, said="words such as")]


def read_reply(_running: Running, words: str) -> list[Reading]:
    """The wording of one reply of ours."""
    if not words or not reads_english(words):
        return []
    [reply] = shelf("reply").read(cut(words))
    return _two_sided("reply", *reply, said="our reply says")


def _feeling(name: str, logit: float, known: list[tuple[float, str]]) -> list[Reading]:
    value = chance_above_usual(1 / (1 + math.exp(-logit))) if known else 0.0
    if not value:
        return []
    return [Reading(signal=f"wording.{name}", value=value, evidence=_evidence("words such as", strongest(known, 1)))]


def _two_sided(name: str, logit: float, known: list[tuple[float, str]], *, said: str) -> list[Reading]:
    if not known or not logit:
        return []
    side = 1 if logit > 0 else -1
    return [
        Reading(
            signal=f"wording.{name}_{'better' if side > 0 else 'worse'}",
            value=min(1.0, abs(logit) / LARGE),
            evidence=_evidence(said, strongest(known, side)),
        )
    ]


def _evidence(said: str, pieces: str) -> str:
    return clip(f"{said} {pieces}") if pieces else "the wording as a whole"


FAMILY = Family(name="wording", signals=SIGNALS, read_message=read, read_service=read_reply)
