"""What the customer does with words: thanks, complains, threatens, asks for the manager. Our own phrase lists.

English has a full list; German, Spanish and French have a few unmistakable acts; in any other language nothing is read,
and that is said. A phrase after a negation in the same clause does not count ("not angry at all", "don't want to
cancel"); after two of them it counts again in English. What is only hoped for, asked about or made a condition is not
yet so ("tell me once it is fixed"). Each find is quoted as evidence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from app.scoring.lexicon import LEXICONS, words
from app.scoring.phrases import Book, Likely
from app.scoring.signals.base import Effect, Family, Heard, Reading, Scope, Signal, clip, quote

BEFORE = 60  #: characters before a find in which a negation or a condition is looked for
SUBJECT = 3  #: characters of a find that show whether it begins with "I" or "we"
DOUBLING = frozenset(["en", "de"])  #: languages in which a second negation takes back the first
REACH = 5  #: words over which a negation reaches
STRONG = 3  #: finds from which a counted signal is at its strongest
SOURCE = "own lists of support phrases, app/scoring/lexicon/"
NO_LIST = "acts: no phrases are known in this language"

SENTENCE_END = re.compile(r"[.?!\n]")
CLAUSE_END = re.compile(
    r"[.,;:!?\n]|\b(?:but|however|although|though|because|aber|sondern|obwohl|pero|aunque|mais|cependant)\b", re.I
)
# "If it is not fixed I will cancel": the negation belongs to the condition and does not reach what follows from it.
AFTER_CONDITION = re.compile(r"\b(?:if|unless|until|since|when)\b.*(?=\b(?:i|we|then)\b)", re.I)
CONTRAST = re.compile(
    r"\b(?:but|however|although|though|yet|unfortunately|sadly|aber|leider|jedoch|pero|aunque|mais|cependant|malheureusement)\b",
    re.I,
)
NEGATION = {
    "en": re.compile(
        r"\b(?:not(?! only| just)|never|no(?! wonder)|without|nor|neither|hardly|nothing|cannot"
        r"|(?:is|was|do|does|did|wo|would|are|were|could|should|have|has|ca)n['’]?t)\b",
        re.I,
    ),
    "de": re.compile(r"\b(?:nein|nicht(?! nur)|kein(?:e[mnrs]?)?|nie|niemals|ohne)\b", re.I),
    "es": re.compile(r"\b(?:no(?! solo)|nunca|jamás|sin|tampoco)\b", re.I),
    "fr": re.compile(r"\b(?:ne|pas|jamais|sans|non|aucune?)\b|\bn['’]", re.I),
}
UNCERTAIN = re.compile(
    r"\b(?:if|once|when|whenever|until|till|unless|before|wish|hop(?:e|ed|ing)|supposed|should|would|will|said|say|says"
    r"|claim(?:s|ed)?|promised|told me|want|need|needs|get|make sure|wenn|sobald|falls|soll|sollte|si|cuando|hasta"
    r"|quand|lorsque)\b",
    re.I,
)
INQUIRY = re.compile(
    r"\b(?:(?:can|could|may|might|should|do|must) (?:i|we)|how|where|what (?:happens|if)|is (?:it|there)|am i|are we"
    r"|wie|wo|kann ich|können wir|cómo|dónde|puedo|podría|comment|où|puis-je)\b|\bif (?:i|we) ?$",
    re.I,
)
CONDITION = re.compile(
    r"\b(?:(?:if|unless) (?!possible|so\b|not\b|i (?:may|can|could|want|cancel)|it['’]?s possible|that['’]?s)"
    r"|or (?:else )?(?=i\b|we\b)|either )",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of act, named as its phrases in the lists, and how they are counted."""

    name: str
    effect: Effect
    describe: str
    counted: bool = False  #: value grows with the number of finds; else one find is the strongest
    negatable: bool = True
    confident: bool = True
    real: bool = False  #: what is hoped for, asked about or made a condition does not count


R, L = Effect.RAISES, Effect.LOWERS

