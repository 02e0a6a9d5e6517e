"""What a desk's admin says to listen for, as one document: trade, own causes, vendors, tiers. Checked as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.scoring.taxonomy import DEFAULT, TaxonomyError, load_taxonomy, parse_causes, quoted
from app.scoring.vendors import parse_vendors

KEYS = ("taxonomy", "causes", "vendors", "tiers", "learn_causes")
MOST_TIERS = 100


def read_listening(document: Any) -> dict[str, Any]:
    """The settings that such a document sets; None takes one away, so that the document is the whole truth.

    Raises TaxonomyError with every slip as `path: message: value`.
    """
    if not isinstance(document, Mapping):
        raise TaxonomyError([f"document: must be a mapping with {', '.join(KEYS)}: {quoted(document)}"])
    slips = [f"{key}: must be one of {', '.join(KEYS)}: {quoted(key)}" for key in document if key not in KEYS]
    slips += _slips(load_taxonomy, str(document.get("taxonomy", DEFAULT)))
    slips += _slips(parse_causes, document.get("causes", []))
    slips += _slips(parse_vendors, document.get("vendors", []))
    slips += _tier_slips(document.get("tiers", {}))
    if not isinstance(document.get("learn_causes", False), bool):
        slips.append(f"learn_causes: must be true or false: {quoted(document['learn_causes'])}")
    if slips:
        raise TaxonomyError(slips)
    return {key: document.get(key) for key in KEYS}


def _slips(read: Callable[[Any], object], value: Any) -> tuple[str, ...]:
    try:
        read(value)
    except TaxonomyError as error:
        return error.slips
    return ()


def _tier_slips(tiers: Any) -> list[str]:
    if not isinstance(tiers, Mapping) or len(tiers) > MOST_TIERS:
        return [f"tiers: must be a mapping of at most {MOST_TIERS} names to shares: {quoted(tiers)}"]
    return [
        f"tiers.{name}: must be a number from 0 to 1: {quoted(share)}"
        for name, share in tiers.items()
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1
    ]
