"""The action `status`: have the ticket opened, pending or on hold. Solving it is for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from marshmallow import Schema, post_load

from app.protocols.actions.base import ActionKind, Effect, Planning
from app.protocols.fields import choice
from connectors.ticket import TicketStatus, Write


class StatusTo(StrEnum):
    """The statuses that leave a ticket in somebody's hands."""

    OPEN = "open"
    PENDING = "pending"  # the customer is to answer
    HOLD = "hold"  # somebody else is: a vendor, a courier


_IN_WORDS = {StatusTo.OPEN: "open", StatusTo.PENDING: "pending", StatusTo.HOLD: "on hold"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusParams:
    to: StatusTo


class StatusSchema(Schema):
    to = choice(StatusTo, required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> StatusParams:
        return StatusParams(**data)


class StatusAction(ActionKind[StatusParams]):
    name: ClassVar[str] = "status"
    label: ClassVar[str] = "Set the status"
    effect: ClassVar[Effect] = Effect.WRITE
    schema: ClassVar[type[Schema]] = StatusSchema

    def describe(self, params: StatusParams) -> str:
        return f"Set the status to {_IN_WORDS[params.to]}"

    def plan(self, params: StatusParams, planning: Planning) -> Write:
        status = TicketStatus(params.to)
        return Write() if planning.ticket.status is status else Write(status=status)