ACTS = (
    Act("solved", R, "the customer says that it works or is settled", real=True),
    Act("relief", R, "relief that it is over at last", real=True),
    Act("praise", R, "praise or delight", counted=True),
    Act("delight", R, "delight beyond politeness", real=True),
    Act("accept", R, "agrees or accepts what we offer", counted=True),
    Act("goodbye", R, "takes leave with nothing left to ask", negatable=False),
    Act("cancel", L, "cancels, leaves, or threatens to"),
    Act("cancel_question", L, "asks whether or how one can cancel", negatable=False),
    Act("ultimatum", L, "makes leaving, law or publicity depend on what we do", negatable=False),
    Act("legal", L, "threatens legal steps or an authority"),
    Act("public", L, "threatens to make it public"),
    Act("manager", L, "asks for a manager or a person"),
    Act("complaint", L, "makes or announces a complaint"),
    Act("repeat_contact", L, "has written or called before about the same", negatable=False),
    Act("already_said", L, "has to say again what was said already", negatable=False),
    Act("unanswered", L, "says that a question or message got no answer", negatable=False),
    Act("still_broken", L, "the problem is still there after we dealt with it", negatable=False),
    Act("effort", L, "speaks of the trouble it takes: hours, calls, being passed around"),
    Act("deadline", L, "needs it by a time that matters"),
    Act("bereavement", L, "speaks of a death, or of someone dying"),
    Act("safety", L, "speaks of injury, fire, allergy or another danger"),
    Act("self_harm", L, "speaks of ending or harming their own life"),
    Act("refund", L, "wants money back or compensation"),
    Act("anger", L, "anger, contempt or strong disappointment", counted=True),
    Act("profanity", L, "swearing"),
    Act("expected_more", L, "disappointment, politely put"),
    Act("indirect", L, "dissatisfaction without a bad word", negatable=False),
    Act("problem", L, "names something that went wrong", counted=True),
    Act("waited", L, "speaks of waiting or of time gone by", counted=True, negatable=False),
    Act("confused", L, "does not understand, or was not understood", negatable=False),
    Act("alternative", L, "asks for something else than offered", counted=True, negatable=False),
    Act("decline", L, "turns an offer down", counted=True, negatable=False),
    Act("negation", L, "negations of any kind", counted=True, negatable=False),
    Act("sarcasm", L, "friendly words that may be meant the other way", negatable=False, confident=False),
)

THANKS_SIGNALS = ("acts.thanks_closing", "acts.thanks")
UNTOUCHED = frozenset({"cancel", "cancel_question", "sarcasm", "decline", "refund", "indirect"})
THREATS = ("cancel", "legal", "public")
TROUBLE = frozenset(
    f"acts.{name}"
    for name in words("""
        still_broken anger profanity problem manager legal public complaint unanswered refund cancel ultimatum
        expected_more indirect safety already_said repeat_contact effort
    """)
)


@cache
def patterns(language: str) -> Book:
    """The lists of a language, by act; empty for one that has none."""
    return Book(LEXICONS.get(language, {}))


FORMULAS = ("thanks", "cancel")
AFTER_FORMULA = re.compile(r"[ \t.!,;]*")


def _signal(name: str, effect: Effect, describe: str, counted: bool, confident: bool = True) -> Signal:
    return Signal(
        name=f"acts.{name}",
        family="acts",
        describe=describe,
        unit=f"finds / {STRONG}, at most 1" if counted else "1 when found",
        effect=effect,
        scope=Scope.MESSAGE,
        source=SOURCE,
        confident=confident,
    )


SIGNALS = (
    _signal("thanks_closing", Effect.RAISES, "thanks, with nothing asked and nothing wrong in the message", False),
    _signal("thanks", Effect.RAISES, "thanks beside a question or a problem: politeness more than relief", False),
    *(_signal(act.name, act.effect, act.describe, act.counted, act.confident) for act in ACTS),
)


def without_formulas(text: str, language: str = "en") -> str:
    """The text without thanks and cancellations: they count as acts, and a word list must not hear them again.

    Blanks stand in their place, so that what is found in the rest is found at the same place in the text.
    """
    listed = _likely(language, text)
    formulas = [match for name in FORMULAS if name in listed for match in listed[name].finditer(text)]
    for match in formulas:
        start, end = match.span()
        after = AFTER_FORMULA.match(text, end)
        end = after.end() if after else end
        text = text[:start] + " " * (end - start) + text[end:]
    return text


@lru_cache(maxsize=2)  # a message is asked twice: for its formulas and for all acts
def _likely(language: str, text: str) -> Mapping[str, Likely]:
    return patterns(language).likely(text)


