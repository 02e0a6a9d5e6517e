"""Example tickets as an admin writes them, and what protocols say about them."""

from __future__ import annotations

import pytest

from app.protocols.errors import DocumentError
from app.protocols.examples import Example, read_examples, try_examples
from tests.protocols.make import NOW, condition, protocol

LATE = """
- about: A late parcel
  facts: {score: 12, tags: [vip, eu], assigned: false}
  opens: Late parcels
- about: All is well
  facts: {}
  opens: null
"""


def test_examples_are_read_with_lists_as_sets():
    late, well = read_examples(LATE)

    assert late == Example(
        about="A late parcel",
        facts={"score": 12, "tags": frozenset({"vip", "eu"}), "assigned": False},
        opens="Late parcels",
    )
    assert (well.facts, well.opens) == ({}, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("about: one", "document: must be a list of 1 to 500 examples"),
        ("[]", "document: must be a list of 1 to 500 examples"),
        ("- 7", "[0]: must be a mapping with about, facts and opens"),
        ("- {about: a, facts: {}}", "[0].opens: is missing"),
        ("- {about: a, facts: {}, opens: null, then: x}", "[0].then: is not a known field"),
        ("- {about: 3, facts: {}, opens: null}", "[0].about: must be text of 1 to 200 characters"),
        ("- {about: a, facts: {}, opens: 4}", "[0].opens: must be a protocol's name, or null for none"),
        ("- {about: a, facts: [score], opens: null}", "[0].facts: must be a mapping of facts to values"),
        ("- {about: a, facts: {scor: 1}, opens: null}", "[0].facts: scor is not a fact"),
        ("- {about: a, facts: {score: low}, opens: null}", "[0].facts: score must be a number"),
        ("- {about: a, facts: {tags: vip}, opens: null}", "[0].facts: tags must be a set of words"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(text, said):
    with pytest.raises(DocumentError) as caught:
        read_examples(text)

    assert [str(error) for error in caught.value.errors] == [said]


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(DocumentError) as caught:
        read_examples("[{about: a, facts: {score: low, level: bad}}, 7]")

    assert [error.path for error in caught.value.errors] == ["[0].opens", "[0].facts", "[0].facts", "[1]"]


def test_an_example_that_is_not_met_says_why():
    low = protocol(name="Low", criteria={"all": [condition("score", "at_most", 40)]})
    high = protocol(name="High", criteria={"all": [condition("score", "above", 40)]})
    example = Example(about="a middling score", facts={"score": 41}, opens="Low")

    (tried,) = try_examples([low, high], [example], NOW)

    assert (tried.opened, tried.ok) == ("High", False)
    assert tried.why == (
        "Low: Not eligible: it wants score is at most 40 (it is 41).",
        "High: The criteria hold: score is above 40 (it is 41).",
    )
