"""`kintsugi protocol backtest` and `plan`: stored protocols and files replayed over what a desk's tickets were like."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from app.cli import main
from app.factory import build
from app.protocols.evaluation import Evaluation, Snapshot
from app.publishing import import_documents
from app.settings import load
from app.store import evaluations, schema
from app.store.models import TrackedTicket
from tests.seeds import NOW, add_desk

Run = Callable[..., Result]

DOCUMENT = """\
name: Low scores
cause: unknown
criteria: {all: [{field: score, operator: at_most, value: 40}]}
tags: [low_score]
actions: [{do: tag, add: low_score}, {do: note, text: Please call.}]
"""
SPAN = ("--from", "2026-03-01", "--to", "2026-03-11")
SCORES = (10, 20, 30, 35, 55, 80)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a desk, a stored protocol, and a look at one ticket of each score, a day apart."""
    folder = tmp_path_factory.mktemp("house")
    parts = build(load({}, data_dir=folder))
    schema.migrate(parts.database)
    desk_id = add_desk(parts.database)
    with parts.database.desk(desk_id) as session:
        import_documents(session, desk_id, [DOCUMENT])
        for number, score in enumerate(SCORES):
            tracked = TrackedTicket(desk_id=desk_id, ticket_id=str(4700 + number), tags=[])
            session.add(tracked)
            session.flush()
            at = NOW + timedelta(days=number)
            facts = {"score": score, "state": "poor_worsening", "cause": "unknown"}
            known = Evaluation(tracked_id=tracked.id, ticket_id=tracked.ticket_id, at=at, as_of=at, facts=facts,
                               ticket=Snapshot(status="open"))  # fmt: skip
            evaluations.record(session, tracked, known)
    parts.database.close()
    return folder


