"""A draft of a reply held against what makes replies recover customers (GUI-03): acknowledgement, ownership, a concrete
next step, no policy wall, no blame.

Pure reading of words: nothing is kept, nothing is sent, and no score follows from it. English only, with the phrase
lists that scoring reads our replies by; what they do not know is not found, so a verdict is a hint and no gate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.scoring.language import reads_english
from app.scoring.lexicon import AGENT
from app.scoring.phrases import Phrases
from app.scoring.promises import promises

LONGEST = 10_000  #: characters that are read
SHORTEST = 3  #: words below which there is nothing to check
QUOTE = 120  #: characters of a quoted sentence


class Point(StrEnum):
    """What a reply is held against."""

    ACKNOWLEDGEMENT = "acknowledgement"
    OWNERSHIP = "ownership"
    NEXT_STEP = "next_step"
    NO_POLICY_WALL = "no_policy_wall"
    NO_BLAME = "no_blame"


#: What to do where a point is missed.
ADVICE: Mapping[Point, str] = MappingProxyType(
    {
        Point.ACKNOWLEDGEMENT: "Name what happened to them, in a sentence of your own.",
        Point.OWNERSHIP: "Say “I”: what you have done about it, or will see to yourself.",
        Point.NEXT_STEP: "Name one next step, with who does it and by when; “soon” is no time.",
        Point.NO_POLICY_WALL: "Say what you can do instead of what the rules forbid.",
        Point.NO_BLAME: "Take the blame out: describe what happened without “you should have”.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One point of one reply."""

    point: Point
    passed: bool
    quote: str  #: the reply's own sentence that shows it; empty where something is missing, or nothing wrong was found

    @property
    def advice(self) -> str:
        """What to do about it; empty where it passed."""
        return "" if self.passed else ADVICE[self.point]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A reply that was looked at."""

    findings: tuple[Finding, ...] = ()  #: every point in its order; none where it was not read
    unread: str = ""  #: why it was not, in a sentence

    @property
    def passed(self) -> bool:
        return bool(self.findings) and all(finding.passed for finding in self.findings)


_SENTENCE = re.compile(r"[^.?!\n]+[.?!]*")
_ACKNOWLEDGES = Phrases(
    AGENT["acknowledges"]
    + r"""; sorry (your|you|this|we|it|the|about) ; apologi[sz]e (that|for the|for your|for our|for this) ;
    (how )?(frustrating|annoying|upsetting|disappointing) ; (i|we) (read|see) that (you|your|the) ; i('d| would) be
    (annoyed|upset|angry) too ; you (have|'ve) (waited|been waiting|had to)
    """
)
_OWNS = Phrases(
    AGENT["ownership"]
    + r"""; (i|we)('ve| have) (already |just )?(asked|placed|passed|written|called|put|opened|made|escalated) ;
    i('ll| will) (call|write|send|check|ask|refund|ship|arrange|update|be in touch|e-?mail|book|replace|order) ;
    (i|we) (should|ought to) have ; (i|we) let you down ; (i|we) missed
    """
)
_STEPS = Phrases(AGENT["next_step"])
_WALLS = Phrases(AGENT["policy_wall"])
_BLAMES = Phrases(r"""
    you (should|ought to|could) (not )?have (just |simply |already )?(?!received|arrived|delivered)(\w+ed|read|known|
    told|kept|sent|written|chosen|given|taken|paid|thought|brought) ; you (failed|neglected|forgot|omitted) to ;
    you (did not|didn't|never) (?!receive|get|hear|have to|deserve)\w+ ; your own (fault|mistake|error|doing) ;
    (is|was|be) your (fault|mistake|error) ; user error ; as (i|we)('ve| have)? (already |clearly |previously )?(told|
    explained|said|stated|mentioned)( to)? you ; as (already|clearly|previously) (explained|stated|said|mentioned) ;
    you must have ; if you had (only |just )?\w+ed ; you (entered|chose|picked|gave|typed|used|ordered|selected) the
    wrong ; caused by you ; you (clearly|obviously) ; you need to calm down ; you are (mistaken|wrong)
""")
#: A time that is none. In a sentence with a real one it does no harm.
_VAGUE = re.compile(
    r"\b(?:as soon as possible|asap|shortly|soon|in due course|at the earliest|when (?:we|i) can)\b", re.I
)
#: An exception that is granted, and a fault that is taken away, are the opposite of what their words are listed for.
_GRANTED = re.compile(
    r"(?:\b(?:can|will|have|am|are)|'(?:ll|ve|m|re)) (?!not\b)(?:\w+ )?(?:make|made|making) (?:you )?an exception"
    r"|\b(?:despite|even though|although)\b",
    re.I,
)
_NOT_YOURS = re.compile(r"(?:\b(?:not|never)|n't) (?:\w+ )?your (?:fault|mistake|error)\b", re.I)


def check(reply: str) -> Checked:
    """The reply's points. Longer ones are read up to `LONGEST` characters; unread where there is nothing to read."""
    text = reply[:LONGEST].replace("’", "'").strip()
    if len(text.split()) < SHORTEST:
        return Checked(unread="There is too little text to check.")
    if not reads_english(text):
        return Checked(unread="Only English is read so far; please check this one yourself.")
    sentences = [sentence.strip() for sentence in _SENTENCE.findall(text)]
    return Checked(findings=tuple(_finding(point, sentences) for point in Point))


def _finding(point: Point, sentences: list[str]) -> Finding:
    wanted, holds = _RULES[point]
    shown = next((sentence for sentence in sentences if holds(sentence)), None)
    return Finding(point=point, passed=(shown is not None) is wanted, quote=_cut(shown) if shown else "")


def _concrete(sentence: str) -> bool:
    """Something to happen, with a time or with what exactly; not merely "soon"."""
    if promises(sentence):
        return True
    if _blames(sentence):
        return False
    return _STEPS.search(sentence) is not None and _VAGUE.search(sentence) is None


def _walls(sentence: str) -> bool:
    return _WALLS.search(sentence) is not None and _GRANTED.search(sentence) is None


def _blames(sentence: str) -> bool:
    return _BLAMES.search(_NOT_YOURS.sub("", sentence)) is not None


#: Whether a point wants such a sentence or none, and what such a sentence is.
_RULES: Mapping[Point, tuple[bool, Callable[[str], bool]]] = MappingProxyType(
    {
        Point.ACKNOWLEDGEMENT: (True, lambda sentence: _ACKNOWLEDGES.search(sentence) is not None),
        Point.OWNERSHIP: (True, lambda sentence: _OWNS.search(sentence) is not None),
        Point.NEXT_STEP: (True, _concrete),
        Point.NO_POLICY_WALL: (False, _walls),
        Point.NO_BLAME: (False, _blames),
    }
)


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= QUOTE else f"{sentence[: QUOTE - 1]}…"
