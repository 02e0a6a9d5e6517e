"""The action `tag`: add or remove tags that the protocol declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, post_load, validates_schema

from app.protocols.actions.base import ActionKind, Effect, Planning
from app.protocols.fields import Tag as TagField
from app.protocols.fields import Words
from connectors.ticket import Write


@dataclass(frozen=True, slots=True, kw_only=True)
class TagParams:
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class TagSchema(Schema):
    add = Words(TagField(), load_default=())
    remove = Words(TagField(), load_default=())

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        if not data.get("add") and not data.get("remove"):
            raise ValidationError("is missing; name a tag to add or to remove", "add")
        both = sorted(set(data["add"]) & set(data["remove"]))
        if both:
            raise ValidationError(f'must not name "{both[0]}", which is under add as well', "remove")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> TagParams:
        return TagParams(**data)


class TagAction(ActionKind[TagParams]):
    name: ClassVar[str] = "tag"
    label: ClassVar[str] = "Add or remove tags"
    effect: ClassVar[Effect] = Effect.WRITE
    schema: ClassVar[type[Schema]] = TagSchema

    def describe(self, params: TagParams) -> str:
        added = f"Add {_tags(params.add)}" if params.add else ""
        removed = f"remove {_tags(params.remove)}" if params.remove else ""
        line = " and ".join(part for part in (added, removed) if part)
        return line[0].upper() + line[1:]

    def plan(self, params: TagParams, planning: Planning) -> Write:
        tags = planning.ticket.tags
        return Write(add_tags=frozenset(params.add) - tags, remove_tags=frozenset(params.remove) & tags)


def _tags(tags: tuple[str, ...]) -> str:
    return f"the tag{'s' if len(tags) > 1 else ''} {', '.join(tags)}"