def read(heard: Heard) -> list[Reading]:
    """Every act found in one customer message, with the words that show it."""
    if not heard.text:
        return []
    if not patterns(heard.language):
        return [Reading(signal=THANKS_SIGNALS[0], value=0.0, abstained=NO_LIST)]
    listed = _likely(heard.language, heard.text)
    found = {}
    for act in ACTS:
        if act.name in listed and (finds := _finds(act, heard, listed)):
            found[act.name] = finds
    _ask_before_leaving(found, heard.text)
    readings = [_reading(act, found[act.name], heard.text) for act in ACTS if act.name in found]
    return [*readings, *_thanks(heard, listed.get("thanks"), {reading.signal for reading in readings})]


def _finds(act: Act, heard: Heard, listed: Mapping[str, Likely]) -> list[re.Match[str]]:
    """Where the act is found, as far as it is meant."""
    # Thanks and cancellations have been taken out of the rest; everything else must not hear them.
    text = heard.text if act.name in UNTOUCHED else heard.rest
    return [
        match
        for match in listed[act.name].finditer(text)
        if not (act.negatable and _negated(text, match.start(), heard.language))
        and not (act.real and _unreal(text, match))
    ]


def _ask_before_leaving(found: dict[str, list[re.Match[str]]], text: str) -> None:
    """Move cancellations that are only asked about to their own act, and note threats that hang on a condition."""
    leaving = found.pop("cancel", [])
    asked = [match for match in leaving if INQUIRY.search(_sentence_before(text, match.start()))]
    if asked:
        found.setdefault("cancel_question", asked)
    if meant := [match for match in leaving if match not in asked]:
        found["cancel"] = meant
    threats = [match for name in THREATS for match in found.get(name, [])]
    conditional = [match for match in threats if CONDITION.search(_sentence_before(text, match.start() + SUBJECT))]
    if conditional:
        found.setdefault("ultimatum", conditional)


def _reading(act: Act, finds: list[re.Match[str]], text: str) -> Reading:
    evidence = quote(text, *finds[0].span())
    return Reading(
        signal=f"acts.{act.name}",
        value=min(1.0, len(finds) / STRONG) if act.counted else 1.0,
        evidence=evidence if act.confident else clip(f"low confidence: {evidence}"),
    )


def _thanks(heard: Heard, listed: Likely | None, found: set[str]) -> list[Reading]:
    """Thanks, if there are any: closing only where nothing is asked, nothing is wrong and no "but" follows."""
    finds = listed.finditer(heard.text) if listed else ()
    thanks = next((match for match in finds if not _negated_at(heard, match)), None)
    if thanks is None:
        return []
    open_still = "?" in heard.rest or found & TROUBLE or CONTRAST.search(heard.text, thanks.end())
    signal = THANKS_SIGNALS[1] if open_still else THANKS_SIGNALS[0]
    return [Reading(signal=signal, value=1.0, evidence=quote(heard.text, *thanks.span()))]


def _negated_at(heard: Heard, match: re.Match[str]) -> bool:
    return _negated(heard.text, match.start(), heard.language)


def _negated(text: str, start: int, language: str) -> bool:
    """True when a negation shortly before, in the same clause, takes back what is said from `start`.

    Two of them cancel out in English and German; in Spanish and French two are one ("no ... nunca", "ne ... pas").
    """
    clause = CLAUSE_END.split(text[max(0, start - BEFORE) : start])[-1]
    condition = AFTER_CONDITION.search(clause + text[start : start + SUBJECT])
    reached = (clause[condition.end() :] if condition else clause).split()[-REACH:]
    negations = len(NEGATION[language].findall(" ".join(reached)))
    return negations % 2 == 1 if language in DOUBLING else negations > 0


def _unreal(text: str, match: re.Match[str]) -> bool:
    """True for what is hoped for, asked about, told of others or made a condition."""
    ending = SENTENCE_END.search(text, match.end())
    if ending and ending[0] == "?":
        return True
    clause = CLAUSE_END.split(text[max(0, match.start() - BEFORE) : match.start()])[-1]
    return bool(UNCERTAIN.search(clause))


def _sentence_before(text: str, start: int) -> str:
    return SENTENCE_END.split(text[max(0, start - 3 * BEFORE) : start])[-1]


FAMILY = Family(name="acts", signals=SIGNALS, read_message=read)
