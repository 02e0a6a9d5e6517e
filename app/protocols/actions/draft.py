"""The action `draft`: a reply for the agent to look over and send, as a private note. The customer does not see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema, post_load

from app.protocols import template
from app.protocols.actions.base import ActionKind, Effect, Planning
from app.protocols.actions.speech import Speech, shortened
from app.protocols.actions.wording import values
from connectors.ticket import Comment, Write

#: What tells the note from a reply that was sent.
HEAD = "Draft of a reply. It has not been sent: look it over, change what does not fit, and send it yourself."


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftParams:
    text: str


class DraftSchema(Schema):
    text = Speech(longest=template.MAX_TEXT, lines=True, required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> DraftParams:
        return DraftParams(**data)


class DraftAction(ActionKind[DraftParams]):
    name: ClassVar[str] = "draft"
    label: ClassVar[str] = "Draft a reply for the agent"
    effect: ClassVar[Effect] = Effect.WRITE
    schema: ClassVar[type[Schema]] = DraftSchema

    def describe(self, params: DraftParams) -> str:
        return f'Draft a reply for the agent: "{shortened(params.text)}"'

    def plan(self, params: DraftParams, planning: Planning) -> Write:
        said = template.render(params.text, values(planning))
        return Write(comment=Comment(text=f"{HEAD}\n\n{said}", public=False))
