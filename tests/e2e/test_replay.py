"""Conversations played through the whole product: `kintsugi replay`, as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.words import SatState
from tests.e2e.outcome import CONVERSATIONS, SURVEY, read_outcome, said_twice
from tests.e2e.playing import own_environment, replay

STATE_TAGS = {f"sat_{state}" for state in SatState}
STAGES = {"recovered", "lost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A replay that has ended, and the same again."""

    report: dict[str, Any]
    outcome: dict[str, Any]
    again: dict[str, Any]
    outcome_again: dict[str, Any]
    twice: list[str]

    @property
    def cases(self) -> list[dict[str, Any]]:
        return [case for ticket in self.outcome["tickets"].values() for case in ticket["cases"]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("replay")
    report = replay(CONVERSATIONS, folder)
    outcome = read_outcome(folder)
    again = replay(CONVERSATIONS, folder)
    return Played(
        report=report,
        outcome=outcome,
        again=again,
        outcome_again=read_outcome(folder),
        twice=said_twice(folder),
    )


@pytest.fixture(scope="module")
def conversations() -> dict[str, dict[str, Any]]:
    lines = CONVERSATIONS.read_text(encoding="utf-8").splitlines()
    return {one["id"]: one for one in map(json.loads, lines)}


def customer_turns(conversation: dict[str, Any]) -> int:
    return sum(turn["role"] == "customer" for turn in conversation["turns"])


def test_the_report_has_the_documented_keys(played: Played):
    report = played.report

    assert list(report) == [
        "conversations", "deliveries", "rescored", "states", "cases", "steps", "surveys", "helpdesk", "seconds",
    ]  # fmt: skip
    assert set(report["states"]) == set(SatState)
    assert set(report["surveys"]) == {"sent", "answered"}
    assert set(report["helpdesk"]) == {"reads", "writes"}


@pytest.mark.capability("DET-01")
def test_every_customer_message_is_scored_by_itself(played: Played, conversations: dict[str, dict[str, Any]]):
    scored = {
        name: sum(score["because"] == "message" for score in ticket["scores"])
        for name, ticket in played.outcome["tickets"].items()
    }

    assert scored == {name: customer_turns(one) for name, one in conversations.items()}
    assert played.report["rescored"] == sum(scored.values())


@pytest.mark.capability("SCO-04")
def test_every_ticket_carries_the_one_state_tag_of_our_record(played: Played):
    tags = {
        name: [tag for tag in ticket["tags"] if tag in STATE_TAGS]
        for name, ticket in played.outcome["helpdesk"].items()
    }

    assert tags == {name: [f"sat_{ticket['state']}"] for name, ticket in played.outcome["tickets"].items()}
    assert played.report["states"] == {
        state: sum(tag == [f"sat_{state}"] for tag in tags.values()) for state in SatState
    }


def test_unhappy_customers_get_a_case_and_content_ones_do_not(played: Played):
    with_case = {name for name, ticket in played.outcome["tickets"].items() if ticket["cases"]}

    assert {"late-lamp", "broken-kettle", "wrong-colour", "late-rating"} <= with_case
    assert with_case.isdisjoint({"thanks-size", "quiet-order"})
    assert played.report["cases"] == len(played.cases)


def test_every_step_of_every_case_was_performed(played: Played):
    states = Counter(step["state"] for case in played.cases for step in case["steps"])

    assert set(states) == {"done"}
    assert played.report["steps"] == dict(states)


def test_a_case_shows_at_the_helpdesk(played: Played):
    lamp = played.outcome["helpdesk"]["late-lamp"]

    notes = [text for _, _, public, text in lamp["comments"] if not public]
    assert len(notes) == 1
    assert "The satisfaction score is" in notes[0]
    assert lamp["priority"] == "high"
    assert lamp["group_id"] is not None


@pytest.mark.capability("FOL-04")
def test_every_case_is_asked_once_and_ends_as_its_customer_answered(played: Played):
    surveys = [survey for case in played.cases for survey in case["surveys"]]
    verdicts = {case["stage"]: case["answers"][0]["value"] for case in played.cases}

    assert {survey["state"] for survey in surveys} == {"answered"}
    assert {case["stage"] for case in played.cases} == STAGES
    assert verdicts["lost"] < 0.6 <= verdicts["recovered"]
    assert played.report["surveys"] == {"sent": len(surveys), "answered": len(surveys)}


def test_what_a_customer_answered_shows_on_the_ticket(played: Played):
    for name, ticket in played.outcome["tickets"].items():
        ends = {f"recovery_{case['stage']}" for case in ticket["cases"]}
        tags = {tag for tag in played.outcome["helpdesk"][name]["tags"] if tag.startswith("recovery_")}
        assert tags == ends, name


def test_nothing_was_said_twice(played: Played):
    asked = Counter(recipient for recipient, subject, _ in played.outcome["mails"] if subject == SURVEY)

    assert played.twice == []
    assert set(asked.values()) == {1}


def test_own_times_are_kept_and_others_are_ten_minutes_apart(played: Played):
    def times(name: str, author: str) -> list[str]:
        return [one["at"][5:16] for one in played.outcome["tickets"][name]["messages"] if one["author"] == author]

    assert times("own-times", "customer") == ["01-05 09:00", "01-05 16:30", "01-06 10:00"]
    assert times("thanks-size", "customer") == ["01-05 09:00", "01-05 09:20"]


def test_a_second_run_changes_nothing(played: Played):
    varying = {"deliveries", "helpdesk", "seconds"}

    assert played.again["helpdesk"]["writes"] == 0
    assert {name: played.again[name] for name in played.again if name not in varying} == {
        name: played.report[name] for name in played.report if name not in varying
    }
    assert played.outcome_again["helpdesk"] == played.outcome["helpdesk"]
    assert played.outcome_again["mails"] == played.outcome["mails"]
    assert without_look(played.outcome_again) == without_look(played.outcome)


def without_look(outcome: dict[str, Any]) -> dict[str, Any]:
    """Our record but for when it was last looked at."""
    return {name: {**ticket, "scored_at": None} for name, ticket in outcome["tickets"].items()}


def test_a_broken_line_is_named_before_anything_is_played(tmp_path: Path):
    file = tmp_path / "broken.jsonl"
    first = CONVERSATIONS.read_text(encoding="utf-8").splitlines()[0]
    file.write_text(f'{first}\n{{"id": "x", "turns": [{{"role": "customer"}}]}}\n', encoding="utf-8")

    said = subprocess.run(
        [sys.executable, "-m", "app.cli", "replay", str(file), "--json"],
        env=own_environment(tmp_path / "data"),
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert said.returncode == 1
    assert said.stdout == ""
    assert "line 2: turns[0].text: must be a string" in said.stderr
    assert not (tmp_path / "data" / "replay").exists()
