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
        "wording": Factor.TONE,
    }
)

#: Acts that tell of the matter itself, rather than of a mood.
_RESOLVING = ("solved", "still_broken", "repeat_contact", "already_said", "confused", "effort", "unanswered")

#: Signals that belong elsewhere than their family.
_OWN: Mapping[str, Factor] = MappingProxyType(
    {
        **dict.fromkeys(
            [f"acts.{name}" for name in _RESOLVING],
            Factor.RESOLUTION,
        ),
        "acts.waited": Factor.RESPONSE_TIME,
        "effort.run": Factor.RESPONSE_TIME,
        **dict.fromkeys(
            [f"ending.{name}" for name in ("rated_low", "rated_high", "earlier_low", "earlier_high")],
            Factor.PAST_RATINGS,
        ),
        "ending.held": Factor.RESPONSE_TIME,
        "ending.public": Factor.OTHER,
        "ending.urgent": Factor.OTHER,
        "history.same_topic": Factor.RESOLUTION,
        "wording.reply_better": Factor.RESOLUTION,
        "wording.reply_worse": Factor.RESOLUTION,
    }
)

#: Signal to a noun that "helps" or "weighs on it". A signal that is missing here is said by its own description.
NOUNS: Mapping[str, str] = MappingProxyType(
    {
        "acts.accept": "accepting our offer",
        "acts.already_said": "having to say it again",
        "acts.alternative": "asking for something else",
        "acts.anger": "anger",
        "acts.bereavement": "a death that is spoken of",
        "acts.cancel": "wanting to cancel",
        "acts.cancel_question": "asking how to cancel",
        "acts.complaint": "a complaint",
        "acts.confused": "confusion",
        "acts.deadline": "a date that matters",
        "acts.decline": "declining our offer",
        "acts.delight": "delight",
        "acts.effort": "the trouble it takes",
        "acts.expected_more": "having hoped for more",
        "acts.goodbye": "a friendly goodbye",
        "acts.indirect": "dissatisfaction without a bad word",
        "acts.legal": "talk of legal steps",
        "acts.manager": "asking for a manager",
        "acts.negation": "saying no",
        "acts.praise": "praise",
        "acts.problem": "naming a problem",
        "acts.profanity": "swearing",
        "acts.public": "talk of going public",
        "acts.refund": "wanting money back",
        "acts.relief": "relief",
        "acts.repeat_contact": "not the first contact about this",
        "acts.safety": "a danger that is spoken of",
        "acts.sarcasm": "a hint of sarcasm",
        "acts.self_harm": "a sign that the customer may be in danger",
        "acts.solved": "saying that it is solved",
        "acts.still_broken": "still not working",
        "acts.thanks": "thanks",
        "acts.thanks_closing": "thanks in closing",
        "acts.ultimatum": "an ultimatum",
        "acts.unanswered": "a message that got no answer",
        "acts.waited": "complaining about the wait",
        "effort.identifier_again": "having to give the same number again",
        "effort.repeats": "having to repeat things",
        "effort.run": "writing again before any reply",
        "effort.turns": "the number of messages needed",
        "effort.unanswered": "questions left open",
        "service.acknowledges": "our naming what happened",
        "service.answers": "our answer to the question",
        "service.apologies": "our apologising again and again",
        "service.apology": "our apology",
        "service.asks_again": "our asking for what was given already",
        "service.confirmation": "our confirmation",
        "service.deferral": "being put off by us",
        "service.handover": "being handed on",
        "service.next_step": "our naming the next step",
        "service.overdue": "our promise that is overdue",
        "service.ownership": "our taking it on",
        "service.policy_wall": "our hiding behind policy",
        "service.promise": "our promise",
        "service.refusal": "our refusal",
        "service.repeats": "our repeating ourselves",
        "service.template": "our stock phrases",
        "tone.capitals": "writing in capitals",
        "tone.emoji_negative": "unfriendly emoji",
        "tone.emoji_positive": "friendly emoji",
        "tone.punctuation": "strong punctuation",
        "tone.textblob_negative": "an unfriendly tone",
        "tone.textblob_positive": "a friendly tone",
        "tone.vader_negative": "unfriendly wording",
        "tone.vader_positive": "friendly wording",
        "wording.customer_better": "words that satisfied customers use",
        "wording.customer_worse": "words that unhappy customers use",
        "wording.displeased": "unpleasant words",
        "wording.lively": "a lively tone",
        "wording.pleased": "pleasant words",
        "wording.reply_better": "the wording of our reply",
        "wording.reply_worse": "the wording of our reply",
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
