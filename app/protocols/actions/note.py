"""The action `note`: a private note on the ticket, for colleagues only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema, post_load

from app.protocols import template
from app.protocols.actions.base import ActionKind, Effect, Planning
from app.protocols.actions.speech import shortened
from app.protocols.actions.wording import values
from app.protocols.fields import Template
from connectors.ticket import Comment, Write


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteParams:
    text: str


class NoteSchema(Schema):
    text = Template(longest=template.MAX_TEXT, lines=True, required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> NoteParams:
        return NoteParams(**data)


class NoteAction(ActionKind[NoteParams]):
    name: ClassVar[str] = "note"
    label: ClassVar[str] = "Add a private note"
    effect: ClassVar[Effect] = Effect.WRITE
    schema: ClassVar[type[Schema]] = NoteSchema

    def describe(self, params: NoteParams) -> str:
        return f'Add a private note: "{shortened(params.text)}"'

    def plan(self, params: NoteParams, planning: Planning) -> Write:
        return Write(comment=Comment(text=template.render(params.text, values(planning)), public=False))
