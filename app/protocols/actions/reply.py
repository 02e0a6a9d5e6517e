"""The action `reply`: a public message to the customer, where the protocol and the desk both let automation speak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema, post_load

from app.protocols import template
from app.protocols.actions.base import ActionKind, Effect, Planning
from app.protocols.actions.speech import Speech, shortened
from app.protocols.actions.wording import values
from app.protocols.errors import CannotPlan
from connectors.ticket import Comment, Write

MAY_NOT_SPEAK = "automation may not write to customers here: the protocol and the desk both have to allow it"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyParams:
    text: str


class ReplySchema(Schema):
    text = Speech(longest=template.MAX_TEXT, lines=True, required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> ReplyParams:
        return ReplyParams(**data)


class ReplyAction(ActionKind[ReplyParams]):
    name: ClassVar[str] = "reply"
    label: ClassVar[str] = "Write to the customer"
    effect: ClassVar[Effect] = Effect.WRITE
    schema: ClassVar[type[Schema]] = ReplySchema

    def describe(self, params: ReplyParams) -> str:
        return f'Write to the customer: "{shortened(params.text)}"'

    def plan(self, params: ReplyParams, planning: Planning) -> Write:
        if not planning.may_speak:
            raise CannotPlan(MAY_NOT_SPEAK)
        return Write(comment=Comment(text=template.render(params.text, values(planning)), public=True))
