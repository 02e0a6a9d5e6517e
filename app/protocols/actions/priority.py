"""The action `priority`: raise the ticket's priority, or set it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema, fields, post_load

from app.protocols.actions.base import ActionKind, Effect, Planning
from app.protocols.fields import choice
from connectors.ticket import Priority, Ticket, Write

_ORDER = tuple(Priority)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityParams:
    to: Priority
    may_lower: bool = False


class PrioritySchema(Schema):
    to = choice(Priority, required=True)
    may_lower = fields.Boolean(
        load_default=False, truthy={True}, falsy={False}, error_messages={"invalid": "must be true or false"}
    )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> PriorityParams:
        return PriorityParams(**data)


class PriorityAction(ActionKind[PriorityParams]):
    name: ClassVar[str] = "priority"
    label: ClassVar[str] = "Set the priority"
    effect: ClassVar[Effect] = Effect.WRITE
    schema: ClassVar[type[Schema]] = PrioritySchema

    def describe(self, params: PriorityParams) -> str:
        return f"Set the priority to {params.to}" if params.may_lower else f"Raise the priority to {params.to}"

    def plan(self, params: PriorityParams, planning: Planning) -> Write:
        return Write() if _enough(params, planning.ticket) else Write(priority=params.to)

    def holds(self, params: PriorityParams, planning: Planning, after: Ticket) -> bool:
        return _enough(params, after)


def _enough(params: PriorityParams, ticket: Ticket) -> bool:
    """Whether the ticket has the priority, or a higher one that must not be lowered."""
    if ticket.priority is None:
        return False
    higher = _ORDER.index(ticket.priority) > _ORDER.index(params.to)
    return ticket.priority is params.to or (higher and not params.may_lower)
