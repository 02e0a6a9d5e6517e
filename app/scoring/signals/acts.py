"""What the customer does with words: thanks, complains, threatens, asks for the manager. Our own lexicon, English only.

A phrase after a negation in the same clause does not count ("not angry at all", "don't want to cancel"). Each find is
quoted as evidence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.scoring.lexicon import CUSTOMER, phrases
from app.scoring.signals.base import Effect, Family, Heard, Reading, Scope, Signal, clip, quote

NEGATION = re.compile(
    r"(?:\b(?:not|never|no|without|nor|hardly|isn['’]?t|wasn['’]?t|don['’]?t|doesn['’]?t|didn['’]?t|won['’]?t"
    r"|wouldn['’]?t|aren['’]?t|can['’]?t|cannot|no need|no longer|neither)\b)(?:[ \t]+[\w'’]+){0,4}?[ \t]+$",
    re.I,
)
BEFORE = 45  #: characters before a find in which a negation is looked for
STRONG = 3  #: finds from which a counted signal is at its strongest
LEXICON = "own lexicon of support phrases, app/scoring/lexicon/"


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of act, named as its phrases in the lexicon, and how they are counted."""

    name: str
    effect: Effect
    describe: str
    counted: bool = False  #: value grows with the number of finds; else one find is the strongest
    negatable: bool = True
    confident: bool = True


R, L = Effect.RAISES, Effect.LOWERS

THANKS, CANCEL = phrases(CUSTOMER["thanks"]), phrases(CUSTOMER["cancel"])
ACTS = (
    Act("solved", R, "the customer says that it works or is settled"),
    Act("praise", R, "praise or delight", counted=True),
    Act("accept", R, "agrees or accepts what we offer", counted=True),
    Act("goodbye", R, "takes leave with nothing left to ask", negatable=False),
    Act("cancel", L, "cancels, leaves, or threatens to"),
    Act("legal", L, "threatens legal steps or an authority"),
    Act("public", L, "threatens to make it public"),
    Act("manager", L, "asks for a manager or a person"),
    Act("repeat_contact", L, "has written or called before about the same", negatable=False),
    Act("already_said", L, "has to say again what was said already", negatable=False),
    Act("still_broken", L, "the problem is still there after we dealt with it", negatable=False),
    Act("anger", L, "anger, contempt or strong disappointment", counted=True),
    Act("profanity", L, "swearing"),
    Act("problem", L, "names something that went wrong", counted=True),
    Act("waited", L, "speaks of waiting or of time gone by", counted=True, negatable=False),
    Act("confused", L, "does not understand, or was not understood", negatable=False),
    Act("alternative", L, "asks for something else than offered", counted=True, negatable=False),
    Act("decline", L, "turns an offer down", counted=True, negatable=False),
    Act("negation", L, "negations of any kind", counted=True, negatable=False),
    Act("sarcasm", L, "friendly words that may be meant the other way", negatable=False, confident=False),
)

PATTERNS = {act.name: phrases(CUSTOMER[act.name]) for act in ACTS}
FORMULAS = re.compile(rf"(?:{THANKS.pattern}|{CANCEL.pattern})[ \t.!,;]*", re.I)
THANKS_SIGNALS = ("acts.thanks_closing", "acts.thanks")
TROUBLE = frozenset(
    f"acts.{name}" for name in ("still_broken", "anger", "profanity", "problem", "manager", "legal", "public")
)


def _signal(name: str, effect: Effect, describe: str, counted: bool, confident: bool = True) -> Signal:
    return Signal(
        name=f"acts.{name}",
        family="acts",
        describe=describe,
        unit=f"finds / {STRONG}, at most 1" if counted else "1 when found",
        effect=effect,
        scope=Scope.MESSAGE,
        source=LEXICON,
        confident=confident,
    )


SIGNALS = (
    _signal("thanks_closing", Effect.RAISES, "thanks, with nothing asked and nothing wrong in the message", False),
    _signal("thanks", Effect.RAISES, "thanks beside a question or a problem: politeness more than relief", False),
    *(_signal(act.name, act.effect, act.describe, act.counted, act.confident) for act in ACTS),
)


def without_formulas(text: str) -> str:
    """The text without thanks and cancellations: they count as acts, and a word list must not hear them again.

    Blanks stand in their place, so that what is found in the rest is found at the same place in the text.
    """
    return FORMULAS.sub(lambda match: " " * len(match[0]), text)


def read(heard: Heard) -> list[Reading]:
    """Every act found in one customer message, with the words that show it."""
    if not heard.text:
        return []
    found = [reading for act in ACTS if (reading := _read_act(act, heard)) is not None]
    thanks = next((match for match in THANKS.finditer(heard.text) if not _negated(heard.text, match.start())), None)
    if thanks:
        troubled = "?" in heard.rest or any(reading.signal in TROUBLE for reading in found)
        name = THANKS_SIGNALS[1] if troubled else THANKS_SIGNALS[0]
        found.append(Reading(signal=name, value=1.0, evidence=quote(heard.text, *thanks.span())))
    return found


def _read_act(act: Act, heard: Heard) -> Reading | None:
    # Cancellations have been taken out of the rest; everything else must not hear them or the thanks.
    text = heard.text if act.name in {"cancel", "sarcasm", "decline"} else heard.rest
    finds = [
        match for match in PATTERNS[act.name].finditer(text) if not (act.negatable and _negated(text, match.start()))
    ]
    if not finds:
        return None
    value = min(1.0, len(finds) / STRONG) if act.counted else 1.0
    evidence = quote(heard.text, *finds[0].span())
    return Reading(
        signal=f"acts.{act.name}",
        value=value,
        evidence=evidence if act.confident else clip(f"low confidence: {evidence}"),
    )


def _negated(text: str, start: int) -> bool:
    clause = re.split(r"[.,;:!?\n]|\bbut\b", text[max(0, start - BEFORE) : start])[-1]
    return bool(NEGATION.search(clause))


FAMILY = Family(name="acts", signals=SIGNALS, read_message=read)
