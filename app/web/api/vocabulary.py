"""What a protocol may say, as the editor's own lists: facts, comparisons, actions, presets, placeholders."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from app.protocols.actions.registry import ACTIONS
from app.protocols.facts import FACTS
from app.protocols.presets import PRESETS
from app.protocols.rules import OPERATORS, operators_for
from app.protocols.schema import WorkSchema
from app.protocols.template import PLACEHOLDERS
from app.store.models import Role
from app.web.api.base import operation
from app.web.api.protocols import blueprint
from app.web.api.which import OnDeskSchema


class FactSchema(Schema):
    name = fields.String(required=True)
    label = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "number, word, words or flag"})
    choices = fields.List(fields.String(), required=True, metadata={"description": "Empty for free words"})
    low = fields.Float(required=True, allow_none=True)
    high = fields.Float(required=True, allow_none=True)
    operators = fields.List(fields.String(), required=True)


class NamedSchema(Schema):
    name = fields.String(required=True)
    label = fields.String(required=True)


class OperatorSchema(NamedSchema):
    many = fields.Boolean(required=True, metadata={"description": "Its value is a list"})


class ActionSchema(NamedSchema):
    keys = fields.List(fields.String(), required=True)


class PresetConditionSchema(Schema):
    field = fields.String(required=True)
    operator = fields.String(required=True)
    value = fields.Raw(required=True)


class PresetSchema(NamedSchema):
    all = fields.List(fields.Nested(PresetConditionSchema), required=True)
    any = fields.List(fields.Nested(PresetConditionSchema), required=True)


class VocabularySchema(Schema):
    facts = fields.List(fields.Nested(FactSchema), required=True)
    operators = fields.List(fields.Nested(OperatorSchema), required=True)
    actions = fields.List(fields.Nested(ActionSchema), required=True)
    presets = fields.List(fields.Nested(PresetSchema), required=True)
    placeholders = fields.List(fields.Nested(NamedSchema), required=True)


@operation(blueprint, "/vocabulary", role=Role.AGENT, takes=OnDeskSchema, gives=VocabularySchema)
def vocabulary(_query: dict[str, Any]) -> dict[str, Any]:
    """Everything a document may choose from."""
    return {
        "facts": [_fact(name) for name in FACTS],
        "operators": OPERATORS.values(),
        "actions": [
            {"name": kind.name, "label": kind.label, "keys": [*kind.schema().fields, *WorkSchema().fields]}
            for kind in ACTIONS.values()
        ],
        "presets": [
            {"name": one.name, "label": one.label, "all": one.criteria.all, "any": one.criteria.any}
            for one in PRESETS.values()
        ],
        "placeholders": [{"name": name, "label": label} for name, label in PLACEHOLDERS.items()],
    }


def _fact(name: str) -> dict[str, Any]:
    fact = FACTS[name]
    return {
        "name": name,
        "label": fact.label,
        "kind": fact.kind,
        "choices": fact.choices,
        "low": fact.low,
        "high": fact.high,
        "operators": operators_for(fact.kind),
    }
