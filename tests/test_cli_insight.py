"""Causes and vendors of a desk, and the report of early warnings, at a terminal."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import select

from app.cli import main
from app.factory import build
from app.settings import load
from app.store import desks, deviations, protocols, schema
from app.store.database import Database, Purpose
from app.store.deviations import DeviationKind, Given
from app.store.models import RecoveryCase
from tests import seeds

Run = Callable[..., Result]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A house with a believable desk."""
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(tmp_path / "house"))
    parts = build(load({}, data_dir=tmp_path / "house"))
    schema.migrate(parts.database)
    seeds.add_story(parts.database, seeds.add_desk(parts.database))
    yield parts.database
    parts.database.close()


@pytest.fixture
def run(database: Database) -> Iterator[Run]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield lambda *words: CliRunner().invoke(main, [str(word) for word in words])
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.capability("DET-17")
def test_causes_and_vendors_come_from_a_file(run: Run, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "causes.yaml"
    file.write_text("taxonomy: travel\nvendors:\n  - {name: Blue Hotel, aliases: [the blue]}\n", encoding="utf-8")

    said = run("desk", "change", "--causes", file)

    assert said.exit_code == 0, said.output
    with database.system(Purpose.OPERATE, read=True) as session:
        (desk,) = desks.all_of(session)
    assert desk.settings["taxonomy"] == "travel"
    assert desk.settings["vendors"] == [{"name": "Blue Hotel", "aliases": ["the blue"]}]
    assert "causes" not in desk.settings


def test_slips_in_the_file_are_told_and_nothing_is_changed(run: Run, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "causes.yaml"
    file.write_text("causes:\n  - {name: cold, parent: wether}\n  - {name: Bad Name}\n", encoding="utf-8")

    said = run("desk", "change", "--causes", file)

    assert said.exit_code == 1
    assert "causes[0].parent: must be one of shipping_delay," in said.output
    assert "'wether'" in said.output
    assert "causes[1].name: must be a word of lower-case letters, digits and _: 'Bad Name'" in said.output
    with database.system(Purpose.OPERATE, read=True) as session:
        assert desks.all_of(session)[0].settings == {}


@pytest.mark.capability("SCO-06")
def test_early_warnings_are_reported_beside_false_alarms(run: Run) -> None:
    said = run("report", "early", "--hours", "10", "--json")

    document = json.loads(said.stdout)
    assert document["wanted"] == {"hours": 10.0, "messages": 0}
    assert (document["badly_rated"], document["flagged"]["count"], document["flagged_in_time"]["count"]) == (1, 1, 1)
    assert document["lead_hours"]["p50"] == 15.0
    assert document["few"]
    assert "may well be chance" in run("report", "early").stdout


@pytest.mark.capability("PRO-10")
def test_what_people_did_otherwise_is_reported(run: Run, database: Database) -> None:
    nothing = run("report", "deviations").stdout
    given = Given(kind=DeviationKind.OTHER_REMEDY, reason="She wants a call.", by="lena@example.com")
    with database.desk(1) as session:
        deviations.record(session, session.scalars(select(RecoveryCase)).one(), given, seeds.NOW)

    document = json.loads(run("report", "deviations", "--json").stdout)

    assert "Nothing was done otherwise." in nothing
    assert (document["deviations"][0]["reason"], document["by_kind"]) == ("She wants a call.", {"other_remedy": 1})
    assert "(Late parcel): other_remedy: She wants a call." in run("report", "deviations").stdout


def test_a_pack_can_be_asked_before_all_others(run: Run, database: Database) -> None:
    said = run("protocol", "import", "pack:retention", "--first")

    assert said.exit_code == 0, said.output
    with database.desk(1, read=True) as session:
        assert [row.name for row, _ in protocols.all_of(session)] == ["About to leave", "Late parcel"]
