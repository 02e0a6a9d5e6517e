"""Tone of the customer's words: two general English word lists; emoji, capitals, punctuation in any language.

What words *do* is in acts.py.
"""

from __future__ import annotations

import re

from app.scoring import sentiment
from app.scoring.language import LETTERS, no_words_for
from app.scoring.signals.base import Effect, Family, Heard, Reading, Scope, Signal, clip, quote

INSISTENT = re.compile(r"!+|\?{2,}")
SHOUTED = re.compile(r"[A-Z]{3}")
LEAST_SHOUTED = 3  #: letters of a word in capitals that is no abbreviation
HAPPY = frozenset("😀😃😄😁😆😊🙂😉😍🥰😘😋😎🤩🥳🤗😇☺😌👍👏🙌👌💪🎉🎊✨🌟⭐❤🧡💛💚💙💜🤍🖤💖💕😻😺✅💯")
UNHAPPY = frozenset("😞😔😟🙁☹😣😖😫😩😢😭😤😠😡🤬😱😨😰😥😓😒🙄😑😐😕😬🤦🤮🤢😾😿👎🖕💔😧😦😳🥺🤯")
SMILE = re.compile(r"(?<!\S)(?:[:;=]['’]?-?[)D\]]|<3|\^_?\^|\(:)(?!\w)")
DRAWN = re.compile(r"[:;=<^_]")  #: one of these is in every emoticon
FROWN = re.compile(r"(?<!\S)(?:[:;=]['’]?-?[(\[|]|[:=]-?/(?!/)|</3|D:|T_T|>:-?\()(?!\w)")
MOST_EMOJI = 2  #: emoji of one side from which they count in full
NO_TEXT = "tone: no text"

WORD_LISTS = tuple(f"tone.{name}_{side}" for name in ("vader", "textblob") for side in ("positive", "negative"))
EMOJI = (
    f"finds / {MOST_EMOJI}, at most 1",
    "own list; those that people use either way, such as tears of joy, are not in it",
)
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
    _signal("emoji_positive", Effect.RAISES, "friendly emoji and emoticons, in any language", *EMOJI),
    _signal("emoji_negative", Effect.LOWERS, "unfriendly or sad emoji and emoticons, in any language", *EMOJI),
)


NOT_SHOUTED = Reading(signal="tone.capitals", value=0.0)
NOT_INSISTENT = Reading(signal="tone.punctuation", value=0.0)


def read(heard: Heard) -> list[Reading]:
    """The tone of one customer message. The word lists abstain on text that is empty or not English."""
    emoji = _emoji(heard.rest)
    readings = [*emoji, _capitals(heard.rest), _punctuation(heard.rest)]
    if not heard.text or not heard.english:
        return [*readings, *abstentions(unheard(heard))]
    words = _without_emoji(heard.rest) if emoji else heard.rest
    if words.strip():
        readings += _two_sided("vader", sentiment.vader(words), heard.text)
        readings += _two_sided("textblob", sentiment.textblob(words), heard.text)
    return readings


def unheard(heard: Heard) -> str:
    """Why the English word lists are not asked."""
    if not heard.text:
        return NO_TEXT
    return f"tone: {no_words_for(heard.language)}"


def abstentions(why: str, *signals: str) -> list[Reading]:
    """Readings that say why the word lists are not asked; of all four, or of those named."""
    return [Reading(signal=name, value=0.0, abstained=why) for name in signals or WORD_LISTS]


def _two_sided(name: str, tone: float, text: str) -> list[Reading]:
    if tone == 0:
        return []
    side = "positive" if tone > 0 else "negative"
    return [Reading(signal=f"tone.{name}_{side}", value=min(1.0, abs(tone)), evidence=_telling(text, tone))]


def _telling(text: str, tone: float) -> str:
    """The words that carry the tone, else the beginning of the text."""
    ranked = sentiment.telling(text, tone)
    if not ranked:
        return quote(text, 0, min(len(text), 80))
    return clip("words such as " + ", ".join(f"“{word}”" for word in ranked[:3]))


def _emoji(text: str) -> list[Reading]:
    if text.isascii() and not DRAWN.search(text):
        return []
    found = []
    for side, listed, emoticon in (("positive", HAPPY, SMILE), ("negative", UNHAPPY, FROWN)):
        seen = [] if text.isascii() else [letter for letter in text if letter in listed]
        seen += emoticon.findall(text)
        if seen:
            value = min(1.0, len(seen) / MOST_EMOJI)
            found.append(Reading(signal=f"tone.emoji_{side}", value=value, evidence=quote(" ".join(seen[:6]))))
    return found


def _without_emoji(text: str) -> str:
    """The text for the word lists: emoji have been read, and VADER would hear them a second time."""
    plain = "".join(" " if letter in HAPPY or letter in UNHAPPY else letter for letter in text)
    return SMILE.sub(" ", FROWN.sub(" ", plain))


def _capitals(text: str) -> Reading:
    if text.isascii() and not SHOUTED.search(text):
        return NOT_SHOUTED
    words = [word for word in LETTERS.findall(text) if len(word) > 1]
    shouted = [word for word in words if len(word) >= LEAST_SHOUTED and word.isupper()]
    share = len(shouted) / len(words) if len(shouted) >= 2 else 0.0
    return Reading(
        signal="tone.capitals", value=min(1.0, 2 * share), evidence=quote(" ".join(shouted[:6])) if share else ""
    )


def _punctuation(text: str) -> Reading:
    found = INSISTENT.findall(text)
    if not found:
        return NOT_INSISTENT
    extra = max((len(marks) - 1 for marks in found), default=0)
    return Reading(
        signal="tone.punctuation", value=min(1.0, extra / 3), evidence=quote(max(found, key=len)[:10]) if extra else ""
    )


FAMILY = Family(name="tone", signals=SIGNALS, read_message=read)
