"""The action `task`: something for a person to do, who ticks it off on the case's page. Nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema, post_load

from app.protocols import template
from app.protocols.actions.base import ActionKind, Chore, Effect, Planning
from app.protocols.actions.speech import shortened
from app.protocols.actions.wording import values
from app.protocols.fields import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskParams:
    text: str


class TaskSchema(Schema):
    text = Template(longest=template.MAX_TEXT, lines=True, required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> TaskParams:
        return TaskParams(**data)


class TaskAction(ActionKind[TaskParams]):
    name: ClassVar[str] = "task"
    label: ClassVar[str] = "Give somebody a task"
    effect: ClassVar[Effect] = Effect.PERSON
    schema: ClassVar[type[Schema]] = TaskSchema

    def describe(self, params: TaskParams) -> str:
        return f"Task: {shortened(params.text, 120)}"

    def plan(self, params: TaskParams, planning: Planning) -> Chore:
        return Chore(text=template.render(params.text, values(planning)))
