"""Two documents beside each other, line by line."""

from __future__ import annotations

from app.protocols.difference import Change, compare

OLD = """\
name: Late parcels
criteria:
  all:
    - {field: score, operator: at_most, value: 40}
actions:
  - {do: priority, to: high}
"""


def test_a_changed_value_is_a_line_taken_away_and_one_added() -> None:
    lines = compare(OLD, OLD.replace("value: 40", "value: 35"))

    assert [line.text.strip() for line in lines if line.change is Change.REMOVED] == ["value: 40"]
    assert [line.text.strip() for line in lines if line.change is Change.ADDED] == ["value: 35"]


def test_another_layout_of_the_same_is_no_difference() -> None:
    assert compare(OLD, "# a comment\n" + OLD.replace("{do: priority, to: high}", "do: priority\n    to: high")) == ()


def test_a_first_version_is_added_as_a_whole() -> None:
    lines = compare(None, OLD)

    assert {line.change for line in lines} == {Change.ADDED}
    assert lines[0].text == "name: Late parcels"


def test_what_cannot_be_read_is_compared_as_it_stands() -> None:
    lines = compare("criteria: 7\n", "criteria: 8\n")

    assert [(line.change, line.text) for line in lines] == [
        (Change.REMOVED, "criteria: 7"),
        (Change.ADDED, "criteria: 8"),
    ]


def test_changes_far_apart_have_a_gap_between_them() -> None:
    long = OLD.replace(
        "actions:\n", "actions:\n" + "".join(f"  - {{do: note, text: n{n}}}\n" for n in range(12))
    ).replace("name: Late parcels", "name: Later parcels")

    lines = compare(long, long.replace("Later", "Late").replace("to: high", "to: urgent"))

    assert [line.change for line in lines].count(Change.GAP) == 1
