"""What the leads are told of the engine's own accord: deadlines missed, cases halted, cases that need a person.

Words only; no customer is quoted. Sending is `alerting.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.protocols.actions.base import Alert, AlertKind
from tasks import own_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an alert is about."""

    ticket_id: str
    protocol: str
    case_url: str
    params: Mapping[str, Any]


def alert_of(do: str, about: About) -> Alert:
    """The alert of one of the engine's own steps. Raises KeyError for a step that tells nobody anything."""
    subject, text = _WORDS[do](about)
    return Alert(
        kind=AlertKind.EMAIL,
        target="lead",
        subject=subject,
        text=f"{text}\n\nCase: {about.case_url}",
        payload={"event": do, "ticket_id": about.ticket_id, "protocol": about.protocol},
    )


def tells(do: str) -> bool:
    """Whether the step's words are here."""
    return do in _WORDS


def _overdue(about: About) -> tuple[str, str]:
    step, owner = about.params.get("step", "a step"), about.params.get("owner", "a person")
    return (
        f"A step is overdue on ticket {about.ticket_id}",
        f'The step "{step}" of the protocol "{about.protocol}" was to be done by {owner} and is not done in time.',
    )


def _touch(about: About) -> tuple[str, str]:
    return (
        f"Nobody has answered on ticket {about.ticket_id} in time",
        f'The protocol "{about.protocol}" promises a first word to the customer by now. Nobody has written yet.',
    )


def _recovery(about: About) -> tuple[str, str]:
    return (
        f"The recovery on ticket {about.ticket_id} takes longer than its target",
        f'The protocol "{about.protocol}" aims at a solution by now. Take the time that is needed, and tell the '
        "customer when they will hear from you.",
    )


def _halted(about: About) -> tuple[str, str]:
    return (
        f"Automation has stopped on ticket {about.ticket_id}",
        f'The case of the protocol "{about.protocol}" has had its {about.params.get("rounds", "last")} rounds without '
        "coming to an end. Nothing more is done by itself; the case stays with its people.",
    )


def _in_person(about: About) -> tuple[str, str]:
    return (
        f"Ticket {about.ticket_id} needs a person",
        f'Protocol "{about.protocol}": {about.params.get("why", "it failed before")}. Nothing is said or given to the '
        "customer by machine any more. Take it yourself, promise only what you will see to, and write to them.",
    )


def _untaken(about: About) -> tuple[str, str]:
    return (
        f"Nobody has taken ticket {about.ticket_id}",
        f'The alert "{about.params.get("step", "alert")}" of the protocol "{about.protocol}" has reached the end of '
        "its chain, and nobody has acknowledged it. Nobody else is told by itself.",
    )


_WORDS: Mapping[str, Callable[[About], tuple[str, str]]] = {
    own_steps.TELL_OVERDUE: _overdue,
    own_steps.TELL_TOUCH: _touch,
    own_steps.TELL_RECOVERY: _recovery,
    own_steps.TELL_HALTED: _halted,
    own_steps.TELL_IN_PERSON: _in_person,
    own_steps.TELL_UNTAKEN: _untaken,
}
