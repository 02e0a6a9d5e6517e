"""Tone of the customer's words: two general word lists, capitals, punctuation. What words *do* is in acts.py."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from app.scoring.signals.base import Effect, Family, Heard, Reading, Scope, Signal, clip, quote

SHOUTED = re.compile(r"\b[A-Z]{3,}\b")
WORD = re.compile(r"\b[A-Za-z]{2,}\b")
INSISTENT = re.compile(r"!+|\?{2,}")
TONE_WORD = re.compile(r"[a-z']+|[^\w\s]{2,}", re.I)
NO_ENGLISH = "tone: the text does not read as English"
NO_TEXT = "tone: no text"

WORD_LISTS = tuple(f"tone.{name}_{side}" for name in ("vader", "textblob") for side in ("positive", "negative"))
VADER = "vaderSentiment 3.3 (Hutto and Gilbert 2014), compound score"
TEXTBLOB = "TextBlob 0.20, textblob.en.sentiment, polarity"


def _signal(name: str, effect: Effect, describe: str, unit: str, source: str) -> Signal:
    return Signal(
        name=f"tone.{name}",
        family="tone",
        describe=describe,
        unit=unit,
        effect=effect,
        scope=Scope.MESSAGE,
        source=source,
    )


SIGNALS = (
    _signal("vader_positive", Effect.RAISES, "VADER hears a friendly tone", "compound score above 0", VADER),
    _signal(
        "vader_negative", Effect.LOWERS, "VADER hears an unfriendly tone", "minus the compound score below 0", VADER
    ),
    _signal("textblob_positive", Effect.RAISES, "TextBlob hears a friendly tone", "polarity above 0", TEXTBLOB),
    _signal(
        "textblob_negative", Effect.LOWERS, "TextBlob hears an unfriendly tone", "minus the polarity below 0", TEXTBLOB
    ),
    _signal(
        "capitals",
        Effect.LOWERS,
        "words written in capitals for emphasis",
        "share of words in capitals, 1 from a half",
        "own count; abbreviations of one or two letters and single capital words do not count",
    ),
    _signal(
        "punctuation",
        Effect.LOWERS,
        "repeated exclamation or question marks",
        "marks beyond the first in a row, 1 from four",
        "own count of '!!', '??', '?!'",
    ),
)


def read(heard: Heard) -> list[Reading]:
    """The tone of one customer message. The word lists abstain on text that is empty or not English."""
    readings = [_capitals(heard.rest), _punctuation(heard.rest)]
    if not heard.text or not heard.english:
        return [*readings, *abstentions(NO_ENGLISH if heard.text else NO_TEXT)]
    if heard.rest.strip():
        readings += _two_sided("vader", _vader(heard.rest), heard.text)
        readings += _two_sided("textblob", _textblob(heard.rest), heard.text)
    return readings


def abstentions(why: str, *signals: str) -> list[Reading]:
    """Readings that say why the word lists are not asked; of all four, or of those named."""
    return [Reading(signal=name, value=0.0, abstained=why) for name in signals or WORD_LISTS]


def _two_sided(name: str, tone: float, text: str) -> list[Reading]:
    if tone == 0:
        return []
    side = "positive" if tone > 0 else "negative"
    return [Reading(signal=f"tone.{name}_{side}", value=min(1.0, abs(tone)), evidence=_telling(text, tone))]


def _telling(text: str, tone: float) -> str:
    """The words that carry the tone by VADER's list, strongest first, else the beginning of the text."""
    valence: dict[str, float] = _vader_analyzer().lexicon
    found = {word.lower(): valence.get(word.lower(), 0.0) for word in TONE_WORD.findall(text)}
    ranked = sorted((word for word in found if found[word] * tone > 0), key=lambda word: (-abs(found[word]), word))
    if not ranked:
        return quote(text, 0, min(len(text), 80))
    return clip("words such as " + ", ".join(f"“{word}”" for word in ranked[:3]))


def _capitals(text: str) -> Reading:
    shouted = SHOUTED.findall(text)
    words = len(WORD.findall(text))
    share = len(shouted) / words if len(shouted) >= 2 and words else 0.0
    return Reading(
        signal="tone.capitals", value=min(1.0, 2 * share), evidence=quote(" ".join(shouted[:6])) if share else ""
    )


def _punctuation(text: str) -> Reading:
    found = [match[0] for match in INSISTENT.finditer(text)]
    extra = max((len(marks) - 1 for marks in found), default=0)
    return Reading(
        signal="tone.punctuation", value=min(1.0, extra / 3), evidence=quote(max(found, key=len)[:10]) if extra else ""
    )


# Both libraries are imported at first use: TextBlob costs more than a second, and the web process reads no messages.
@cache
def _vader_analyzer() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


@cache
def _textblob_sentiment() -> Any:
    from textblob.en import sentiment

    return sentiment


def _vader(text: str) -> float:
    """VADER's compound score in [-1, 1]."""
    return float(_vader_analyzer().polarity_scores(text)["compound"])


def _textblob(text: str) -> float:
    """TextBlob's polarity in [-1, 1]; the function gives the numbers of `TextBlob(...)` at a third of the cost."""
    return float(_textblob_sentiment()(text)[0])


FAMILY = Family(name="tone", signals=SIGNALS, read_message=read)
