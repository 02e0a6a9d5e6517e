"""`kintsugi protocol examples`: example tickets put to documents, without a database or a helpdesk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import main

LATE = """
name: Late parcel
cause: shipping_delay
criteria: {all: [{field: waiting_hours, operator: above, value: 4}]}
actions: [{do: priority, to: high}]
"""
TICKETS = """
- {about: waited long, facts: {cause: shipping_delay, waiting_hours: 9}, opens: Late parcel}
- {about: waited a little, facts: {cause: shipping_delay, waiting_hours: 3}, opens: Late parcel}
"""


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["protocol", "examples", *map(str, words)])


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


@pytest.mark.capability("CRI-06")
@pytest.mark.parametrize("name", ["financial", "healthcare", "marketplace", "retail", "subscription", "telecom"])
def test_a_pack_is_put_to_its_own(name):
    said = run(f"pack:{name}", "--json")

    document = json.loads(said.stdout)
    assert (said.exit_code, document["ok"]) == (0, True)
    assert len(document["examples"]) >= 10
    assert set(document["examples"][0]) == {"about", "expected", "opened", "ok", "why"}


def test_what_is_not_met_is_told_with_the_reason(written):
    said = run(written("late.yaml", LATE), "--tickets", written("tickets.yaml", TICKETS))

    assert said.exit_code == 1
    assert said.stdout.splitlines() == [
        "ok      waited long: Late parcel",
        "NOT MET waited a little: no case, expected Late parcel",
        "        Late parcel: Not eligible: it wants waiting_hours is above 4 (it is 3).",
        "2 examples, 1 not as expected",
    ]


def test_files_want_to_be_told_which_examples(written):
    said = run(written("late.yaml", LATE))

    assert said.exit_code == 2
    assert "--tickets" in said.stderr


@pytest.mark.parametrize(
    ("document", "tickets", "line"),
    [
        (LATE, "- {about: a, facts: {scor: 1}, opens: null}", "tickets.yaml: [0].facts: scor is not a fact"),
        ("name: Late", TICKETS, "late.yaml: criteria: is missing"),
        (LATE, "\xff", "tickets.yaml: document: must be a list"),
    ],
)
def test_what_is_broken_is_told_with_file_and_path(document, tickets, line, written):
    said = run(written("late.yaml", document), "--tickets", written("tickets.yaml", tickets))

    assert said.exit_code == 1
    assert line in said.stderr


@pytest.mark.parametrize("word", ["pack:nonsense", "pack:default"])
def test_a_pack_without_examples_is_named(word):
    said = run(word)

    assert said.exit_code == 1
    assert word.removeprefix("pack:") in said.stderr
