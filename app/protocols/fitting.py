"""Which protocol is the one for a ticket's cause, as people look it up. Whether it acts is for `decide.py` to say."""

from __future__ import annotations

from collections.abc import Sequence

from app.protocols.actions.registry import kind_of
from app.protocols.decide import Published
from app.protocols.protocol import ANY_CAUSE, RecoveryProtocol
from app.words import Cause


def fitting(in_force: Sequence[Published], cause: str) -> tuple[RecoveryProtocol, ...]:
    """The protocol in charge of the cause, else the default one; then those that look at any cause, in their order."""
    asked = [one.protocol for one in sorted(in_force, key=lambda one: (one.order, one.version_id))]
    in_charge = [one for one in asked if one.cause == cause] or [one for one in asked if one.cause == Cause.UNKNOWN]
    return (*in_charge, *(one for one in asked if one.cause == ANY_CAUSE))


def steps_of(protocol: RecoveryProtocol) -> tuple[str, ...]:
    """Its steps as instructions, in order."""
    return tuple(kind_of(action).describe(action.params) for action in protocol.actions)
