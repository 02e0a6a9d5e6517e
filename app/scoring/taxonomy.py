"""Classes of causes as values: the packaged ones per trade, and those an admin adds. How one is found: causes.py."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

from app.scoring.phrasebook import PhraseError, read_phrase
from app.words import Cause, FaultSide

TAXONOMIES = Path(__file__).parent / "taxonomies"
DEFAULT = "general"
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
MOST = 200  #: entries of one list
LONGEST = 500  #: characters of one text
Choice = TypeVar("Choice", Cause, FaultSide)
QUOTED = 60  #: characters of an offending value that an error repeats


class TaxonomyError(ValueError):
    """Causes that cannot be used: every slip as a line `path: message: value`."""

    def __init__(self, slips: Iterable[str]) -> None:
        self.slips = tuple(slips)
        super().__init__("\n".join(self.slips))


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseClass:
    """One class: a shared cause, or a narrower one of it."""

    name: str
    parent: Cause
    label: str
    fault: FaultSide = FaultSide.UNKNOWN  #: whose fault it is where nothing else says so
    vendor_fault: bool = False  #: a vendor named beside it is to blame
    courier_fault: bool = False  #: a courier spoken of beside it is to blame
    phrases: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()  #: ticket tags that say it
    fields: frozenset[str] = frozenset()  #: values of the desk's field of reasons that say it, in lower case
    examples: tuple[str, ...] = ()  #: whole sentences; one like them counts, whatever its language


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """The classes of a desk by name, and the phrases that speak of who is to blame."""

    name: str
    classes: Mapping[str, CauseClass]
    sides: Mapping[FaultSide, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def parent(self, name: str) -> Cause:
        """The shared cause of a class; unknown for a class that is not there any more."""
        known = self.classes.get(name)
        return known.parent if known else Cause.UNKNOWN

    def label(self, name: str) -> str:
        """The class as people read it."""
        known = self.classes.get(name)
        return known.label if known else name.replace("_", " ").capitalize()

    def extended(self, classes: Iterable[CauseClass]) -> Taxonomy:
        """With an admin's own classes; one of the same name takes the place of the packaged one."""
        return replace(self, classes=MappingProxyType({**self.classes, **{one.name: one for one in classes}}))


def packaged() -> tuple[str, ...]:
    """Names of the taxonomies that ship with the product."""
    return tuple(sorted(path.stem for path in TAXONOMIES.glob("*.yaml")))


@functools.lru_cache(maxsize=8)
def load_taxonomy(name: str = DEFAULT) -> Taxonomy:
    """A packaged taxonomy with what it extends. Raises TaxonomyError for a name that is not one."""
    if name not in packaged():
        raise TaxonomyError([f"taxonomy: must be one of {', '.join(packaged())}: {quoted(name)}"])
    document = yaml.safe_load((TAXONOMIES / f"{name}.yaml").read_text(encoding="utf-8"))
    read = parse_taxonomy(document)
    if "extends" not in document:
        return read
    base = load_taxonomy(document["extends"])
    return Taxonomy(name=name, classes=base.extended(read.classes.values()).classes, sides={**base.sides, **read.sides})


def parse_taxonomy(document: Any) -> Taxonomy:
    """A taxonomy from its document. Raises TaxonomyError that lists every slip."""
    slips: list[str] = []
    if not isinstance(document, Mapping):
        raise TaxonomyError([f"taxonomy: must be a mapping: {quoted(document)}"])
    slips += _unknown_keys("", document, {"name", "extends", "classes", "sides"})
    name = _name("name", document.get("name"), slips)
    classes = _classes("classes", document.get("classes"), slips)
    sides = _sides(document.get("sides") or {}, slips)
    if slips:
        raise TaxonomyError(slips)
    return Taxonomy(name=name, classes=MappingProxyType({one.name: one for one in classes}), sides=sides)


def parse_causes(value: Any) -> tuple[CauseClass, ...]:
    """An admin's own classes: a list of {name, parent, phrases, examples, ...}. Raises TaxonomyError with all slips."""
    slips: list[str] = []
    classes = _classes("causes", value, slips)
    if slips:
        raise TaxonomyError(slips)
    return tuple(classes)


def quoted(value: Any) -> str:
    """An offending value as an error shows it."""
    said = repr(value)
    return said if len(said) <= QUOTED else f"{said[:QUOTED]}…"


