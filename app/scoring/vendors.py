"""Which vendor is behind an order: from a mapped field, from order data, or from the customer's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.scoring.phrasebook import PhraseError, read_phrase
from app.scoring.taxonomy import TaxonomyError, normal, quoted

MOST_VENDORS = 500  #: of one desk
MOST_ALIASES = 20  #: of one vendor
LONGEST_NAME = 100


class VendorSource(StrEnum):
    """Where a vendor was read from, the surest first."""

    FIELD = "field"
    ORDER = "order"
    WORDS = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor of a desk, with the other names that customers and systems use."""

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorFound:
    """The vendor of a ticket, and how we know."""

    name: str
    source: VendorSource
    evidence: str  #: shown to agents; quotes the customer where it comes from words
    message_id: str | None = None  #: the message that names it, where it comes from words


def parse_vendors(value: Any) -> tuple[Vendor, ...]:
    """A desk's list of {name, aliases}. Raises TaxonomyError with every slip as `path: message: value`."""
    if not isinstance(value, list) or len(value) > MOST_VENDORS:
        raise TaxonomyError([f"vendors: must be a list of at most {MOST_VENDORS} vendors: {quoted(value)}"])
    slips: list[str] = []
    vendors = [_vendor(f"vendors[{index}]", one, slips) for index, one in enumerate(value)]
    if slips:
        raise TaxonomyError(slips)
    return tuple(vendors)


def known_as(vendors: Iterable[Vendor]) -> dict[str, tuple[str, ...]]:
    """Vendor name to every phrase that names it in a text."""
    return {vendor.name: tuple(_spoken(name) for name in (vendor.name, *vendor.aliases)) for vendor in vendors}


def identify(
    *,
    field: str | None,
    order: str | None,
    named: VendorFound | None,
    vendors: Sequence[Vendor],
) -> VendorFound | None:
    """The ticket's vendor: what a person or the shop filled in comes before what the customer mentions.

    `field` and `order` are values of the desk's mapped fields, `named` is what was found in the words. A value that
    the desk's list does not have is a vendor all the same.
    """
    for value, source, said in ((field, VendorSource.FIELD, "vendor field"), (order, VendorSource.ORDER, "order")):
        if value and value.strip():
            name = _listed(value, vendors)
            return VendorFound(name=name, source=source, evidence=f"{said}: {name}")
    return named


def _listed(value: str, vendors: Sequence[Vendor]) -> str:
    wanted = normal(value)
    for vendor in vendors:
        if wanted in {normal(vendor.name), *(normal(alias) for alias in vendor.aliases)}:
            return vendor.name
    return " ".join(value.split())[:LONGEST_NAME]


def _vendor(path: str, value: Any, slips: list[str]) -> Vendor:
    if not isinstance(value, Mapping):
        slips.append(f"{path}: must be a mapping: {quoted(value)}")
        return Vendor(name="")
    for key in value:
        if key not in {"name", "aliases"}:
            slips.append(f"{path}.{key}: must be one of aliases, name: {quoted(key)}")
    aliases = value.get("aliases", [])
    if not isinstance(aliases, list) or len(aliases) > MOST_ALIASES:
        slips.append(f"{path}.aliases: must be a list of at most {MOST_ALIASES} names: {quoted(aliases)}")
        aliases = []
    for place, name in [("name", value.get("name")), *((f"aliases[{i}]", one) for i, one in enumerate(aliases))]:
        if not _is_name(name):
            slips.append(f"{path}.{place}: must be a name of words, at most {LONGEST_NAME} characters: {quoted(name)}")
    return Vendor(name=str(value.get("name")), aliases=tuple(str(one) for one in aliases))


def _is_name(name: Any) -> bool:
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
        return False
    try:
        read_phrase(_spoken(name))
    except PhraseError:
        return False
    return "*" not in name


def _spoken(name: str) -> str:
    """A name as a phrase of plain words: "Bright & Co. Lamps" is looked for as "bright co lamps"."""
    kept = "".join(letter if letter.isalnum() or letter in "'’*" else " " for letter in name)
    return " ".join(kept.split())
