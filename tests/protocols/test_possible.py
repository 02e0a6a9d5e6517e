"""What can hold together, and what follows from what: compared with trying everything out."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.protocols import possible
from app.protocols.facts import stars
from app.protocols.protocol import Condition, Criteria
from app.protocols.rules import matches
from app.words import Level, SatState

#: A small world: every value that a condition of these tests can tell apart, and None for what is not known.
NUMBERS = (None, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)
TAGS: tuple[frozenset[str] | None, ...] = (None, frozenset(), frozenset("a"), frozenset("b"), frozenset("ab"))
STATES = (None, *SatState)


def _conditions() -> st.SearchStrategy[Condition]:
    number = st.builds(
        lambda operator, value: Condition(field="waiting_hours", operator=operator, value=value),
        st.sampled_from(["is", "is_not", "at_least", "at_most", "above", "below"]),
        st.integers(0, 3),
    )
    words = st.builds(
        lambda operator, value: Condition(field="tags", operator=operator, value=tuple(sorted(value))),
        st.sampled_from(["includes_any", "includes_all", "excludes_all"]),
        st.frozensets(st.sampled_from("ab"), min_size=1),
    )
    state = st.builds(
        lambda operator, value: Condition(field="state", operator=operator, value=str(value)),
        st.sampled_from(["is", "is_not"]),
        st.sampled_from(SatState),
    )
    level = st.builds(lambda value: Condition(field="level", operator="is", value=str(value)), st.sampled_from(Level))
    return number | words | state | level


def _criteria() -> st.SearchStrategy[Criteria]:
    some = st.lists(_conditions(), max_size=2).map(tuple)
    made = st.builds(lambda all_, any_: Criteria(all=all_, any=any_), some, some)
    return made.filter(lambda criteria: bool(criteria.conditions))


def _worlds():
    for number, tags, state in product(NUMBERS, TAGS, STATES):
        level = str(state).partition("_")[0] if state else None
        yield {"waiting_hours": number, "tags": tags, "state": state and str(state), "level": level}


WORLDS = list(_worlds())


@settings(deadline=None)
@given(_criteria(), _criteria())
def test_one_follows_from_the_other_exactly_when_it_does(first, second):
    follows = all(matches(second, world) for world in WORLDS if matches(first, world))

    assert possible.implies(first, second) is follows


@settings(deadline=None)
@given(_criteria(), _criteria())
def test_two_go_together_exactly_when_they_do(first, second):
    together = any(matches(first, world) and matches(second, world) for world in WORLDS)

    assert possible.compatible(first, second) is together


@settings(deadline=None)
@given(_criteria())
def test_criteria_are_impossible_exactly_when_they_are(criteria):
    assert (possible.impossible(criteria) is None) is any(matches(criteria, world) for world in WORLDS)


@pytest.mark.parametrize("rating", [n / 40 for n in range(41)])
def test_a_rating_and_its_stars_go_together(rating):
    both = (
        Condition(field="rating", operator="is", value=rating),
        Condition(field="rating_stars", operator="is", value=stars(rating)),
    )

    assert possible.clash(both) is None


def test_nothing_follows_from_very_long_lists_of_words():
    words = tuple(f"w{n}" for n in range(possible.MAX_SUBSETS_OF + 1))
    first = Criteria(all=(Condition(field="tags", operator="includes_all", value=words),))
    second = Criteria(all=(Condition(field="tags", operator="includes", value="w0"),))

    assert not possible.implies(first, second)
    assert possible.compatible(first, second)
