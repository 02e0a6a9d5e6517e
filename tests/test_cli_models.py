"""`kintsugi model`: list, learn, show, promote, roll back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import cli, factory, settings
from app.scoring.model import DEFAULT_PRIOR
from app.store import schema
from app.store.database import Database
from tests import seeds
from tests.tasks.rated import add_rated

Run = Callable[..., Result]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("KINTSUGI_LOG_LEVEL", "error")
    parts = factory.build(settings.load())
    schema.migrate(parts.database)
    yield parts.database
    parts.database.close()


@pytest.fixture
def desk_id(database: Database) -> int:
    return seeds.add_desk(database)


@pytest.fixture
def run(desk_id: int) -> Run:
    return lambda *words: CliRunner().invoke(cli.main, ["model", *words])


def test_nothing_is_learned_without_ratings(run: Run) -> None:
    answer = run("learn")

    assert answer.exit_code == 1
    assert "no rating to learn from yet" in answer.output


def test_the_prior_is_in_force_at_first(run: Run) -> None:
    assert json.loads(run("show", "--json").output) == {"version": None, "prior": DEFAULT_PRIOR}
    assert "The prior is in force" in run("show").output
    assert "0 ratings were stored" in run("list").output


@pytest.mark.capability("SCO-05")
def test_learning_says_what_it_found_and_why(run: Run, database: Database, desk_id: int) -> None:
    add_rated(database, desk_id, 50)

    answer = run("learn", "--json")

    document = json.loads(answer.output)
    assert (document["version"], document["ratings"], document["state"]) == (1, 50, "champion")
    assert document["reason"].startswith("50 ratings: stays on the prior's weights")
    shown = json.loads(run("show", "--json").output)
    assert set(shown["report"]["figures"]) == {"prior", "intercept", "challenger"}
    assert "challenger: Brier" in run("show", "1").output


def test_a_person_rolls_back_and_promotes(run: Run, database: Database, desk_id: int) -> None:
    add_rated(database, desk_id, 12)
    run("learn")

    rolled, listed = run("rollback"), json.loads(run("list", "--json").output)
    promoted, again = run("promote", "1"), run("list")

    assert rolled.output == "The prior is in force.\n"
    assert [row["state"] for row in listed["versions"]] == ["retired"]
    assert promoted.output == "Version 1 is in force.\n"
    assert again.output.startswith("champion")
    assert run("rollback", "--version", "1").output == "Version 1 is in force.\n"
    chosen = ("operator", "model.promoted", "model:1")
    prior = ("operator", "model.prior", "model")
    assert seeds.on_record(database, desk_id) == [prior, chosen, chosen]


@pytest.mark.parametrize("words", [("promote", "9"), ("rollback", "--version", "9"), ("show", "9")])
def test_there_is_no_such_version(run: Run, words: tuple[str, ...]) -> None:
    answer = run(*words)

    assert answer.exit_code == 1
    assert "there is no version 9" in answer.output


def test_a_second_training_is_refused(run: Run, database: Database, desk_id: int) -> None:
    from app.clock import real_now
    from app.store import trainings

    add_rated(database, desk_id, 3)
    with database.desk(desk_id) as session:
        trainings.begin(session, desk_id, real_now())

    assert "under way already" in run("learn").output
