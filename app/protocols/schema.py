"""The wire form of a protocol document, checked field by field. Text and paths are the business of `document.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from app.protocols import rules
from app.protocols.actions.registry import ACTIONS
from app.protocols.actions.resurvey import ResurveySchema
from app.protocols.facts import FACTS, Fact, Kind, is_number
from app.protocols.fields import Flag, Number, Tag, Text, Words, choice, one_of
from app.protocols.protocol import (
    ANY_CAUSE,
    Action,
    CloseNeeds,
    Condition,
    Criteria,
    DoneWhen,
    FollowUp,
    Guardrails,
    Owner,
    Rearm,
    RecoveryProtocol,
    ReturnTo,
    Targets,
    Value,
)
from app.words import Cause

MAX_ACTIONS = 20
MAX_WORD = 200

_CAUSES = (ANY_CAUSE, *(str(cause) for cause in Cause))


class ConditionSchema(Schema):
    field = fields.Raw(required=True)
    operator = fields.Raw(required=True)
    value = fields.Raw(required=True)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        fact = FACTS.get(data["field"]) if isinstance(data["field"], str) else None
        names = rules.operators_for(fact.kind) if fact else tuple(rules.OPERATORS)
        wrong: dict[str, list[str]] = {}
        if fact is None:
            wrong["field"] = [one_of(FACTS)]
        if data["operator"] not in names:
            wrong["operator"] = [one_of(names) + (f" for {fact.name}" if fact else "")]
        elif fact is not None and (
            complaint := _complaint(fact, rules.OPERATORS[data["operator"]].many, data["value"])
        ):
            wrong["value"] = [complaint]
        if wrong:
            raise ValidationError(wrong)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Condition:
        many = rules.OPERATORS[data["operator"]].many
        value: Value = tuple(dict.fromkeys(_listed(data["value"]))) if many else data["value"]
        return Condition(field=data["field"], operator=data["operator"], value=value)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _complaint(fact: Fact, many: bool, value: Any) -> str | None:
    """What is wrong with a condition's value, or None."""
    if not many:
        return _word_complaint(fact, value)
    words = _listed(value)
    if not 0 < len(words) <= rules.MAX_CONDITIONS:
        return f"must have 1 to {rules.MAX_CONDITIONS} words"
    return next((complaint for word in words if (complaint := _word_complaint(fact, word))), None)


def _word_complaint(fact: Fact, value: Any) -> str | None:
    if fact.kind is Kind.NUMBER:
        return None if is_number(value) else "must be a number"
    if fact.kind is Kind.FLAG:
        return None if isinstance(value, bool) else "must be true or false"
    if fact.choices:
        return None if value in fact.choices else one_of(fact.choices)
    fits = isinstance(value, str) and 0 < len(value) <= MAX_WORD
    return None if fits else f"must be text of 1 to {MAX_WORD} characters, in quotes if it looks like a number"


class CriteriaSchema(Schema):
    all = fields.List(fields.Nested(ConditionSchema), load_default=[])
    any = fields.List(fields.Nested(ConditionSchema), load_default=[])

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        count = len(data["all"]) + len(data["any"])
        if not 0 < count <= rules.MAX_CONDITIONS:
            raise ValidationError(f"must have 1 to {rules.MAX_CONDITIONS} conditions, has {count}")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Criteria:
        return Criteria(all=tuple(data["all"]), any=tuple(data["any"]))


class WorkSchema(Schema):
    """What every action may say beside `do` and its own keys."""

    owner = choice(Owner, load_default=None, allow_none=True)
    within_hours = Number(low=0.1, high=8760, load_default=None, allow_none=True)
    done_when = choice(DoneWhen, load_default=None, allow_none=True)


