"""Two people's changes to one document."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.protocols.merging import MINE, THEIRS, merge, parts

BASE: dict[str, Any] = {
    "name": "Late",
    "team": "Recovery",
    "guardrails": {"max_cases": 3, "cooldown_hours": 24},
    "actions": [{"do": "note", "text": "a"}],
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**BASE, **changes}


def test_changes_at_different_places_are_both_kept() -> None:
    theirs = changed(guardrails={"max_cases": 5, "cooldown_hours": 24})
    mine = changed(guardrails={"max_cases": 3, "cooldown_hours": 12}, team="Care")

    merged = merge(BASE, theirs, mine)

    assert merged == changed(guardrails={"max_cases": 5, "cooldown_hours": 12}, team="Care")
    assert not any(part.clash for part in parts(BASE, theirs, mine))


def test_two_changes_of_one_place_clash_and_a_person_chooses() -> None:
    theirs, mine = changed(team="Care"), changed(team="Gold")

    (part,) = parts(BASE, theirs, mine)

    assert part.clash
    assert (part.path, part.base, part.theirs, part.mine) == ("team", "Recovery", "Care", "Gold")
    assert merge(BASE, theirs, mine, {"team": THEIRS})["team"] == "Care"
    assert merge(BASE, theirs, mine, {"team": MINE})["team"] == "Gold"


def test_the_same_change_by_both_is_no_clash() -> None:
    both = changed(team="Care")

    (part,) = parts(BASE, both, both)

    assert not part.clash
    assert merge(BASE, both, both) == both


def test_a_list_is_one_place() -> None:
    theirs = changed(actions=[{"do": "note", "text": "b"}])
    mine = changed(actions=[{"do": "note", "text": "a"}, {"do": "priority", "to": "high"}])

    assert [part.path for part in parts(BASE, theirs, mine)] == ["actions"]
    assert merge(BASE, theirs, mine, {"actions": THEIRS}) == theirs


@pytest.mark.parametrize("choice", [THEIRS, MINE])
def test_what_one_took_away_can_stay_away_or_come_back(choice: str) -> None:
    theirs = {name: value for name, value in BASE.items() if name != "team"}

    merged = merge(BASE, theirs, changed(team="Care"), {"team": choice})

    assert merged.get("team") == (None if choice == THEIRS else "Care")


def test_a_part_that_is_new_on_their_side_is_taken_in() -> None:
    theirs = changed(targets={"recovery_hours": 8})

    assert merge(BASE, theirs, BASE)["targets"] == {"recovery_hours": 8}


documents = st.fixed_dictionaries(
    {"name": st.sampled_from("ab"), "guardrails": st.dictionaries(st.sampled_from("xy"), st.integers(0, 2))},
    optional={"team": st.sampled_from("tu")},
)


@given(base=documents, other=documents)
def test_changes_of_one_side_alone_are_taken_as_they_are(base: dict[str, Any], other: dict[str, Any]) -> None:
    def filled(document: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in document.items() if value != {}}

    assert filled(merge(base, other, base)) == filled(other)
    assert filled(merge(base, base, other)) == filled(other)
