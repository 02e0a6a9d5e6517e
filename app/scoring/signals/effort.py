"""What the conversation costs the customer: saying things again, writing twice, questions left open, length."""

from __future__ import annotations

import math
import re
import zlib
from functools import lru_cache

from app.scoring.conversation import Running
from app.scoring.lexicon import words as word_set
from app.scoring.signals.base import Effect, Family, Reading, Scope, Signal

WORD = re.compile(r"[^\W_]+")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
COMMON = word_set("""
    a an the i you it is are am was were be been to of in on for and or at my me your we our that this with do does did
    can could would will have has had so just please there any as by from what which how when where who if not no yes
    ok okay need want like get got thank thanks hi hello s t m
""")
MOST_WORDS = 200  #: different words kept of one message for comparison
KEPT_MESSAGES = 6  #: latest messages a new one is compared with
FEW = 3  #: messages with fewer telling words are not compared
MANY_TURNS = 20  #: customer messages from which length counts in full


def _signal(name: str, describe: str, unit: str) -> Signal:
    source = "own measure; features of the same kind carry the experiments behind the prior"
    return Signal(
        name=f"effort.{name}",
        family="effort",
        describe=describe,
        unit=unit,
        effect=Effect.LOWERS,
        scope=Scope.EFFORT,
        source=source,
    )


SIGNALS = (
    _signal(
        "repeats", "the customer says nearly the same as in an earlier message", "share of telling words in common"
    ),
    _signal("run", "the customer writes again before we reply", "messages in a row beyond the first, 1 from four"),
    _signal(
        "unanswered", "our replies miss the question that was asked, refuse or only apologise", "share of questions"
    ),
    _signal(
        "identifier_again",
        "the customer gives an identifier again: order number, e-mail, phone, serial number",
        "1 when we asked for it again, 0.5 when we did not",
    ),
    _signal("turns", "the conversation drags on", f"logarithm of customer messages, 1 from {MANY_TURNS + 1}"),
)


@lru_cache(maxsize=8)  # a reply is asked for its words more than once
def hashed_words(text: str) -> tuple[int, ...]:
    """The telling words of a text as sorted 16-bit hashes: enough to compare messages, too little to read them."""
    words = {word for word in WORD.findall(text.lower()) if len(word) > 1 and word not in COMMON}
    if not text.isascii():
        words = {piece for word in words for piece in _pieces(word)}
    return tuple(sorted({zlib.crc32(word.encode()) & 0xFFFF for word in words})[:MOST_WORDS])


def _pieces(word: str) -> list[str]:
    """A word, or pairs of letters of what is written without spaces, such as Chinese, Japanese and Thai."""
    return [word[at : at + 2] for at in range(len(word) - 1)] if UNSPACED.search(word) else [word]


def overlap(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Words in common as a share of all words of both, in [0, 1]; 0 when either has too few to tell."""
    if min(len(one), len(other)) < FEW:
        return 0.0
    both = len(set(one).intersection(other))
    return both / (len(one) + len(other) - both)


def read(running: Running) -> list[Reading]:
    """Effort at the customer's latest message, which is already counted in `running`: what there is of it."""
    current, earlier = running.said[-1], running.said[:-1]
    found = _identifier_again(running)
    if repeats := max([overlap(current, words) for words in earlier], default=0.0):
        said = f"{repeats:.0%} of the words were in an earlier message"
        found.append(Reading(signal="effort.repeats", value=repeats, evidence=said))
    if (run := running.customer_run) > 1:
        said = f"{run} messages in a row without a reply"
        found.append(Reading(signal="effort.run", value=min(1.0, (run - 1) / 3), evidence=said))
    if missed := running.unanswered:
        said = f"{missed} of {running.questions} questions without a fitting reply"
        found.append(Reading(signal="effort.unanswered", value=missed / max(1, running.questions), evidence=said))
    if (turns := running.customer_turns) > 1:
        value = min(1.0, math.log(turns) / math.log(MANY_TURNS + 1))
        found.append(Reading(signal="effort.turns", value=value, evidence=f"{turns} messages from the customer so far"))
    return found


def _identifier_again(running: Running) -> list[Reading]:
    asked = running.asked
    if not asked.again:
        return []
    again = f"gives the {asked.again_kind} again" + (", after we asked for it" if asked.on_request else "")
    value = 1.0 if asked.on_request else 0.5
    return [Reading(signal="effort.identifier_again", value=value, evidence=again, messages=asked.again)]


FAMILY = Family(name="effort", signals=SIGNALS, read_effort=read)
