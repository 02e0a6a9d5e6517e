"""What the editor draws for a document: one input per key of the schemas, so that a new key, fact or action appears
by itself. Drawing is the templates' part, reading what was sent is `form`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from marshmallow import Schema, fields

from app.protocols.actions.registry import ACTIONS
from app.protocols.facts import FACTS, Fact, Kind
from app.protocols.fields import Flag, Number, Template, Text, Words
from app.protocols.rules import OPERATORS, operators_for
from app.protocols.schema import ConditionSchema, ProtocolSchema, WorkSchema
from app.protocols.yaml_text import join
from app.web.protocols import labels
from app.web.protocols.choices import DeskChoices, Option

#: Keys that are drawn by themselves, and not among the sections below the actions.
BASICS = ("name", "cause", "team", "tags")
_APART = {*BASICS, "version", "criteria", "actions"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One control. `kind` is number, text, lines, choice, choices, flag or hidden."""

    path: str
    label: str
    kind: str
    value: Any = ""  #: a text; for `choices` a list of texts; for `flag` whether it is on
    options: tuple[Option, ...] = ()
    suggestions: tuple[Option, ...] = ()
    hint: str = ""
    required: bool = False
    placeholders: bool = False  #: a text that takes placeholders
    refresh: bool = False  #: what it says changes which other controls there are

    @property
    def id(self) -> str:
        return id_of(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A list that grows and shrinks."""

    path: str
    label: str
    noun: str  #: what one of them is
    hint: str = ""
    rows: tuple[Group, ...] = ()

    @property
    def id(self) -> str:
        return id_of(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Controls that belong together."""

    path: str
    label: str
    parts: tuple[Input | Rows | Group, ...] = ()
    optional: bool = False
    wanted: bool = True  #: an optional one that is there
    filled: bool = False  #: something in it was said
    more: Group | None = None  #: what is seldom needed

    @property
    def id(self) -> str:
        return id_of(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The whole form."""

    basics: tuple[Input, ...]
    all: Rows
    any: Rows
    actions: Rows
    sections: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is wrong or questionable at one place."""

    severity: str
    path: str
    message: str
    anchor: str = ""  #: the id of the control that it concerns
    place: str = ""  #: that control in words: "Step 2, Text"


def id_of(path: str) -> str:
    """A path as an element's id."""
    return "f-" + re.sub(r"[^a-z_0-9]+", "-", path).strip("-")


def locate(said: Sequence[Said], drawn: Mapping[str, str]) -> list[Said]:
    """Each with the control that it concerns: the one at its path, else the nearest around it."""
    return [_located(one, one.path, drawn) for one in said]


def _located(said: Said, path: str, drawn: Mapping[str, str]) -> Said:
    while path and id_of(path) not in drawn:
        path = _around(path)
    if not path:
        return said
    around = path
    while around and not around.endswith("]"):
        around = _around(around)
    row = "" if around in ("", path) else f"{drawn[id_of(around)]}, "
    return replace(said, anchor=id_of(path), place=row + drawn[id_of(path)])


def _around(path: str) -> str:
    """The path of what a path lies in."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawer:
    """Draws a document's plain values; `drawn` collects the ids that there are, with what stands there."""

    document: Mapping[str, Any]
    desk: DeskChoices
    fixed_name: bool = False
    drawn: dict[str, str] = field(default_factory=dict)

    def sheet(self) -> Sheet:
        """The form of the whole document."""
        schema = ProtocolSchema()
        criteria = _mapping(self.document.get("criteria"))
        self.drawn["f-criteria"] = "When"
        return Sheet(
            basics=tuple(self._basic(schema, name) for name in BASICS),
            all=self._conditions("criteria.all", "Meet ALL of these conditions", criteria.get("all")),
            any=self._conditions("criteria.any", "Meet ANY of these conditions", criteria.get("any")),
            actions=self._rows("actions", "What is done", "step", self.document.get("actions"), self._action),
            sections=tuple(
                self._section(name, one)
                for name, one in schema.fields.items()
                if name not in _APART and isinstance(one, fields.Nested)
            ),
        )

    def _basic(self, schema: Schema, name: str) -> Input:
        drawn = self._input(name, schema.fields[name], name, self.document.get(name))
        if name == "cause":
            return replace(drawn, kind="choice", options=_causes(), value=drawn.value or "any")
        if name == "name" and self.fixed_name:
            return replace(drawn, kind="hidden")
        return drawn

    def _section(self, name: str, one: fields.Nested) -> Group:
        value = _mapping(self.document.get(name))
        return Group(path=name, label=labels.key(name), parts=self._parts(one.schema, name, value), filled=bool(value))

    def _parts(self, schema: Schema, path: str, value: Mapping[str, Any]) -> tuple[Input | Rows | Group, ...]:
        return tuple(
            self._part(name, one, join(path, name), value.get(name))
            for name, one in schema.fields.items()
            if not one.load_only
        )

    def _part(self, name: str, one: fields.Field[Any], path: str, value: Any) -> Input | Rows | Group:
        if isinstance(one, fields.Nested):
            self.drawn[id_of(path)] = labels.key(name)
            inner = _mapping(value)
            return Group(
                path=path,
                label=labels.key(name),
                parts=self._parts(one.schema, path, inner),
                optional=one.load_default is None,
                wanted=value is not None,
                filled=bool(inner),
            )
        if isinstance(one, fields.List) and not isinstance(one, Words):
            return self._list(name, one, path, value)
        return self._input(name, one, path, value)

    def _list(self, name: str, one: fields.List[Any], path: str, value: Any) -> Rows:
        nested = one.inner.schema if isinstance(one.inner, fields.Nested) else None
        if nested is None or isinstance(nested, ConditionSchema):
            return self._conditions(path, labels.key(name), value)

        def draw(row_path: str, row: Mapping[str, Any], _number: int) -> Group:
            return Group(path=row_path, label=labels.key(name), parts=self._parts(nested, row_path, row))

        return self._rows(path, labels.key(name), "entry", value, draw)

    def _rows(
        self, path: str, label: str, noun: str, value: Any, draw: Callable[[str, Mapping[str, Any], int], Group]
    ) -> Rows:
        self.drawn[id_of(path)] = label
        listed = value if isinstance(value, list | tuple) else []
        rows = []
        for number, row in enumerate(listed):
            rows.append(draw(join(path, number), _mapping(row), number))
            self.drawn[rows[-1].id] = rows[-1].label
        hint = labels.HINTS.get(path.rpartition(".")[2], "")
        return Rows(path=path, label=label, noun=noun, hint=hint, rows=tuple(rows))

    def _conditions(self, path: str, label: str, value: Any) -> Rows:
        return self._rows(path, label, "condition", value, self._condition)

    def _condition(self, path: str, row: Mapping[str, Any], number: int) -> Group:
        name, operator = str(row.get("field") or ""), str(row.get("operator") or "")
        fact = FACTS.get(name)
        facts = tuple(Option(value=one.name, label=one.label) for one in FACTS.values())
        names = operators_for(fact.kind) if fact else tuple(OPERATORS)
        operators = tuple(Option(value=one, label=labels.operator(one)) for one in names)
        parts = (
            self._seen(Input(path=f"{path}.field", label="What to look at", kind="choice", value=name,
                             options=_with(facts, name), required=True, refresh=True)),
            self._seen(Input(path=f"{path}.operator", label="How to compare", kind="choice", value=operator,
                             options=operators, required=True, refresh=True)),
            self._seen(self._expected(f"{path}.value", fact, operator, row.get("value"))),
        )  # fmt: skip
        group = {"criteria.any": "Any, ", "criteria.all": ""}.get(path.rpartition("[")[0], "Stop, ")
        return Group(path=path, label=f"{group}condition {number + 1}".capitalize(), parts=parts)

    def _expected(self, path: str, fact: Fact | None, operator: str, value: Any) -> Input:
        """The control for what a fact is compared with."""
        plain = Input(path=path, label="Value", kind="text", value=_text(value), required=True)
        many = operator in OPERATORS and OPERATORS[operator].many
        if fact is None:
            return plain
        if fact.kind is Kind.NUMBER:
            return replace(plain, kind="number", hint=_range(fact))
        if fact.kind is Kind.FLAG:
            return replace(plain, kind="choice", options=_YES_NO)
        options = tuple(Option(value=one, label=labels.word(fact.name, one)) for one in fact.choices)
        options = options or self.desk.named(fact.name) or ()
        if not options:
            suggestions = self.desk.suggested(fact.name)
            return _many_lines(plain, value) if many else replace(plain, suggestions=suggestions)
        chosen = _listed(value)
        kind = "choices" if many else "choice"
        return replace(plain, kind=kind, options=_with(options, *chosen), value=chosen if many else plain.value)

    def _action(self, path: str, row: Mapping[str, Any], number: int) -> Group:
        do = str(row.get("do") or "")
        kinds = tuple(Option(value=kind.name, label=kind.label) for kind in ACTIONS.values())
        chosen = self._seen(Input(path=f"{path}.do", label="What to do", kind="choice", value=do,
                                  options=_with(kinds, do), required=True, refresh=True))  # fmt: skip
        if do not in ACTIONS:
            return Group(path=path, label=f"Step {number + 1}", parts=(chosen,))
        whose = {name: row.get(name) for name in WorkSchema().fields if row.get(name) is not None}
        return Group(
            path=path,
            label=f"Step {number + 1}",
            parts=(chosen, *self._parts(ACTIONS[do].schema(), path, row)),
            more=Group(
                path=path,
                label="Who does it, and by when",
                parts=self._parts(WorkSchema(), path, row),
                filled=bool(whose),
            ),
        )

    def _input(self, name: str, one: fields.Field[Any], path: str, value: Any) -> Input:
        plain = Input(
            path=path,
            label=labels.key(name),
            kind="text",
            value=_text(value),
            hint=labels.HINTS.get(name, ""),
            required=one.required,
        )
        return self._seen(self._typed(name, one, plain, value))

    def _typed(self, name: str, one: fields.Field[Any], plain: Input, value: Any) -> Input:
        if isinstance(one, fields.Enum):
            words = tuple(Option(value=str(w), label=labels.word(name, str(w))) for w in one.enum)
            empty = Option(value="", label=_nothing(name, one))
            head = () if one.required or plain.value else (empty,)
            head = (empty,) if one.load_default is None and not one.required else head
            return replace(plain, kind="choice", options=_with((*head, *words), plain.value), refresh=True)
        if isinstance(one, Flag | fields.Boolean):
            return replace(plain, kind="flag", value=value is True)
        if isinstance(one, Number):
            default = one.load_default if isinstance(one.load_default, int | float) else None
            hint = plain.hint or ("" if default is None else f"{default:g} where it is left empty.")
            return replace(plain, kind="number", hint=hint)
        if isinstance(one, Words):
            return self._words(name, plain, value)
        if isinstance(one, Text) and (one.lines or isinstance(one, Template)):
            kind = "lines" if one.lines else "text"
            return replace(plain, kind=kind, placeholders=isinstance(one, Template))
        return self._named(name, plain)

    def _words(self, name: str, plain: Input, value: Any) -> Input:
        """Tags of a step are chosen among those that the protocol declares; other lists are typed."""
        said = _listed(value)
        declared = [str(one) for one in _listed(self.document.get("tags"))]
        if name in ("add", "remove") and declared:
            options = tuple(Option(value=tag, label=tag) for tag in declared)
            return replace(plain, kind="choices", value=said, options=_with(options, *said, why="not declared"))
        return replace(
            plain, value=", ".join(said), suggestions=self.desk.suggested(name), refresh=plain.path == "tags"
        )

    def _named(self, name: str, plain: Input) -> Input:
        """A name that the desk gives: chosen where the desk could be asked, else typed."""
        known = self.desk.named(name)
        if not known:
            return replace(plain, suggestions=self.desk.suggested(name))
        options = known if plain.required else (Option(value="", label="None chosen"), *known)
        chosen = _as_known(known, plain.value)
        return replace(plain, kind="choice", value=chosen, options=_with(options, chosen, why="not at the desk"))

    def _seen(self, drawn: Input) -> Input:
        self.drawn[drawn.id] = drawn.label
        return drawn


_YES_NO = (Option(value="true", label="yes"), Option(value="false", label="no"))


def _causes() -> tuple[Option, ...]:
    return tuple(Option(value=one, label=labels.word("cause", one)) for one in ("any", *FACTS["cause"].choices))


def _nothing(name: str, one: fields.Enum[Any]) -> str:
    default = one.load_default
    return labels.word(name, str(default)) if default else labels.NOBODY.get(name, "Not set")


def _with(options: tuple[Option, ...], *chosen: str, why: str = "not a choice") -> tuple[Option, ...]:
    """The options, and what is chosen but is none of them, marked."""
    known = {option.value for option in options}
    odd = [Option(value=one, label=f"{one} ({why})") for one in chosen if one and one not in known]
    return (*options, *odd)


def _as_known(options: tuple[Option, ...], value: str) -> str:
    """The option's own spelling, since names are compared without regard to capitals, and ids are good as well."""
    wanted = value.casefold()
    same = (one.value for one in options if wanted in (one.value.casefold(), one.id.casefold()))
    return next(same, value) if value else value


def _range(fact: Fact) -> str:
    if fact.low is not None and fact.high is not None:
        return f"{fact.low:g} to {fact.high:g}"
    return f"from {fact.low:g}" if fact.low is not None else ""


def _many_lines(plain: Input, value: Any) -> Input:
    return replace(plain, kind="lines", value="\n".join(_listed(value)), hint="One on each line")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: Any) -> list[str]:
    if value in (None, ""):
        return []
    return [_text(one) for one in value] if isinstance(value, list | tuple) else [_text(value)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return "\n".join(_text(one) for one in value)
    return str(value)