class ActionField(fields.Field[Action]):
    """`do` names the action, `WorkSchema` whose work it is; the other keys are that action's own."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Action:
        if not isinstance(value, Mapping):
            raise ValidationError("must be a mapping with do and the action's own fields")
        do = value.get("do")
        if not isinstance(do, str) or do not in ACTIONS:
            raise ValidationError({"do": [one_of(ACTIONS) if "do" in value else "is missing"]})
        work = {name: given for name, given in value.items() if name in _WORK}
        own = {name: given for name, given in value.items() if name != "do" and name not in _WORK}
        errors: dict[str, Any] = {}
        params = _load(ACTIONS[do].schema(), own, errors)
        whose = _load(WorkSchema(), work, errors)
        if errors:
            raise ValidationError(errors)
        return Action(do=do, params=params, **whose)

    def _serialize(self, value: Action | None, attr: str | None, obj: Any, **options: Any) -> Any:
        return value and {"do": value.do, **ACTIONS[value.do].schema().dump(value.params), **WorkSchema().dump(value)}


_WORK = frozenset(WorkSchema().fields)


def _load(schema: Schema, given: Mapping[str, Any], errors: dict[str, Any]) -> Any:
    """What the schema makes of it; what is wrong is added to `errors`, so that one fault does not hide another."""
    try:
        return schema.load(given)
    except ValidationError as error:
        errors.update(error.messages_dict)
        return None


class GuardrailsSchema(Schema):
    cooldown_hours = Number(low=0, high=8760, load_default=24.0)
    rearm = choice(Rearm, load_default=Rearm.AFTER_STATE_EXIT)
    rearm_hours = Number(low=0, high=8760, load_default=None, allow_none=True)
    max_cases = Number(low=1, high=100, whole=True, load_default=3)
    max_actions = Number(low=1, high=100, whole=True, load_default=20)
    max_rounds = Number(low=1, high=20, whole=True, load_default=5)
    max_cases_per_day = Number(low=1, high=100_000, whole=True, load_default=None, allow_none=True)
    max_apologies = Number(low=0, high=100, whole=True, load_default=None, allow_none=True)
    automation_may_speak = Flag(load_default=False)
    tags_expire_days = Number(low=1, high=3650, load_default=None, allow_none=True)
    stop_when = fields.List(fields.Nested(ConditionSchema), load_default=[])
    # The share of customers left alone on purpose needs the experiment's own bookkeeping, so it has to stay 0 so far.
    holdout_share = Number(low=0, high=0, load_default=0.0)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        timed = data["rearm"] is Rearm.AFTER_HOURS
        if timed and data["rearm_hours"] is None:
            raise ValidationError("is missing; rearm is after_hours", "rearm_hours")
        if not timed and data["rearm_hours"] is not None:
            raise ValidationError(f"must be left out; rearm is {data['rearm']}", "rearm_hours")

    @validates_schema
    def check_stop(self, data: dict[str, Any], **_: Any) -> None:
        if len(data["stop_when"]) > rules.MAX_CONDITIONS:
            raise ValidationError(f"must have at most {rules.MAX_CONDITIONS} conditions", "stop_when")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Guardrails:
        return Guardrails(**data | {"stop_when": tuple(data["stop_when"])})


class TargetsSchema(Schema):
    first_touch_minutes = Number(low=1, high=525_600, load_default=None, allow_none=True)
    recovery_hours = Number(low=0.1, high=8760, load_default=None, allow_none=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Targets:
        return Targets(**data)


class FollowUpSchema(Schema):
    resurvey = fields.Nested(ResurveySchema, load_default=None, allow_none=True)
    return_to = choice(ReturnTo, load_default=ReturnTo.STAY)
    return_group = Text(longest=100, load_default=None, allow_none=True)
    close_needs = choice(CloseNeeds, load_default=CloseNeeds.CONFIRMATION_OR_REASON)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        to_group = data["return_to"] is ReturnTo.GROUP
        if to_group and data["return_group"] is None:
            raise ValidationError("is missing; return_to is group", "return_group")
        if not to_group and data["return_group"] is not None:
            raise ValidationError(f"must be left out; return_to is {data['return_to']}", "return_group")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> FollowUp:
        return FollowUp(**data)


class ProtocolSchema(Schema):
    version = Number(low=1, high=1, whole=True, load_only=True)
    name = Text(longest=80, required=True)
    cause = fields.Raw(load_default=ANY_CAUSE)
    criteria = fields.Nested(CriteriaSchema, required=True)
    team = Text(longest=100, load_default=None, allow_none=True)
    actions = fields.List(ActionField(), required=True)
    guardrails = fields.Nested(GuardrailsSchema, load_default=Guardrails)
    targets = fields.Nested(TargetsSchema, load_default=Targets)
    follow_up = fields.Nested(FollowUpSchema, load_default=FollowUp)
    tags = Words(Tag(), load_default=())

    @validates_schema(skip_on_field_errors=False)
    def check_cause(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("cause", ANY_CAUSE) not in _CAUSES:
            raise ValidationError(one_of(_CAUSES), "cause")

    @validates_schema
    def check_actions(self, data: dict[str, Any], **_: Any) -> None:
        actions: list[Action] = data["actions"]
        most = min(MAX_ACTIONS, data["guardrails"].max_actions)
        if not 0 < len(actions) <= most:
            raise ValidationError(f"must have 1 to {most} actions, has {len(actions)}", "actions")
        wrong = {i: _out_of_place(action, data) for i, action in enumerate(actions)}
        surveys = [i for i, action in enumerate(actions) if action.do == "resurvey"]
        if surveys and (len(surveys) > 1 or data["follow_up"].resurvey):
            wrong[surveys[-1]] = {"do": ["must be there once; the re-survey is given elsewhere too"]}
        if any(wrong.values()):
            raise ValidationError({"actions": {i: errors for i, errors in wrong.items() if errors}})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> RecoveryProtocol:
        data.pop("version", None)
        return RecoveryProtocol(**data | {"actions": tuple(data["actions"]), "cause": str(data["cause"])})


def _out_of_place(action: Action, data: Mapping[str, Any]) -> Mapping[str, list[str]]:
    """What is wrong with an action only within its protocol."""
    if action.do == "assign" and action.params.needs_group and not (action.params.group or data["team"]):
        return {"group": ["is missing; neither the action nor the protocol's team names one"]}
    return {}
