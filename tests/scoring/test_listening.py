"""What an admin says to listen for, checked as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from app.scoring.listening import read_listening
from app.scoring.taxonomy import TaxonomyError

GOOD: dict[str, Any] = {
    "taxonomy": "retail",
    "causes": [{"name": "cold_food", "parent": "product_fault", "examples": ["My food was cold"]}],
    "vendors": [{"name": "Soft Sofa"}],
    "tiers": {"gold": 1, "silver": 0.5},
    "learn_causes": True,
}


def test_a_sound_document_is_what_is_stored() -> None:
    assert read_listening(GOOD) == GOOD


def test_what_is_left_out_is_taken_away() -> None:
    assert read_listening({}) == dict.fromkeys(GOOD)


def test_every_slip_in_every_part_is_told_at_once() -> None:
    bad = {
        "taxonomy": ["retail"],
        "causes": [{"name": "x", "parent": "y"}],
        "vendors": [{"name": ""}],
        "tiers": {"gold": 2, "silver": True},
        "learn_causes": "yes",
        "colour": "red",
    }

    with pytest.raises(TaxonomyError) as caught:
        read_listening(bad)

    paths = [slip.partition(":")[0] for slip in caught.value.slips]
    assert paths == [
        "colour", "taxonomy", "causes[0].parent", "vendors[0].name", "tiers.gold", "tiers.silver", "learn_causes",
    ]  # fmt: skip
    assert "tiers.gold: must be a number from 0 to 1: 2" in caught.value.slips


@pytest.mark.parametrize(
    ("document", "slip"),
    [([], r"document: must be a mapping with taxonomy, .*: \[\]"), ({"tiers": 7}, "tiers: must be a mapping")],
)
def test_a_document_of_another_shape_is_refused(document: Any, slip: str) -> None:
    with pytest.raises(TaxonomyError, match=slip):
        read_listening(document)
