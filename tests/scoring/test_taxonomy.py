"""Classes of causes: those that ship, and an admin's own with clear errors."""

from __future__ import annotations

from typing import Any

import pytest

from app.scoring.phrasebook import read_phrase
from app.scoring.taxonomy import TaxonomyError, load_taxonomy, packaged, parse_causes, parse_taxonomy
from app.words import Cause, FaultSide


@pytest.mark.parametrize("name", packaged())
def test_a_packaged_taxonomy_has_every_shared_cause(name: str) -> None:
    taxonomy = load_taxonomy(name)

    shared = {cause.value for cause in Cause if cause is not Cause.UNKNOWN}
    assert shared <= set(taxonomy.classes)
    assert all(taxonomy.classes[cause].parent.value == cause for cause in shared)


@pytest.mark.parametrize("name", packaged())
def test_every_packaged_class_can_be_found(name: str) -> None:
    for known in load_taxonomy(name).classes.values():
        assert known.phrases
        assert known.label
        assert known.parent is not Cause.UNKNOWN
        assert all(read_phrase(phrase) for phrase in known.phrases)


def test_there_is_a_taxonomy_for_each_trade() -> None:
    assert packaged() == ("general", "retail", "saas", "travel")


def test_a_narrower_class_knows_its_cause() -> None:
    retail = load_taxonomy("retail")

    assert (retail.parent("lost_parcel"), retail.label("lost_parcel")) == (Cause.SHIPPING_DELAY, "Lost parcel")


def test_a_class_that_is_gone_is_unknown_and_still_readable() -> None:
    general = load_taxonomy()

    assert (general.parent("gone_class"), general.label("gone_class")) == (Cause.UNKNOWN, "Gone class")


def test_a_taxonomy_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(TaxonomyError, match="must be one of general, retail, saas, travel: 'shipping'"):
        load_taxonomy("shipping")


def test_an_own_class_takes_the_place_of_a_packaged_one() -> None:
    own = parse_causes([{"name": "billing", "label": "Money", "phrases": ["rent"], "fault": "vendor"}])

    extended = load_taxonomy().extended(own)

    assert (extended.label("billing"), extended.classes["billing"].fault) == ("Money", FaultSide.VENDOR)
    assert "platform" in extended.classes


GOOD: dict[str, Any] = {"name": "cold_food", "parent": "product_fault", "phrases": ["food ... cold"]}


@pytest.mark.parametrize(
    ("change", "slip"),
    [
        ({"name": "Cold Food"}, "causes[0].name: must be a word of lower-case letters, digits and _: 'Cold Food'"),
        ({"name": None}, "causes[0].name: must be a word"),
        ({"parent": "shiping"}, "causes[0].parent: must be one of shipping_delay,"),
        ({"parent": "shiping"}, ": 'shiping'"),
        ({"fault": "us"}, "causes[0].fault: must be one of platform, vendor, courier, customer, unknown: 'us'"),
        ({"vendor_fault": "yes"}, "causes[0].vendor_fault: must be true or false: 'yes'"),
        ({"phrases": "cold"}, "causes[0].phrases: must be a list of at most 200 texts: 'cold'"),
        ({"phrases": ["(cold"]}, "causes[0].phrases[0]: must be plain words"),
        ({"phrases": [7]}, "causes[0].phrases[0]: must be a text of at most 500 characters: 7"),
        ({"examples": [""]}, "causes[0].examples[0]: must be a text"),
        ({"tags": {}}, "causes[0].tags: must be a list"),
        ({"label": ""}, "causes[0].label: must be a text"),
        ({"colour": "red"}, "causes[0].colour: must be one of courier_fault, examples,"),
    ],
)
def test_a_slip_is_told_with_its_path_and_value(change: dict[str, Any], slip: str) -> None:
    with pytest.raises(TaxonomyError) as caught:
        parse_causes([GOOD | change])

    assert slip in str(caught.value)


def test_every_slip_is_told_at_once() -> None:
    with pytest.raises(TaxonomyError) as caught:
        parse_causes([GOOD, GOOD, 7, {"name": "x!"}])

    assert len(caught.value.slips) == 3
    assert caught.value.slips[-1] == "causes[1].name: is the name of another class: 'cold_food'"


@pytest.mark.parametrize("value", [None, "x", {}, [GOOD] * 201])
def test_causes_are_a_list_that_is_not_endless(value: Any) -> None:
    with pytest.raises(TaxonomyError, match="causes: must be a list of at most 200 classes"):
        parse_causes(value)


@pytest.mark.parametrize(
    ("document", "slip"),
    [
        ([], r"taxonomy: must be a mapping: \[\]"),
        ({"name": "own", "classes": [], "more": 1}, "more: must be one of classes, extends, name, sides: 'more'"),
        ({"name": "own", "classes": [], "sides": []}, ""),
        ({"name": "own", "classes": [], "sides": "x"}, "sides: must be a mapping: 'x'"),
        ({"name": "own", "classes": [], "sides": {"moon": ["dark"]}}, "sides.moon: must be one of platform"),
    ],
)
def test_a_taxonomy_document_is_checked_as_a_whole(document: Any, slip: str) -> None:
    if not slip:
        assert parse_taxonomy(document).sides == {}
        return
    with pytest.raises(TaxonomyError, match=slip):
        parse_taxonomy(document)


def test_a_long_offending_value_is_cut() -> None:
    with pytest.raises(TaxonomyError) as caught:
        parse_causes([GOOD | {"label": "x" * 501}])

    assert len(caught.value.slips[0]) < 150
