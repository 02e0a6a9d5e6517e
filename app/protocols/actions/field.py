"""The action `field`: set one of the desk's own ticket fields."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load

from app.protocols.actions.base import ActionKind, Effect, Planning
from app.protocols.errors import CannotPlan
from app.protocols.fields import Text
from connectors.ticket import Write

FieldValue = str | int | float | bool


class ValueField(fields.Field[FieldValue]):
    """One line of text, a finite number, or true or false."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> FieldValue:
        if isinstance(value, bool) or (isinstance(value, int | float) and math.isfinite(value)):
            return value
        if not isinstance(value, str):
            raise ValidationError("must be text, a number, or true or false")
        return str(Text(longest=500).deserialize(value, attr, data))


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldParams:
    field: str  #: the helpdesk's own id or key of it, as the ticket has it
    value: FieldValue


class FieldSchema(Schema):
    field = Text(longest=100, required=True)
    value = ValueField(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> FieldParams:
        return FieldParams(**data)


class FieldAction(ActionKind[FieldParams]):
    name: ClassVar[str] = "field"
    label: ClassVar[str] = "Set a ticket field"
    effect: ClassVar[Effect] = Effect.WRITE
    schema: ClassVar[type[Schema]] = FieldSchema

    def describe(self, params: FieldParams) -> str:
        shown = {True: "yes", False: "no"}.get(params.value) if isinstance(params.value, bool) else params.value
        return f'Set the field {params.field} to "{shown}"'

    def plan(self, params: FieldParams, planning: Planning) -> Write:
        known = planning.ticket.custom_fields
        if params.field not in known:
            raise CannotPlan(f'the ticket has no field "{params.field}"')
        return Write() if known[params.field] == params.value else Write(custom_fields={params.field: params.value})