@pytest.fixture
def run(tmp_path: Path, house: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command in this process on a data directory of its own."""
    shutil.copytree(house, tmp_path / "house")
    for name in [name for name in os.environ if name.startswith("KINTSUGI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(tmp_path / "house"))
    handlers, level = logging.root.handlers[:], logging.root.level
    yield lambda *words: CliRunner().invoke(main, ["protocol", *(str(word) for word in words)])
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def told(said: Result) -> dict[str, Any]:
    assert said.exit_code == 0, said.output
    document: dict[str, Any] = json.loads(said.stdout)
    return document


@pytest.mark.capability("N5")
def test_a_stored_protocol_is_replayed_by_its_name(run: Run) -> None:
    found = told(run("backtest", "Low scores", *SPAN, "--json"))

    assert [case["ticket_id"] for case in found["cases"]] == ["4700", "4701", "4702", "4703"]
    figures = found["figures"]
    assert (figures["cases"], figures["notes"], figures["helpdesk_writes"]) == (4, 4, 4)
    assert figures["tags_added"] == {"low_score": 4}


def test_a_file_is_replayed_as_well(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "lower.yaml"
    file.write_text(DOCUMENT.replace("value: 40", "value: 15"), encoding="utf-8")

    found = told(run("backtest", file, *SPAN, "--json"))

    assert found["figures"]["cases"] == 1


def test_people_read_the_same_in_lines(run: Run) -> None:
    said = run("backtest", "Low scores", *SPAN)

    assert "tickets 4, cases 4" in said.stdout
    assert "ticket 4700 at 2026-03-02T09:00:00+00:00: The criteria hold: score is at most 40 (it is 10)." in said.stdout
    assert "note: Nothing is kept from before 2026-03-02 09:00 UTC" in said.stdout


def test_what_the_live_engine_did_stands_beside_it(run: Run) -> None:
    found = told(run("backtest", "Low scores", *SPAN, "--compare", "--json"))

    assert (found["figures"]["cases"], found["live"]["cases"]) == (4, 0)


def test_a_canary_is_replayed_on_its_share(run: Run) -> None:
    some = told(run("backtest", "Low scores", *SPAN, "--canary", "0.5", "--json"))["figures"]["cases"]

    assert 0 < some < 4


@pytest.mark.capability("CRI-03")
def test_the_planner_counts_what_a_replay_of_each_threshold_counts(run: Run, tmp_path: Path) -> None:
    thresholds = [word for one in (15, 32, 60) for word in ("--threshold", one)]

    planned = told(
        run("plan", "Low scores", *thresholds, *SPAN, "--minutes", 30, "--hourly-cost", 20, "--hours", 0.15, "--json")
    )

    replayed = []
    for threshold in (15, 32, 60):
        file = tmp_path / f"{threshold}.yaml"
        file.write_text(DOCUMENT.replace("value: 40", f"value: {threshold}"), encoding="utf-8")
        replayed.append(told(run("backtest", file, *SPAN, "--json"))["figures"]["cases"])
    assert [one["cases"] for one in planned["options"]] == replayed == [1, 3, 5]
    assert [one["cases_per_day"] for one in planned["options"]] == [0.1, 0.3, 0.5]
    assert [round(one["cost_per_day"], 6) for one in planned["options"]] == [1.0, 3.0, 5.0]
    assert [one["fits"] for one in planned["options"]] == [True, True, False]


def test_the_plan_reads_a_line_for_each_threshold(run: Run) -> None:
    said = run("plan", "Low scores", "--threshold", 15, *SPAN, "--hours", 0)

    assert said.stdout == (
        "score 15: 0.1 cases a day (most on one: 1), 0.0 hours, 0.00 in money; more than there are hours\n"
    )


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("backtest", "No such"), "No such: cannot be read"),
        (("backtest", "Low scores", "--version", "9"), '"Low scores" has no version 9'),
        (("backtest", "Low scores", "--canary", "1"), "--canary must be above 0 and below 1"),
        (("backtest", "Low scores", "--from", "2026-03-11", "--to", "2026-03-01"), "--from has to be before --to"),
        (("backtest", "pack:retail"), "holds"),
        (("plan", "Low scores", "--threshold", "200"), "a threshold on score must be from 0 to 100"),
        (("plan", "Low scores", "--threshold", "2", "--field", "reopens"), "has no threshold on 'reopens'"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(run: Run, words: tuple[str, ...], problem: str) -> None:
    said = run(*words)

    assert said.exit_code == 1
    assert problem in said.output


@pytest.mark.parametrize("moment", ["yesterday", "2026-03-01T09:00"])
def test_a_moment_that_is_none_is_refused_as_usage(run: Run, moment: str) -> None:
    said = run("backtest", "Low scores", "--from", moment)

    assert said.exit_code == 2
    assert moment in said.output


@pytest.mark.parametrize(
    ("words", "state"), [(("--shadow",), "shadow"), (("--canary", "0.2"), "canary"), ((), "published")]
)
def test_a_version_is_put_in_force_as_far_as_asked(
    run: Run, tmp_path: Path, words: tuple[str, ...], state: str
) -> None:
    file = tmp_path / "lower.yaml"
    file.write_text(DOCUMENT.replace("value: 40", "value: 15"), encoding="utf-8")
    for before in (("publish", "Low scores", "--offline"), ("import", file)):
        assert run(*before).exit_code == 0

    said = run("publish", "Low scores", *words, "--offline", "--json")

    (stored,) = json.loads(said.stdout)
    assert (stored["version"], stored["state"]) == (2, state)


def test_a_version_that_is_in_force_on_all_tickets_is_no_trial(run: Run) -> None:
    run("publish", "Low scores", "--offline")

    said = run("publish", "Low scores", "--canary", "0.5", "--offline")

    assert said.exit_code == 1
    assert "is in force on all tickets already" in said.output


@pytest.mark.parametrize("words", [("--canary", "1.5"), ("--canary", "0.5", "--shadow")])
def test_a_share_that_is_none_is_refused(run: Run, words: tuple[str, ...]) -> None:
    said = run("publish", "Low scores", *words, "--offline")

    assert said.exit_code == 1
    assert "share: must be" in said.output
