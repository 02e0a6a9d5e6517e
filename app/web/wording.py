"""How values are said to people: states, stages, times, steps. Pure; templates use these as filters and globals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from marshmallow import ValidationError

from app.protocols.actions.registry import ACTIONS
from app.scoring.churn import AT_RISK
from app.scoring.language import NAMES
from app.scoring.reasons import Factor
from app.scoring.reply_check import Point
from app.store.models import DeliveryState, DeskState, InvitationState, Role, StepRow, StepState, VersionState
from app.words import CaseStage, Cause, FaultSide, Outcome, SatState

STATES: Mapping[str, str] = {
    SatState.GOOD_IMPROVING: "Good, improving",
    SatState.GOOD_WORSENING: "Good, worsening",
    SatState.POOR_IMPROVING: "Poor, improving",
    SatState.POOR_WORSENING: "Poor, worsening",
}

ARROWS: Mapping[str, str] = {
    SatState.GOOD_IMPROVING: "↗",
    SatState.GOOD_WORSENING: "↘",
    SatState.POOR_IMPROVING: "↗",
    SatState.POOR_WORSENING: "↘",
}

#: What a reply is held against, as it should be.
POINTS: Mapping[str, str] = {
    Point.ACKNOWLEDGEMENT: "Says what happened to them",
    Point.OWNERSHIP: "Takes it on",
    Point.NEXT_STEP: "Names a concrete next step",
    Point.NO_POLICY_WALL: "Does not hide behind policy",
    Point.NO_BLAME: "Blames nobody",
}

STAGES: Mapping[str, str] = {
    CaseStage.ELIGIBLE: "Eligible",
    CaseStage.HELD_OUT: "Held out",
    CaseStage.FLAGGED: "Flagged",
    CaseStage.ASSIGNED: "Assigned",
    CaseStage.CONTACTED: "Contacted",
    CaseStage.RESOLVED: "Resolved",
    CaseStage.RESURVEYED: "Re-surveyed",
    CaseStage.RECOVERED: "Recovered",
    CaseStage.LOST: "Lost",
    CaseStage.EXPIRED: "Expired",
}

STEPS: Mapping[str, str] = {
    StepState.PLANNED: "Planned",
    StepState.SENDING: "Being sent",
    StepState.WAITING: "Waits for a person",
    StepState.DONE: "Done",
    StepState.SKIPPED: "Skipped",
    StepState.REFUSED: "Refused by the helpdesk",
    StepState.NEEDS_REVIEW: "Needs a decision",
    StepState.DEAD: "Given up",
}

INVITATIONS: Mapping[str, str] = {
    InvitationState.SCHEDULED: "Scheduled",
    InvitationState.SENDING: "Being sent",
    InvitationState.HANDED_OVER: "Being posted on the ticket",
    InvitationState.SENT: "Sent",
    InvitationState.ANSWERED: "Answered",
    InvitationState.CANCELLED: "Called off",
    InvitationState.NOT_SENT: "Not sent",
    InvitationState.NEEDS_REVIEW: "Needs a decision",
    InvitationState.DEAD: "Given up",
}

SURVEYS: Mapping[str, str] = {"resurvey": "Re-survey", "follow_up": "Follow-up survey", "pulse": "Pulse survey"}

DELIVERIES: Mapping[str, str] = {
    DeliveryState.RECEIVED: "Waiting",
    DeliveryState.SETTLED: "Settled",
    DeliveryState.ECHO: "Our own echo",
    DeliveryState.IGNORED: "Nothing to look at",
    DeliveryState.REFUSED: "Refused",
    DeliveryState.DEAD: "Dead letter",
}

OUTCOMES: Mapping[str, str] = {
    Outcome.OPEN: "Opened a case",
    Outcome.NOT_ELIGIBLE: "Not eligible",
    Outcome.ALREADY_OPEN: "A case is open already",
    Outcome.COOLDOWN: "Cooling down",
    Outcome.OTHER_PROTOCOL: "Another protocol comes first",
    Outcome.NO_CAPACITY: "No capacity",
    Outcome.HELD_OUT: "Held out for comparison",
}

OTHERS: Mapping[str, str] = {
    Cause.UNKNOWN: "Cause not known",
    DeskState.ACTIVE: "Active",
    DeskState.PAUSED: "Paused",
    VersionState.DRAFT: "Draft",
    VersionState.SHADOW: "Watching only",
    VersionState.CANARY: "In force on a share",
    VersionState.PUBLISHED: "In force",
    VersionState.RETIRED: "Retired",
    Role.AGENT: "Agent",
    Role.LEAD: "Team lead",
    Role.ADMIN: "Admin",
    Role.AUDITOR: "Auditor",
    "escalate": "Alert the next one, since nobody has taken it",
    "tell_untaken": "Tell the leads that nobody has taken it",
    "take_back": "Set back what was changed",
    "vendor_item_note": "Note where the vendor's part is looked into",
}

#: What a person did, after their name.
ACTS: Mapping[str, str] = {
    "case.claimed": "took the case",
    "case.released": "gave the case back to the queue",
    "case.handed_over": "handed the case over",
    "case.snoozed": "snoozed the case",
    "case.woken": "brought the case back to the queue",
    "case.looked_again": "had the ticket read again",
    "step.confirmed": "marked a step as sent",
    "step.repeated": "had a step sent again",
    "invitation.confirmed": "marked a survey as sent",
    "invitation.repeated": "had a survey sent again",
    "invitation.hastened": "had the customer asked sooner",
    "left_out": "left a step out",
    "other_step": "did something that the protocol does not name",
    "other_remedy": "gave another remedy than the protocol's",
    "closed": "closed the case without the customer's confirmation",
    "undone": "had the case undone",
    "override": "changed at the helpdesk what was ours",
    "acknowledged": "took the alert",
    "agreed": "agreed with the score",
    "disagreed": "disagreed with the score",
}
#: Kinds of work that spend calls, the most urgent first.
LANES: Mapping[str, str] = {
    "sidebar": "What a person waits for",
    "money": "Gestures that were promised",
    "live": "Live recovery",
    "rescoring": "Scoring of new messages",
    "reconcile": "Comparing with the helpdesk",
    "backfill": "History",
}


FAULTS: Mapping[str, str] = {
    FaultSide.PLATFORM: "Our own side",
    FaultSide.VENDOR: "The vendor",
    FaultSide.COURIER: "The courier",
    FaultSide.CUSTOMER: "The customer",
    FaultSide.UNKNOWN: "Not known",
}

FACTORS: Mapping[str, str] = {
    Factor.TONE: "Tone of the customer's words",
    Factor.RESOLUTION: "Quality of the resolution",
    Factor.RESPONSE_TIME: "Response time",
    Factor.PAST_RATINGS: "Past ratings and tickets",
    Factor.OTHER: "Other",
}

#: What makes a customer more, or less, likely to leave.
CHURN: Mapping[str, str] = {
    "cancels": "Wants to cancel",
    "cancelled_earlier": "Spoke of cancelling earlier",
    "rival": "Speaks of going elsewhere",
    "open_age": "Has been open for long",
    "failures": "Bad experiences before this one",
    "reopened": "Had to be opened again",
    "tier": "Has a lasting tie to us",
    "settled": "Says that it is settled",
}


#: A signal's name as a reason that agents read; what is not here yet is said by its own name.
SIGNALS: Mapping[str, str] = {
    "acts.accept": "Accepts our offer",
    "acts.already_said": "Had said it already",
    "acts.alternative": "Speaks of an alternative",
    "acts.anger": "Anger",
    "acts.bereavement": "Speaks of a death",
    "acts.cancel": "Wants to cancel",
    "acts.cancel_question": "Asks how to cancel",
    "acts.complaint": "Complains",
    "acts.confused": "Is confused",
    "acts.deadline": "Needs it by a date",
    "acts.decline": "Declines our offer",
    "acts.delight": "Delight",
    "acts.effort": "Speaks of the trouble it takes",
    "acts.expected_more": "Hoped for more",
    "acts.goodbye": "Says goodbye",
    "acts.indirect": "Dissatisfied, without a bad word",
    "acts.legal": "Speaks of legal steps",
    "acts.manager": "Asks for a manager",
    "acts.negation": "Says no",
    "acts.praise": "Praise",
    "acts.problem": "Names a problem",
    "acts.profanity": "Swears",
    "acts.public": "Speaks of going public",
    "acts.refund": "Wants money back",
    "acts.relief": "Relief",
    "acts.repeat_contact": "Not the first contact about this",
    "acts.safety": "Speaks of a danger",
    "acts.sarcasm": "Sarcasm",
    "acts.self_harm": "May be in danger",
    "acts.solved": "Says it is solved",
    "acts.still_broken": "Still not working",
    "acts.thanks": "Thanks",
    "acts.thanks_closing": "Thanks in closing",
    "acts.ultimatum": "Sets an ultimatum",
    "acts.unanswered": "Says that nobody answered",
    "acts.waited": "Complains about waiting",
    "effort.identifier_again": "Had to give the same number again",
    "effort.repeats": "Has to repeat things",
    "effort.run": "Several messages without a reply",
    "effort.turns": "Number of messages needed",
    "effort.unanswered": "Questions left open",
    "ending.customer_spoke_last": "The customer spoke last",
    "ending.earlier_high": "Was satisfied earlier",
    "ending.earlier_low": "Was dissatisfied earlier",
    "ending.held": "Was kept on hold",
    "ending.public": "Wrote in public",
    "ending.rated_high": "Gave a good rating",
    "ending.rated_low": "Gave a bad rating",
    "ending.reassigned": "Handed over",
    "ending.reopened": "Reopened",
    "ending.unconfirmed": "Solved without a word from the customer",
    "ending.urgent": "Urgent",
    "history.failures": "Bad experiences before",
    "history.mild": "Mild trouble on other tickets",
    "history.mild_around": "Mild trouble around them",
    "history.repeat_failure": "Another bad experience",
    "history.same_topic": "The same matter again",
    "learned.words": "Wording, by your own ratings",
    "service.acknowledges": "We named what happened",
    "service.answers": "We answered the question",
    "service.apologies": "We kept apologising",
    "service.apology": "We apologised",
    "service.asks_again": "We asked for what was given already",
    "service.confirmation": "We confirmed",
    "service.deferral": "We put it off",
    "service.handover": "We handed the customer on",
    "service.next_step": "We named the next step",
    "service.overdue": "Our promise is overdue",
    "service.ownership": "We took it on",
    "service.policy_wall": "We hid behind policy",
    "service.promise": "We promised something",
    "service.refusal": "We refused",
    "service.repeats": "We repeated ourselves",
    "service.template": "We used stock phrases",
    "tone.capitals": "Writes in capitals",
    "tone.emoji_negative": "Unfriendly emoji",
    "tone.emoji_positive": "Friendly emoji",
    "tone.punctuation": "Strong punctuation",
    "tone.textblob_negative": "Negative tone",
    "tone.textblob_positive": "Positive tone",
    "tone.vader_negative": "Negative wording",
    "tone.vader_positive": "Positive wording",
    "waiting.first_reply": "Wait for the first reply",
    "waiting.next_reply": "Wait for the next reply",
    "waiting.silence": "Silence",
    "waiting.total": "Waiting in all",
    "wording.customer_better": "Words of satisfied customers",
    "wording.customer_worse": "Words of unhappy customers",
    "wording.displeased": "Unpleasant words",
    "wording.lively": "Lively",
    "wording.pleased": "Pleasant words",
    "wording.reply_better": "Our wording helped",
    "wording.reply_worse": "Our wording hurt",
}


def reason(signal: str) -> str:
    """Why a score went up or down, in words."""
    return SIGNALS.get(signal) or words(signal.rpartition(".")[2])


def words(name: str | None) -> str:
    """A value's name as a phrase: "shipping_delay" is "Shipping delay"."""
    if not name:
        return ""
    return OTHERS.get(name) or name.replace("_", " ").capitalize()


