"""The page that describes the API, made from the same document that programs read. No third-party asset, no script."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, render_template

from app.web.access import public

REFERENCE = "#/components/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One parameter of a call, or one field of a body or an answer."""

    name: str
    kind: str
    required: bool
    about: str
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation as a reader wants it."""

    id: str
    method: str
    path: str
    about: str
    parameters: Sequence[Line]
    body: Sequence[Line]
    answer: Sequence[Line]
    statuses: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The operations about one noun."""

    name: str
    about: str
    operations: Sequence[Operation]


def install(app: Flask, document: Callable[[], Mapping[str, Any]]) -> None:
    """Serve the page; the document is complete once every blueprint is registered."""
    parts: list[Part] = []

    @app.get("/api/docs", endpoint="api_docs")
    @public
    def show() -> str:
        if not parts:
            parts.extend(read(document()))
        return render_template("api/docs.html", parts=parts)


def read(document: Mapping[str, Any]) -> list[Part]:
    """An OpenAPI document as what a page shows of it."""
    tags = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    found: dict[str, list[Operation]] = {name: [] for name in tags}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            if method != "parameters":
                shared = methods.get("parameters", [])
                found[told["tags"][0]].append(_operation(document, method, path, {**told, "shared": shared}))
    return [
        Part(name=name.removeprefix("api_"), about=tags[name], operations=operations)
        for name, operations in sorted(found.items())
    ]


def _operation(document: Mapping[str, Any], method: str, path: str, told: Mapping[str, Any]) -> Operation:
    answers = {status: _resolved(document, answer) for status, answer in told["responses"].items()}
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    done = answers["200"]["content"]["application/json"]["schema"]
    return Operation(
        id=f"{method}{path}".replace("/api/v1", "").replace("/", "-").replace("{", "").replace("}", ""),
        method=method.upper(),
        path=path,
        about=" ".join(filter(None, (told.get("summary"), told.get("description")))),
        parameters=[_parameter(document, one) for one in (*told["shared"], *told.get("parameters", ()))],
        body=list(_fields(document, body)),
        answer=list(_fields(document, done)),
        statuses=[(status, answer.get("description", "")) for status, answer in sorted(answers.items())],
    )


def _parameter(document: Mapping[str, Any], told: Mapping[str, Any]) -> Line:
    one = _resolved(document, told)
    schema = one.get("schema", {})
    about = one.get("description") or schema.get("description", "")
    where = "" if one["in"] == "query" else f" ({one['in']})"
    return Line(
        name=one["name"],
        kind=_kind(document, schema) + where,
        required=one.get("required", False),
        about=_with_limits(about, schema),
    )


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Iterator[Line]:
    """A schema's fields, and below each what is inside it. No schema of ours is inside itself."""
    whole = _resolved(document, schema)
    needed = whole.get("required", ())
    for name, told in whole.get("properties", {}).items():
        one = _resolved(document, told)
        about = _with_limits(one.get("description", ""), one)
        yield Line(name=name, kind=_kind(document, told), required=name in needed, about=about, depth=depth)
        yield from _fields(document, one.get("items", one), depth + 1)


def _with_limits(about: str, schema: Mapping[str, Any]) -> str:
    limits = [f"{word} {schema[key]}" for key, word in _LIMITS.items() if key in schema]
    choices = [str(one) for one in schema.get("enum", ()) if one is not None]
    if choices:
        limits.append(f"one of {', '.join(choices)}")
    return "; ".join(filter(None, (about, *limits)))


_LIMITS = {"minimum": "from", "maximum": "to", "minLength": "characters from", "maxLength": "characters to"}


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    one = _resolved(document, schema)
    kinds = one.get("type", "any")
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    if "array" in names:
        names[names.index("array")] = f"list of {_kind(document, one['items'])}"
    if one.get("format") == "date-time":
        names = ["time" if name == "string" else name for name in names]
    return " or ".join(names)


def _resolved(document: Mapping[str, Any], told: Mapping[str, Any] | str) -> Mapping[str, Any]:
    """What a reference stands for."""
    if not isinstance(told, Mapping) or "$ref" not in told:
        return told if isinstance(told, Mapping) else {}
    kind, _, name = str(told["$ref"]).removeprefix(REFERENCE).partition("/")
    found: Mapping[str, Any] = document["components"][kind][name]
    return found
