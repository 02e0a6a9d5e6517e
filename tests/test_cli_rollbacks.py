"""Taking protocols back, and asking why, at a terminal."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from app.cli import main
from app.factory import build
from app.protocols.evaluation import Evaluation, Snapshot
from app.settings import load
from app.store import evaluations, protocols, schema, steps, tracked_tickets
from app.store.database import Database
from app.store.models import StepState
from tests import seeds
from tests.seeds import NOW, Seeded

Run = Callable[..., Result]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(tmp_path / "house"))
    parts = build(load({}, data_dir=tmp_path / "house"))
    schema.migrate(parts.database)
    yield parts.database
    parts.database.close()


@pytest.fixture
def story(database: Database) -> Seeded:
    """A believable desk, on which something is known of the quiet ticket."""
    found = seeds.add_story(database, seeds.add_desk(database))
    with database.desk(found.desk_id) as session:
        quiet = tracked_tickets.find_by_ticket(session, found.quiet_ticket_id)
        assert quiet is not None
        facts = {"state": "poor_improving", "score": 38, "cause": "shipping_delay"}
        known = Evaluation(
            tracked_id=quiet.id, ticket_id=quiet.ticket_id, at=NOW, as_of=NOW, facts=facts, ticket=Snapshot()
        )
        evaluations.record(session, quiet, known)
    return found


@pytest.fixture
def run(story: Seeded) -> Iterator[Run]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield lambda *words: CliRunner().invoke(main, [str(word) for word in words])
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def document(said: Result) -> Any:
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


def raise_priority(database: Database, story: Seeded) -> None:
    """One step of the seeded case has changed the ticket."""
    with database.desk(story.desk_id) as session:
        step = steps.of_case(session, story.case_id)[0]
        step.state, step.receipt = StepState.DONE, "7"
        step.change = {"before": {"priority": "low"}, "after": {"priority": "high"}}


class TestRollback:
    def test_takes_the_only_version_out_of_force_and_says_what_is_missing_then(self, run: Run, database: Database):
        told = document(run("protocol", "rollback", "Late parcel", "--reason", "wrong", "--json"))

        assert (told["protocol"], told["withdrawn"], told["to"], told["undo"]) == ("Late parcel", [1], None, False)
        assert (told["by"], told["reason"], told["finished"]) == ("command line", "wrong", True)
        assert (told["reverted"], told["kept"]) == ([], [])

    def test_plans_what_is_to_be_set_back_and_tells_how_far_it_is(self, run: Run, database: Database, story: Seeded):
        raise_priority(database, story)

        told = document(
            run("protocol", "rollback", "Late parcel", "--undo", "--reason", "wrong", "--wait", "0", "--json")
        )
        listed = document(run("protocol", "rollbacks", "--json"))
        said = run("protocol", "rollbacks", told["id"])

        assert (told["tickets"], told["waiting"], told["finished"]) == (1, 1, False)
        assert [one["id"] for one in listed] == [told["id"]]
        assert "1 tickets to set back, 1 of them still waiting" in said.output

    def test_says_in_words_what_was_withdrawn(self, run: Run):
        said = run("protocol", "rollback", "Late parcel", "--reason", "It was wrong.", "--wait", "0")

        assert said.exit_code == 0
        assert "1: Late parcel, version 1 withdrawn by command line; no version of it is in force" in said.output

    @pytest.mark.parametrize(
        ("words", "code", "says"),
        [
            (("rollback", "Late parcel"), 2, "--reason"),
            (("rollback", "Late parcel", "--reason", "  "), 1, "reason: is missing"),
            (("rollback", "No such", "--reason", "x"), 1, 'there is no protocol "No such"'),
            (("rollback", "Late parcel", "--to", "0", "--reason", "x"), 2, "--to"),
            (("rollback", "Late parcel", "--to", "9", "--reason", "x"), 1, "there is no version 9"),
            (("rollbacks", "7"), 1, "there is no rollback 7"),
        ],
    )
    def test_says_what_cannot_be_done(self, run: Run, words, code, says):
        said = run("protocol", *words)

        assert said.exit_code == code
        assert says in said.output

    def test_nothing_was_ever_rolled_back(self, run: Run):
        assert "Nothing was ever rolled back." in run("protocol", "rollbacks").output


@pytest.mark.capability("N15")
class TestWhy:
    def test_names_each_condition_with_what_was_found(self, run: Run, story: Seeded):
        (told,) = document(run("why", story.quiet_ticket_id, "--protocol", "Late parcel", "--json"))["answers"]

        found = {one["field"]: (one["actual"], one["passed"]) for one in told["conditions"]}
        assert (found["state"], found["score"]) == (("poor_improving", False), (38, True))
        assert {(one["state"], one["reason"]) for one in told["steps"]} == {("not_planned", told["reason"])}

    def test_says_so_in_words(self, run: Run, story: Seeded):
        said = run("why", story.quiet_ticket_id).output

        assert "no   state is poor_worsening (it is poor_improving)" in said
        assert "yes  score is at most 40 (it is 38)" in said
        assert "not_planned" in said

    def test_says_where_nothing_is_known(self, run: Run):
        assert "Nothing is known of ticket 4713 yet: the customer has not written anything" in run("why", "4713").output

    @pytest.mark.parametrize(
        ("words", "code", "says"),
        [
            (("999",), 1, 'no ticket "999" is known here'),
            (("4712", "--protocol", "No such"), 1, 'there is no protocol "No such"'),
            (("4712", "--version", "1"), 2, "--version needs --protocol"),
        ],
    )
    def test_says_what_there_is_not(self, run: Run, words, code, says):
        said = run("why", *words)

        assert said.exit_code == code
        assert says in said.output


def test_the_version_in_force_is_retired_by_a_rollback(run: Run, database: Database, story: Seeded) -> None:
    run("protocol", "rollback", "Late parcel", "--reason", "wrong")

    with database.desk(story.desk_id, read=True) as session:
        assert protocols.in_force(session) == []


def test_history_tells_who_why_and_what_differs(run: Run) -> None:
    run("protocol", "rollback", "Late parcel", "--reason", "It was wrong.")

    (told,) = document(run("protocol", "history", "Late parcel", "--json"))
    said = run("protocol", "history", "Late parcel")

    assert (told["kind"], told["version"], told["previous"]) == ("withdrawn", None, 1)
    assert (told["by"], told["reason"]) == ("command line", "It was wrong.")
    assert {line["change"] for line in told["diff"]} == {"removed"}
    assert "withdrawn: version none, before it 1, by command line. It was wrong." in said.output
    assert "- name: Late parcel" in said.output


def test_history_of_what_there_is_not_is_a_problem(run: Run) -> None:
    said = run("protocol", "history", "No such")

    assert said.exit_code == 1
    assert 'there is no protocol "No such"' in said.output
