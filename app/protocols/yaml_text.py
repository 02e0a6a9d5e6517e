"""YAML as plain values and back, for documents that strangers may have written. What they mean is in `schema.py`.

Refused: anchors and aliases (small texts that unfold without end), tags (objects), keys given twice, several
documents, deep nesting, large texts. Words stay words: `yes`, `on`, `12:30` and `2024-01-01` are text here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from app.protocols.errors import DocumentError, FieldError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_NODES = 10_000
_SMALLER = f"must be smaller: at most {MAX_NODES} values, nested at most {MAX_DEPTH} deep"

# Each of these is also read as more than text by PyYAML, so its dumper quotes such words when they are text.
MAX_DIGITS = 18
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{0,18}(?:e[-+][0-9]{1,3})?")
_STEP = re.compile(r"\[\d+\]|[^.\[\]]+")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


def read_yaml(text: str) -> Any:
    """The one document in the text as dicts, lists, strings, numbers, booleans and None. Raises DocumentError."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise _refuse("", f"must be at most {MAX_BYTES // 1024} KiB", f"{size} bytes")
    try:
        return _Reader(yaml.parse(text, Loader=yaml.SafeLoader)).document()
    except yaml.MarkedYAMLError as error:
        place = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise _refuse("", f"is not YAML: {error.problem}{place}") from error
    except yaml.YAMLError as error:
        raise _refuse("", "is not YAML: it has a character that YAML does not allow") from error


def check_size(value: Any) -> None:
    """Hold plain values, as JSON gives them, to the bounds of a text. Raises DocumentError; never recurses."""
    waiting, nodes, size = [(value, "", 0)], 0, 0
    while waiting:
        one, path, depth = waiting.pop()
        nodes += 1
        size += len(one) if isinstance(one, str) else 0
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise _refuse(path, _SMALLER)
        if size > MAX_BYTES:
            raise _refuse(path, f"must be at most {MAX_BYTES // 1024} KiB over all texts")
        if isinstance(one, int) and abs(one) >= 10**MAX_DIGITS:
            raise _refuse(path, f"must be a number of at most {MAX_DIGITS} digits")
        if isinstance(one, Mapping):
            size += sum(len(str(key)) for key in one)
            waiting += [(inner, join(path, str(key)[:60]), depth + 1) for key, inner in one.items()]
        elif isinstance(one, list | tuple):
            if len(one) > MAX_NODES:
                raise _refuse(path, _SMALLER)
            waiting += [(inner, join(path, index), depth + 1) for index, inner in enumerate(one)]


def write_yaml(value: Mapping[str, Any]) -> str:
    """The value as one YAML document in its own order of keys; `read_yaml` gives an equal value back."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def join(path: str, key: str | int) -> str:
    """The path of what lies under `path`: "actions[0].do"."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def find(value: Any, path: str) -> Any:
    """What lies there in plain values, or None where nothing does; all of it for an empty path."""
    for part in _STEP.findall(path):
        key = int(part[1:-1]) if part.startswith("[") else part
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


class _Dumper(yaml.SafeDumper):
    """Long texts as blocks, and never an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


class _Reader:
    """Builds plain values from the parser's events; one pass, nothing is unfolded."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._nodes = 0

    def document(self) -> Any:
        next(self._events)  # the stream starts
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise _refuse("", "is empty")
        value = self._value(next(self._events), "", 0)
        next(self._events)  # the document ends
        if not isinstance(next(self._events), yaml.StreamEndEvent):
            raise _refuse("", "must be one document, found another after a line of ---")
        return value

    def _value(self, event: yaml.Event, path: str, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise _refuse(path, _SMALLER)
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            raise _refuse(path, "must not use aliases", f"*{getattr(event, 'anchor', '')}")
        _refuse_extras(event, path)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(path, depth)
        return self._mapping(path, depth)

    def _list(self, path: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, join(path, len(items)), depth + 1))
        return items

    def _mapping(self, path: str, depth: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
                raise _refuse(path, "must have plain words as keys")
            key = str(event.value)
            place = join(path, key[:60])
            if key in entries:
                line = event.start_mark.line + 1 if event.start_mark else 0
                raise _refuse(place, f"must be given once, found again on line {line}")
            entries[key] = self._value(next(self._events), place, depth + 1)
        return entries


def _refuse_extras(event: yaml.ScalarEvent | yaml.CollectionStartEvent, path: str) -> None:
    if event.anchor:
        raise _refuse(path, "must not use anchors", f"&{event.anchor}")
    if event.tag:
        raise _refuse(path, "must not use tags", str(event.tag))


def _scalar(event: yaml.ScalarEvent) -> Any:
    text = str(event.value)
    if not event.implicit[0]:
        return text
    if text.lower() in _WORDS and text in {text.lower(), text.upper(), text.capitalize()}:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _refuse(path: str, message: str, value: str | None = None) -> DocumentError:
    return DocumentError((FieldError(path=path, message=message, value=value),))