def _classes(path: str, value: Any, slips: list[str]) -> list[CauseClass]:
    if not isinstance(value, list) or len(value) > MOST:
        slips.append(f"{path}: must be a list of at most {MOST} classes: {quoted(value)}")
        return []
    classes = [_class(f"{path}[{index}]", one, slips) for index, one in enumerate(value)]
    names: set[str] = set()
    for index, one in enumerate(classes):
        if one is not None and one.name in names:
            slips.append(f"{path}[{index}].name: is the name of another class: {quoted(one.name)}")
        names |= {one.name} if one else set()
    return [one for one in classes if one is not None]


_KEYS = {"name", "parent", "label", "fault", "vendor_fault", "courier_fault", "phrases", "tags", "fields", "examples"}


def _class(path: str, value: Any, slips: list[str]) -> CauseClass | None:
    if not isinstance(value, Mapping):
        slips.append(f"{path}: must be a mapping: {quoted(value)}")
        return None
    before = len(slips)
    slips += _unknown_keys(path, value, _KEYS)
    name = _name(f"{path}.name", value.get("name"), slips)
    read = CauseClass(
        name=name,
        parent=_one_of(Cause, f"{path}.parent", value.get("parent", name or "unknown"), slips),
        label=_text(f"{path}.label", value.get("label", name.replace("_", " ").capitalize() or "-"), slips),
        fault=_one_of(FaultSide, f"{path}.fault", value.get("fault", "unknown"), slips),
        vendor_fault=_flag(f"{path}.vendor_fault", value.get("vendor_fault", False), slips),
        courier_fault=_flag(f"{path}.courier_fault", value.get("courier_fault", False), slips),
        phrases=_phrases(f"{path}.phrases", value.get("phrases", []), slips),
        tags=frozenset(normal(tag) for tag in _texts(f"{path}.tags", value.get("tags", []), slips)),
        fields=frozenset(normal(one) for one in _texts(f"{path}.fields", value.get("fields", []), slips)),
        examples=_texts(f"{path}.examples", value.get("examples", []), slips),
    )
    return read if len(slips) == before else None


def normal(text: str) -> str:
    """A tag or a field's value for comparing: lower case, and one blank for what parts its words."""
    return " ".join(re.split(r"[\s_\-/]+", text.lower())).strip()


def _sides(value: Any, slips: list[str]) -> Mapping[FaultSide, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        slips.append(f"sides: must be a mapping: {quoted(value)}")
        return {}
    found = {}
    for name, phrases in value.items():
        side = _one_of(FaultSide, f"sides.{name}", name, slips)
        found[side] = _phrases(f"sides.{name}", phrases, slips)
    return found


def _unknown_keys(path: str, value: Mapping[Any, Any], known: set[str]) -> list[str]:
    place = f"{path}." if path else ""
    return [
        f"{place}{str(key)[:QUOTED]}: must be one of {', '.join(sorted(known))}: {quoted(key)}"
        for key in value
        if key not in known
    ]


def _name(path: str, value: Any, slips: list[str]) -> str:
    if isinstance(value, str) and NAME.fullmatch(value):
        return value
    slips.append(f"{path}: must be a word of lower-case letters, digits and _: {quoted(value)}")
    return ""


def _one_of(kind: type[Choice], path: str, value: Any, slips: list[str]) -> Choice:
    known = {str(member): member for member in kind}
    if isinstance(value, str) and value in known:
        return known[value]
    slips.append(f"{path}: must be one of {', '.join(known)}: {quoted(value)}")
    return kind("unknown")


def _text(path: str, value: Any, slips: list[str]) -> str:
    if isinstance(value, str) and 0 < len(value.strip()) <= LONGEST:
        return value.strip()
    slips.append(f"{path}: must be a text of at most {LONGEST} characters: {quoted(value)}")
    return ""


def _flag(path: str, value: Any, slips: list[str]) -> bool:
    if isinstance(value, bool):
        return value
    slips.append(f"{path}: must be true or false: {quoted(value)}")
    return False


def _texts(path: str, value: Any, slips: list[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MOST:
        slips.append(f"{path}: must be a list of at most {MOST} texts: {quoted(value)}")
        return ()
    return tuple(_text(f"{path}[{index}]", one, slips) for index, one in enumerate(value))


def _phrases(path: str, value: Any, slips: list[str]) -> tuple[str, ...]:
    found = _texts(path, value, slips)
    for index, phrase in enumerate(found):
        reason = phrase and _reason(read_phrase, phrase)
        if reason:
            slips.append(f"{path}[{index}]: {reason}: {quoted(phrase)}")
    return found


def _reason(read: Callable[[str], object], phrase: str) -> str | None:
    try:
        read(phrase)
    except PhraseError as error:
        return str(error)
    return None
