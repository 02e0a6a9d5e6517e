"""`kintsugi desk backfill`: spans, the bar on stderr, what is printed, and being stopped."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
import structlog
from click.testing import CliRunner, Result

from app.cli import main
from app.cli_backfill import _beside, read_since
from app.clock import real_now
from app.settings import load
from app.store import schema
from app.store.database import Database
from app.vault import Vault
from connectors.errors import Refused
from tasks import backfill
from tasks.backfill import Busy, Standing
from tests import seeds

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Runs the command on an installation with one desk; logging is as it was afterwards."""
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(tmp_path))
    settings = load({}, data_dir=tmp_path)
    database = Database(settings.database_url, vault=Vault(settings.secret_keys))
    schema.migrate(database)
    seeds.add_desk(database)
    database.close()
    handlers, level = logging.root.handlers[:], logging.root.level

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(main, ["desk", "backfill", *words])

    yield invoke
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def standing(**given: object) -> Standing:
    values: dict[str, object] = {
        "since": NOW - timedelta(days=90),
        "until": NOW,
        "reached": NOW - timedelta(days=45),
        "imported": 120,
        "ratings": 12,
        "skipped": 3,
        "failed": 0,
        "running": True,
        "finished_at": None,
        "left": timedelta(minutes=75),
    }
    return Standing(**{**values, **given})  # type: ignore[arg-type]


def test_a_desk_without_an_import_says_how_to_begin(run: Callable[..., Result]):
    said = run("--status")

    assert said.exit_code == 0
    assert "kintsugi desk backfill --since 90d" in said.stdout
    assert json.loads(run("--status", "--json").stdout)["state"] == "none"


def test_the_end_is_told_as_json_and_the_bar_on_stderr(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch):
    def imports(_parts: object, _desk: int, *, since: datetime, tell: Callable[[Standing], None]) -> Standing:
        tell(standing())
        assert timedelta(days=29) < real_now() - since < timedelta(days=31)
        return standing(finished_at=NOW, left=timedelta(0), running=False)

    monkeypatch.setattr(backfill, "run", imports)

    said = run("--since", "30d", "--json")

    assert said.exit_code == 0
    document = json.loads(said.stdout)
    assert (document["state"], document["share"], document["imported"], document["ratings"]) == ("done", 1.0, 120, 12)
    assert "Importing history" in said.stderr


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyboardInterrupt(), "the same command goes on where it was"),
        (Busy(), "under way"),
        (Refused("it needs an admin"), "it needs an admin"),
    ],
)
def test_what_stops_it_is_told_in_words(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, error: BaseException, words: str
):
    def stops(*_: object, **__: object) -> Standing:
        raise error

    monkeypatch.setattr(backfill, "run", stops)

    said = run()

    assert said.exit_code == 1
    assert words in said.stderr


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        (None, None),
        ("90d", NOW - timedelta(days=90)),
        ("2w", NOW - timedelta(days=14)),
        ("36h", NOW - timedelta(hours=36)),
        ("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T06:00:00+01:00", datetime(2026, 1, 1, 5, tzinfo=UTC)),
    ],
)
def test_spans_and_dates_are_understood(text: str | None, begin: datetime | None):
    assert read_since(text, NOW) == begin


@pytest.mark.parametrize("text", ["", "90", "d", "-3d", "0d", "99999w", "soon", "2027-01-01"])
def test_anything_else_is_refused(text: str):
    with pytest.raises(click.UsageError, match="--since"):
        read_since(text, NOW)


def test_beside_the_bar_stands_what_is_in_and_what_is_left():
    assert _beside(None) == ""
    assert _beside(standing()) == "120 tickets, 12 ratings; about 1 h 15 min left"
    assert _beside(standing(left=None)) == "120 tickets, 12 ratings"
    assert "waiting for calls until 09:00:00 UTC" in _beside(standing(waiting_until=NOW))


def test_the_share_is_that_of_the_span():
    assert standing().share == 0.5
    assert standing(finished_at=NOW).share == 1.0
    assert standing(since=NOW).share == 1.0
