"""The action `macro`: what one of the desk's own macros would change, as a write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema, post_load

from app.protocols.actions.base import ActionKind, Effect, Lookup, Need, Planning
from app.protocols.errors import CannotPlan
from app.protocols.fields import Text
from connectors.ticket import Write


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroParams:
    macro: str  #: by title or id


class MacroSchema(Schema):
    macro = Text(longest=200, required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> MacroParams:
        return MacroParams(**data)


class MacroAction(ActionKind[MacroParams]):
    name: ClassVar[str] = "macro"
    label: ClassVar[str] = "Apply a macro"
    effect: ClassVar[Effect] = Effect.WRITE
    schema: ClassVar[type[Schema]] = MacroSchema

    def needs(self, params: MacroParams, team: str | None) -> tuple[Lookup, ...]:
        return (Lookup(need=Need.MACRO, name=params.macro),)

    def describe(self, params: MacroParams) -> str:
        return f'Apply the macro "{params.macro}"'

    def plan(self, params: MacroParams, planning: Planning) -> Write:
        macro = planning.macro(params.macro)
        write = planning.macro_writes.get(macro.id)
        if write is None:
            raise CannotPlan(f'what the macro "{macro.title}" would change is not known')
        return write
