"""How each signal is said within a sentence to an agent, and which of the four factors it belongs to. Words only."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from app.scoring.signals import REGISTRY


class Factor(StrEnum):
    """What satisfaction is predicted from."""

    TONE = "tone"  # what the customer's words sound like and do
    RESOLUTION = "resolution"  # whether the matter is being solved, and at what effort
    RESPONSE_TIME = "response_time"
    PAST_RATINGS = "past_ratings"  # what this customer, and this ticket, were rated before
    OTHER = "other"


_FAMILIES: Mapping[str, Factor] = MappingProxyType(
    {
        "tone": Factor.TONE,
        "acts": Factor.TONE,
        "text": Factor.TONE,
        "effort": Factor.RESOLUTION,
        "service": Factor.RESOLUTION,
        "ending": Factor.RESOLUTION,
        "waiting": Factor.RESPONSE_TIME,
        "history": Factor.PAST_RATINGS,
    }
)

#: Signals that belong elsewhere than their family.
_OWN: Mapping[str, Factor] = MappingProxyType(
    {
        **dict.fromkeys(
            [f"acts.{name}" for name in ("solved", "still_broken", "repeat_contact", "already_said", "confused")],
            Factor.RESOLUTION,
        ),
        "acts.waited": Factor.RESPONSE_TIME,
        "effort.run": Factor.RESPONSE_TIME,
        **dict.fromkeys(
            [f"ending.{name}" for name in ("rated_low", "rated_high", "earlier_low", "earlier_high")],
            Factor.PAST_RATINGS,
        ),
        "ending.urgent": Factor.OTHER,
        "history.same_topic": Factor.RESOLUTION,
    }
)

#: Signal to a noun that "helps" or "weighs on it". A signal that is missing here is said by its own description.
NOUNS: Mapping[str, str] = MappingProxyType(
    {
        "acts.accept": "accepting our offer",
        "acts.already_said": "having to say it again",
        "acts.alternative": "asking for something else",
        "acts.anger": "anger",
        "acts.cancel": "wanting to cancel",
        "acts.confused": "confusion",
        "acts.decline": "declining our offer",
        "acts.goodbye": "a friendly goodbye",
        "acts.legal": "talk of legal steps",
        "acts.manager": "asking for a manager",
        "acts.negation": "saying no",
        "acts.praise": "praise",
        "acts.problem": "naming a problem",
        "acts.profanity": "swearing",
        "acts.public": "talk of going public",
        "acts.repeat_contact": "not the first contact about this",
        "acts.sarcasm": "a hint of sarcasm",
        "acts.solved": "saying that it is solved",
        "acts.still_broken": "still not working",
        "acts.thanks": "thanks",
        "acts.thanks_closing": "thanks in closing",
        "acts.waited": "complaining about the wait",
        "effort.repeats": "having to repeat things",
        "effort.run": "writing again before any reply",
        "effort.turns": "the number of messages needed",
        "effort.unanswered": "questions left open",
        "service.apology": "our apology",
        "service.confirmation": "our confirmation",
        "service.deferral": "being put off by us",
        "service.refusal": "our refusal",
        "service.repeats": "our repeating ourselves",
        "tone.capitals": "writing in capitals",
        "tone.punctuation": "strong punctuation",
        "tone.textblob_negative": "an unfriendly tone",
        "tone.textblob_positive": "a friendly tone",
        "tone.vader_negative": "unfriendly wording",
        "tone.vader_positive": "friendly wording",
    }
)

#: Families whose evidence is our own words already, such as "waiting for a reply for 2 days".
_SPEAKING = frozenset({"waiting", "ending", "history"})

LONGEST_QUOTE = 48  #: characters of the customer's words within a sentence


def factor_of(signal: str) -> Factor:
    """The factor that a signal belongs to."""
    return _OWN.get(signal) or _FAMILIES.get(signal.partition(".")[0], Factor.OTHER)


def noun_of(signal: str, evidence: str = "") -> str:
    """The signal as a noun, without any quotation; never its own name."""
    if signal.partition(".")[0] in _SPEAKING and evidence and "“" not in evidence:
        return evidence
    if signal in NOUNS:
        return NOUNS[signal]
    known = REGISTRY.get(signal)
    return known.describe if known else "another reading"


def said(signal: str, evidence: str) -> str:
    """The signal as a noun with the customer's own words, cut short."""
    quote = short_quote(evidence)
    return f"{noun_of(signal, evidence)} ({quote})" if quote else noun_of(signal, evidence)


def short_quote(evidence: str) -> str:
    """The quoted words of an evidence, cut to a few; empty where it quotes nobody."""
    start, end = evidence.find("“"), evidence.rfind("”")
    if start < 0:
        return ""
    words = evidence[start + 1 : end if end > start else len(evidence)].strip(" …")
    if len(words) <= LONGEST_QUOTE:
        return f"“{words}”"
    return f"“{words[:LONGEST_QUOTE].rsplit(' ', 1)[0]} …”"