def moment(at: datetime | None) -> str:
    """A time to the minute, in UTC and saying so."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC" if at else "never"


def span(length: timedelta) -> str:
    """A duration in its largest fitting unit: "3 h", "2 d", "under a minute"."""
    seconds = abs(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size * (2 if unit == "d" else 1):
            return f"{seconds // size:.0f} {unit}"
    return "under a minute"


def lasted(hours: float) -> str:
    """A measured time: in hours to a tenth, below an hour in minutes."""
    if hours >= 1:
        return f"{hours:.1f} h"
    minutes = round(hours * 60)
    return f"{minutes} min" if minutes else "under a minute"


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago, or in how long: "3 h ago", "in 2 d"."""
    if at is None:
        return "never"
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def signed(number: float) -> str:
    """A change with its sign, with a minus as wide as the plus."""
    return f"+{number:g}" if number > 0 else f"\u2212{-number:g}" if number < 0 else "±0"


def step_line(step: StepRow) -> str:
    """What a step does, as an instruction; its action's name when its parameters are of an older form."""
    kind = ACTIONS.get(step.do)
    if kind is None:
        return words(step.do)
    try:
        return kind.describe(kind.schema().load(step.params))
    except ValidationError:
        return kind.label


def sparkline(scores: Sequence[int], width: int = 120, height: int = 32) -> str:
    """The points of an SVG polyline for scores from 0 to 100, with room for the line's thickness."""
    if not scores:
        return ""
    step = (width - 8) / max(len(scores) - 1, 1)
    return " ".join(
        f"{4 + position * step:.1f},{height - 4 - score / 100 * (height - 8):.1f}"
        for position, score in enumerate(scores)
    )


def install(app: Flask) -> None:
    """Give templates these words."""
    app.add_template_filter(words)
    app.add_template_filter(reason)
    app.add_template_filter(moment)
    app.add_template_filter(ago)
    app.add_template_filter(lasted)
    app.add_template_filter(signed)
    app.add_template_filter(step_line)
    app.add_template_filter(sparkline)
    vocabulary: dict[str, Any] = {
        "STATES": STATES, "ARROWS": ARROWS, "STAGES": STAGES, "STEPS": STEPS, "INVITATIONS": INVITATIONS,
        "SURVEYS": SURVEYS, "DELIVERIES": DELIVERIES, "OUTCOMES": OUTCOMES, "FAULTS": FAULTS, "FACTORS": FACTORS,
        "CHURN": CHURN, "AT_RISK": AT_RISK, "LANGUAGES": NAMES, "ACTS": ACTS, "LANES": LANES,
        "POINTS": POINTS,
    }  # fmt: skip
    app.jinja_env.globals.update(vocabulary)
