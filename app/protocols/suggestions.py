"""What to do next on a ticket: ranked suggestions with their reason and what may be expected of them (GUI-01).

From stored values alone, in a fixed order, so that the same ticket always shows the same advice. An effect is either
what a reason weighs on the score at this moment, or how often a protocol has recovered customers; neither is a promise.
How to say it to the customer is in app/scoring/hints.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from app.scoring.churn import AT_RISK
from app.scoring.model import sigmoid
from app.scoring.reasons import noun_of
from app.words import Contribution, Level, Score

MOST = 4
WORTH = 0.05  #: logit below which reasons are not worth a suggestion; points would hide all of them at a very low score
ENOUGH_CASES = 20  #: closed cases from which a protocol's share of recoveries is told
UNMEASURED = "nobody has measured what this brings"


class Rank(IntEnum):
    """What comes first, whatever it may bring."""

    DANGER = 0
    OVERDUE = 1
    STEP = 2
    PROTOCOL = 3
    SIGNAL = 4
    PROMISE = 5
    LEAVING = 6
    NOTHING = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the open case that waits for a person."""

    line: str  #: as an instruction
    due_at: datetime | None  #: business time


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How cases of one protocol have ended so far."""

    closed: int
    recovered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """The protocol in charge of the ticket's cause, or of its open case."""

    name: str
    cause: str  #: in words; empty where it is not known
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is stored of a ticket, as far as advice depends on it."""

    score: Score
    steps: tuple[Step, ...] = ()
    charge: Charge | None = None
    in_case: bool = False  #: a recovery case is open
    promised: tuple[datetime, ...] = ()  #: until when open promises of ours are due; business time
    churn_risk: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One thing to do."""

    rank: Rank
    text: str  #: as an instruction
    reason: str
    effect: str  #: what may be expected of it
    points: float = 0.0  #: of the score that its reasons weigh now; 0 where that is not known
    because: tuple[str, ...] = ()  #: names of the signals it goes by, the strongest first


_DANGER: Mapping[str, str] = {
    "acts.self_harm": "Bring in your lead now, and do not leave this customer alone with a form reply",
    "acts.safety": "Make sure that nobody is in danger, then tell your lead",
}
_LEGAL = "Tell your lead before you answer: it may become a matter for others"
_NOW = "Answer now, and say what took so long"
_ONE_HAND = "Take it on yourself: say who does what, and by when"
_TWICE = "Repeat back what you know, and ask for nothing a second time"
_MONEY = "Say yes or no to the money, with the amount and the date"
_STAY = "Ask what would make them stay before anything is cancelled"
_OWN_WORDS = "Write in your own words, about this case alone"
_POSSIBLE = "Offer what is possible instead"
#: What mends what a signal found, where an agent can.
MENDS: Mapping[str, str] = {
    "waiting.first_reply": _NOW,
    "waiting.next_reply": _NOW,
    "waiting.silence": _NOW,
    "ending.customer_spoke_last": _NOW,
    "acts.waited": _NOW,
    "acts.unanswered": _NOW,
    "effort.run": _NOW,
    "effort.unanswered": "Answer the open question first",
    "effort.repeats": _TWICE,
    "effort.identifier_again": _TWICE,
    "acts.already_said": _TWICE,
    "service.asks_again": _TWICE,
    "service.deferral": _ONE_HAND,
    "service.handover": _ONE_HAND,
    "ending.reassigned": _ONE_HAND,
    "acts.repeat_contact": "See it through to the end yourself: this is not their first message about it",
    "acts.still_broken": "Do not send the same fix again: try another one, or replace it",
    "acts.manager": "Bring in a lead, as they ask",
    "acts.legal": _LEGAL,
    "acts.public": _LEGAL,
    "acts.refund": _MONEY,
    "acts.cancel": _STAY,
    "acts.cancel_question": _STAY,
    "acts.ultimatum": "Meet the date they set, or say today what you can do by then",
    "acts.deadline": "Meet the date they need, or say today what you can do by then",
    "acts.confused": "Explain it in steps, and offer to go through them together",
    "service.policy_wall": _POSSIBLE,
    "service.refusal": _POSSIBLE,
    "service.template": _OWN_WORDS,
    "service.repeats": _OWN_WORDS,
    "service.apologies": "Leave out the apology, and say what happens next",
    "service.overdue": "Keep the promise now, or give a new time and say why",
    "ending.unconfirmed": "Ask whether it is really solved",
    "ending.reopened": "Find out what was left undone, and finish it",
}


def suggest(situation: Situation, now: datetime, most: int = MOST) -> tuple[Suggestion, ...]:
    """At most `most` suggestions, the most pressing first, by rank and then by the points at stake; at least one."""
    found = [
        *_dangers(situation),
        *_steps(situation, now),
        *_protocol(situation),
        *_mends(situation),
        *_promises(situation, now),
        *_leaving(situation),
    ]
    found.sort(key=lambda one: (one.rank, -one.points))
    return tuple(found[:most]) or (_NOTHING,)


