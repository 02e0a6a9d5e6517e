"""A sent form as a document's plain values: what is named by a path goes to that place. Drawing it is in `widgets`.

Nothing is judged here: what cannot be a number stays the text that was typed, for the document's own checks to name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from app.protocols.actions.registry import ACTIONS
from app.protocols.facts import FACTS, Fact, Kind
from app.protocols.fields import Flag, Number, Tag, Text, Words
from app.protocols.rules import OPERATORS, operators_for
from app.protocols.schema import ActionField, ConditionSchema, ProtocolSchema, WorkSchema

#: Ticked where an optional part of the document is wanted at all.
WANTED = "wanted"
MOST_ROWS = 100

_NAME = re.compile(r"[a-z_]{1,40}(?:\[\d{1,3}\])?(?:\.[a-z_]{1,40}(?:\[\d{1,3}\])?)*")
_STEP = re.compile(r"([a-z_]+)|\[(\d+)\]")
_INTEGER = re.compile(r"[-+]?\d{1,18}")
_DECIMAL = re.compile(r"[-+]?\d{0,18}\.\d{1,18}")
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")

Tree = dict[Any, Any]  #: names and row numbers to trees, or to the texts that were sent under that path


def read_form(sent: Iterable[tuple[str, Sequence[str]]]) -> dict[str, Any]:
    """The document that a form describes, as plain values; names that are no paths of a document are not its own."""
    tree: Tree = {}
    known = ProtocolSchema().fields
    for name, values in sent:
        steps = steps_of(name)
        if steps and steps[0] in known:
            _plant(tree, steps, values)
    return _mapping(ProtocolSchema(), tree)


def steps_of(path: str) -> list[str | int]:
    """ "actions[0].text" as its steps; nothing for what is no path."""
    if not _NAME.fullmatch(path):
        return []
    return [name or int(number) for name, number in _STEP.findall(path)]


def _plant(tree: Tree, steps: list[str | int], values: Sequence[str]) -> None:
    for step in steps[:-1]:
        inner = tree.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        tree = inner
    tree.setdefault(steps[-1], list(values))


def _mapping(schema: Schema, tree: Any) -> dict[str, Any]:
    if not isinstance(tree, dict):
        return {}
    found = {name: _value(field, tree.get(name)) for name, field in schema.fields.items()}
    return {name: value for name, value in found.items() if value is not None}


def _value(field: fields.Field[Any], given: Any) -> Any:
    """What was sent for one key; None where nothing was."""
    if isinstance(field, fields.Nested):
        return _nested(field, given)
    if isinstance(field, fields.List) and not isinstance(field, Words):
        return [_row(field.inner, given[number]) for number in _numbers(given)] or None
    texts = given if isinstance(given, list) else []
    if isinstance(field, Words):
        return _words(texts, "[\n,]" if isinstance(field.inner, Tag) else "\n") or None
    return _scalar(field, texts[0]) if texts else None


def _nested(field: fields.Nested, given: Any) -> Any:
    found = _mapping(field.schema, given)
    if field.load_default is None:
        return found if isinstance(given, dict) and WANTED in given else None
    return found or None


def _numbers(given: Any) -> list[int]:
    return sorted(step for step in given if isinstance(step, int))[:MOST_ROWS] if isinstance(given, dict) else []


def _row(field: fields.Field[Any], given: Any) -> Any:
    given = given if isinstance(given, dict) else {}
    if isinstance(field, ActionField):
        return _action(given)
    assert isinstance(field, fields.Nested)
    return _condition(given) if isinstance(field.schema, ConditionSchema) else _mapping(field.schema, given)


def _action(given: Tree) -> dict[str, Any]:
    do = _text(_first(given, "do"))
    if do not in ACTIONS:
        return {"do": do} if do else {}
    return {"do": do, **_mapping(ACTIONS[do].schema(), given), **_mapping(WorkSchema(), given)}


def _condition(given: Tree) -> dict[str, Any]:
    field, operator = _text(_first(given, "field")), _text(_first(given, "operator"))
    texts = given.get("value")
    value = _condition_value(field, operator, texts if isinstance(texts, list) else [])
    found = {"field": field, "operator": operator, "value": value}
    return {name: one for name, one in found.items() if one not in ("", None)}


def _condition_value(field: str, operator: str, texts: Sequence[str]) -> Any:
    if operator in OPERATORS and OPERATORS[operator].many:
        return _words(texts, "\n") or None
    text = _text(texts[0]) if texts else ""
    kind = FACTS[field].kind if field in FACTS else Kind.WORD
    if kind is Kind.NUMBER:
        return _number(text)
    return {"true": True, "false": False}.get(text, text) if kind is Kind.FLAG else text


def _scalar(field: fields.Field[Any], text: str) -> Any:
    said = _text(text)
    if isinstance(field, Number):
        return _number(said) if said else None
    if isinstance(field, Flag | fields.Boolean):
        return {"true": True, "false": False}.get(said, said or None)
    if isinstance(field, Text | Tag | fields.Enum | fields.Raw):
        return said or None
    # Whatever else there is takes several types, told apart as in YAML.
    return {"true": True, "false": False, "": None}.get(said, _number(said) if _PLAIN.fullmatch(said) else said)


def _number(text: str) -> Any:
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _words(texts: Sequence[str], apart: str) -> list[str]:
    return [word for text in texts for one in re.split(apart, _text(text)) if (word := one.strip())]


def _first(given: Mapping[Any, Any], name: str) -> str:
    texts = given.get(name)
    return str(texts[0]) if isinstance(texts, list) and texts else ""


def _text(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


class Full(Exception):
    """A list has as many rows as it may have; the message says how many, of what."""


def add_row(document: dict[str, Any], path: str) -> dict[str, Any]:
    """An empty row at the end of the list at that path. Raises ValueError for what is no list, and Full."""
    rows = _rows(document, path)
    if len(rows) >= MOST_ROWS:
        raise Full(
            f"There are at most {MOST_ROWS} {'steps' if path == 'actions' else 'conditions'}; nothing was added."
        )
    row: dict[str, Any] = {}
    rows.append(row)
    return row


def remove_row(document: dict[str, Any], path: str, number: int) -> None:
    """Without that row. Raises ValueError for what is no list, or has no such row."""
    rows = _rows(document, path)
    if not 0 <= number < len(rows):
        raise ValueError(path)
    del rows[number]


def move_row(document: dict[str, Any], path: str, number: int, by: int) -> None:
    """The row so many places further down; at either end it stays. Raises ValueError as `remove_row`."""
    rows = _rows(document, path)
    if not 0 <= number < len(rows):
        raise ValueError(path)
    if 0 <= number + by < len(rows):
        rows.insert(number + by, rows.pop(number))


def _rows(document: dict[str, Any], path: str) -> list[Any]:
    """The list at the path, made where it is missing."""
    place: Any = document
    steps = steps_of(path)
    if not steps or isinstance(steps[-1], int):
        raise ValueError(path)
    for step in steps[:-1]:
        if isinstance(step, int):
            place = place[step] if isinstance(place, list) and step < len(place) else None
        else:
            place = place.setdefault(step, {}) if isinstance(place, dict) else None
    if not isinstance(place, dict):
        raise ValueError(path)
    rows = place.setdefault(str(steps[-1]), [])
    if not isinstance(rows, list):
        raise ValueError(path)
    return rows


def mend(document: dict[str, Any]) -> None:
    """Give conditions whose fact changed an operator that it takes, and take away a word that it never is."""
    criteria, rails = document.get("criteria"), document.get("guardrails")
    lists = [*criteria.values()] if isinstance(criteria, dict) else []
    lists += [rails.get("stop_when")] if isinstance(rails, dict) else []
    for row in (row for rows in lists if isinstance(rows, list) for row in rows if isinstance(row, dict)):
        if str(row.get("field")) in FACTS:
            _mend(row, FACTS[row["field"]])


def _mend(row: dict[str, Any], fact: Fact) -> None:
    fitting = operators_for(fact.kind)
    if row.get("operator") not in fitting:
        row["operator"] = fitting[0]
        row.pop("value", None)
    value = row.get("value")
    if fact.choices and any(word not in fact.choices for word in (value if isinstance(value, list) else [value])):
        row.pop("value", None)
