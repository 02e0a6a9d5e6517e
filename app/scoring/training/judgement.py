"""Weights that no public data can give: rare acts, waits, endings, what went before. Judgement, not measurement.

Each is the logit that a reading of 1 adds to satisfaction: with the whole, and at this moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: How a rare act of the conversation counts for the whole: lately, on the whole, and wherever it was worst.
SPREAD = MappingProxyType({"fast": 0.35, "gathered": 0.25, "worst": 0.4})

#: Signals on messages that the data hold too rarely or not at all: (whole, now).
MESSAGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "acts.cancel": (-1.6, -1.6),
        "acts.legal": (-1.8, -1.8),
        "acts.public": (-1.5, -1.5),
        "acts.manager": (-1.4, -1.4),
        "acts.repeat_contact": (-1.1, -1.1),
        "acts.still_broken": (-0.9, -0.9),
        "acts.profanity": (-1.2, -1.2),
        "acts.sarcasm": (-0.7, -0.7),
        "acts.anger": (-2.2, -2.2),
        "acts.solved": (1.0, 1.0),
        "tone.capitals": (-0.9, -0.9),
        "tone.punctuation": (-0.6, -0.6),
        "tone.emoji_negative": (-0.6, -0.9),
        "tone.emoji_positive": (0.3, 0.5),
        "acts.self_harm": (-1.5, -2.0),
        "acts.bereavement": (-0.3, -0.4),
        "acts.safety": (-1.0, -1.3),
        "acts.ultimatum": (-0.7, -0.9),
        "acts.complaint": (-0.9, -1.1),
        "acts.refund": (-0.6, -0.8),
        "acts.unanswered": (-0.8, -1.0),
        "acts.effort": (-0.7, -0.8),
        "acts.expected_more": (-0.9, -1.0),
        "acts.indirect": (-0.6, -0.8),
        "acts.deadline": (-0.3, -0.4),
        "acts.cancel_question": (-0.3, -0.4),
        "acts.relief": (0.4, 0.6),
        "acts.delight": (1.2, 1.5),
        "effort.identifier_again": (-0.5, -0.6),
        "service.asks_again": (-0.5, -0.4),
        "service.policy_wall": (-0.5, -0.5),
        "service.handover": (-0.3, -0.3),
        "service.template": (-0.3, -0.3),
        "service.apologies": (-0.4, -0.4),
    }
)

#: Courtesies in our replies. Crowd ratings of task dialogues are no better for them, while people at helpdesks ask for
#: them: a small weight, the same for the whole and now, and left to each desk's own ratings.
COURTESIES: Mapping[str, float] = MappingProxyType(
    {
        "service.acknowledges": 0.1,
        "service.ownership": 0.1,
        "service.next_step": 0.1,
        "service.promise": 0.05,
    }
)

#: Signals of time and of the ticket: (whole, now).
TICKET: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "waiting.silence": (-1.4, -3.0),
        "waiting.first_reply": (-0.4, -0.2),
        "waiting.next_reply": (-0.4, -0.4),
        "waiting.total": (-0.4, -0.2),
        "service.overdue": (-0.8, -0.9),
        "ending.reopened": (-1.8, -1.2),
        "ending.unconfirmed": (-0.15, 0.0),
        "ending.customer_spoke_last": (-0.6, -0.4),
        "ending.urgent": (-0.3, -0.2),
        "ending.rated_low": (-5.0, -2.5),
        "ending.rated_high": (4.0, 2.0),
        "ending.earlier_low": (-0.8, -0.4),
        "ending.earlier_high": (0.5, 0.2),
        "ending.reassigned": (-0.5, -0.2),
        "ending.held": (-0.4, -0.4),
        "ending.public": (-0.3, -0.2),
        "history.mild": (-0.6, -0.3),
        "history.mild_around": (-0.25, -0.1),
        "history.failures": (-0.5, -0.2),
        "history.repeat_failure": (-0.8, -0.4),
        "history.same_topic": (-0.7, -0.4),
    }
)