def points_of(score: Score, logit: float) -> float:
    """Points of the score, of 100, that would come back if reasons of that logit were gone and all else stayed.

    Before the desk's own calibration, which shifts them a little.
    """
    stands = score.base_logit + math.fsum(part.logit for part in score.contributions)
    return 100 * (sigmoid(stands - logit) - sigmoid(stands))


_NOTHING = Suggestion(
    rank=Rank.NOTHING,
    text="Answer as usual: nothing has to be mended",
    reason="no reason weighs on the score",
    effect=UNMEASURED,
)


def _dangers(situation: Situation) -> list[Suggestion]:
    found = {part.signal for part in situation.score.contributions if part.logit}
    return [
        Suggestion(
            rank=Rank.DANGER, text=text, reason="it comes before satisfaction", effect=UNMEASURED, because=(signal,)
        )
        for signal, text in _DANGER.items()
        if signal in found
    ]


def _steps(situation: Situation, now: datetime) -> list[Suggestion]:
    name = situation.charge.name if situation.charge else "the protocol"
    return [
        Suggestion(
            rank=Rank.OVERDUE if step.due_at is not None and step.due_at < now else Rank.STEP,
            text=step.line,
            reason=f"a step of “{name}” that waits for you"
            + (", and its time is over" if step.due_at is not None and step.due_at < now else ""),
            effect=_record(situation.charge),
        )
        for step in situation.steps
    ]


def _protocol(situation: Situation) -> list[Suggestion]:
    charge = situation.charge
    if charge is None or situation.in_case or situation.score.level is not Level.POOR:
        return []
    cause = f"it is the protocol for {charge.cause}" if charge.cause else "it is the protocol for what has no other"
    why = f"{cause}; no case is open"
    return [Suggestion(rank=Rank.PROTOCOL, text=f"Follow “{charge.name}”", reason=why, effect=_record(charge))]


def _record(charge: Charge | None) -> str:
    if charge is None:
        return UNMEASURED
    record = charge.record
    if record.closed < ENOUGH_CASES:
        return f"too few cases have ended to tell what it brings ({record.closed} of {ENOUGH_CASES})"
    return f"{record.recovered} of {record.closed} cases with it ended in recovery"


def _mends(situation: Situation) -> list[Suggestion]:
    """One suggestion for everything that the same deed mends, with what all of it weighs together."""
    by_text: dict[str, list[Contribution]] = {}
    for part in sorted(situation.score.contributions, key=lambda part: part.logit):
        if part.logit < 0 and part.signal in MENDS:
            by_text.setdefault(MENDS[part.signal], []).append(part)
    worth = [(text, parts) for text, parts in by_text.items() if math.fsum(part.logit for part in parts) <= -WORTH]
    return [_mend(situation.score, text, parts) for text, parts in worth]


def _mend(score: Score, text: str, parts: list[Contribution]) -> Suggestion:
    points = points_of(score, math.fsum(part.logit for part in parts))
    return Suggestion(
        rank=Rank.OVERDUE if parts[0].signal == "service.overdue" else Rank.SIGNAL,
        text=text,
        reason=" and ".join(dict.fromkeys(noun_of(part.signal, part.evidence) for part in parts[:2])),
        effect=_weight(score, parts, points),
        points=points,
        because=tuple(part.signal for part in parts),
    )


def _weight(score: Score, parts: list[Contribution], points: float) -> str:
    """What the reasons weigh, in points. A very low score hides those: then as a share of all that lowers it."""
    told = round(points)
    if told:
        return f"it weighs {told} point{'' if told == 1 else 's'} now"
    if score.level is not Level.POOR:
        return "it weighs less than a point now"
    all_of_it = math.fsum(part.logit for part in score.contributions if part.logit < 0)
    share = round(100 * math.fsum(part.logit for part in parts) / all_of_it)
    return f"it is {share} % of what lowers the score" if share else "it is less than 1 % of what lowers the score"


def _promises(situation: Situation, now: datetime) -> list[Suggestion]:
    if not situation.promised:
        return []
    due = min(situation.promised)
    if due < now:
        if any(part.signal == "service.overdue" and part.logit < 0 for part in situation.score.contributions):
            return []  # said by its signal, with what it weighs
        return [
            Suggestion(
                rank=Rank.OVERDUE, text=MENDS["service.overdue"], reason="we promised it, and its time is over",
                effect=UNMEASURED,
            )
        ]  # fmt: skip
    return [
        Suggestion(
            rank=Rank.PROMISE, text="Keep what was promised", reason=f"we promised it by {due.day} {due:%B}",
            effect="an overdue promise counts against the score",
        )
    ]  # fmt: skip


def _leaving(situation: Situation) -> list[Suggestion]:
    risk = situation.churn_risk
    if risk is None or risk < AT_RISK or any(part.signal == "acts.cancel" for part in situation.score.contributions):
        return []
    return [
        Suggestion(rank=Rank.LEAVING, text=_STAY, reason=f"they may leave: {100 * risk:.0f} of 100", effect=UNMEASURED)
    ]
