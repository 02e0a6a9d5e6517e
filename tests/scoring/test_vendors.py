"""The vendor of an order."""

from __future__ import annotations

from typing import Any

import pytest

from app.scoring.causes import TicketSays, conclude
from app.scoring.gathering import Gathered, Lens, gather
from app.scoring.taxonomy import TaxonomyError, load_taxonomy
from app.scoring.vendors import VendorSource, identify, parse_vendors

LISTED = parse_vendors([{"name": "Bright & Co. Lamps", "aliases": ["BCL"]}, {"name": "Soft Sofa"}])
LENS = Lens(load_taxonomy(), LISTED)


def named(words: str, says: TicketSays | None = None) -> tuple[str, VendorSource] | None:
    found = conclude(gather(Gathered(), "1", words, LENS), LENS, says).vendor
    return (found.name, found.source) if found else None


@pytest.mark.capability("DET-16")
@pytest.mark.parametrize(
    ("words", "says", "expected"),
    [
        ("Hello", TicketSays(vendor="soft sofa"), ("Soft Sofa", VendorSource.FIELD)),
        ("Hello", TicketSays(vendor=" ", order_vendor="bcl"), ("Bright & Co. Lamps", VendorSource.ORDER)),
        ("Hello", TicketSays(vendor="Someone  new"), ("Someone new", VendorSource.FIELD)),
        ("The lamp by Bright & Co. Lamps broke", None, ("Bright & Co. Lamps", VendorSource.WORDS)),
        ("I bought it from BCL", TicketSays(order_vendor="Soft Sofa"), ("Soft Sofa", VendorSource.ORDER)),
        ("BCL and Soft Sofa", None, None),
        ("A soft chair", None, None),
    ],
)
def test_what_was_filled_in_comes_before_what_is_mentioned(
    words: str, says: TicketSays | None, expected: tuple[str, VendorSource] | None
) -> None:
    assert named(words, says) == expected


def test_a_mention_is_shown_with_its_message() -> None:
    found = conclude(gather(Gathered(), "m7", "My BCL lamp is dark", LENS), LENS).vendor

    assert found is not None
    assert (found.message_id, found.evidence) == ("m7", "“My BCL lamp is dark”")


def test_without_any_hint_there_is_no_vendor() -> None:
    assert identify(field=None, order=None, named=None, vendors=()) is None


@pytest.mark.parametrize(
    ("value", "slip"),
    [
        ("x", "vendors: must be a list of at most 500 vendors: 'x'"),
        (["x"], r"vendors\[0\]: must be a mapping: 'x'"),
        ([{"name": ""}], r"vendors\[0\].name: must be a name of words"),
        ([{"name": "***"}], r"vendors\[0\].name: must be a name of words"),
        ([{"name": "Lamp*"}], r"vendors\[0\].name: must be a name of words"),
        ([{"name": "Lamps", "aliases": "BCL"}], r"vendors\[0\].aliases: must be a list"),
        ([{"name": "Lamps", "aliases": [4]}], r"vendors\[0\].aliases\[0\]: must be a name of words.*: 4"),
        ([{"name": "Lamps", "phone": "1"}], r"vendors\[0\].phone: must be one of aliases, name: 'phone'"),
    ],
)
def test_a_slip_in_the_list_is_told_with_its_path(value: Any, slip: str) -> None:
    with pytest.raises(TaxonomyError, match=slip):
        parse_vendors(value)
