"""`team`: what an operator does about teams at a terminal, against a sandbox over HTTP."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from app.cli import main
from app.clock import real_now
from app.factory import build
from app.setting_up import sandbox_desk
from app.settings import load
from app.store import desks, schema, teams
from app.store.models import MemberRow, TeamRow
from connectors.sandbox.server import Sandbox
from tasks.parts import Parts

TEAMS = """
teams:
  - group: Recovery
    leads: [agent-one@example.com]
    members: [agent-one@example.com, Agent Two]
    capacity: 9
  - {group: retention}
people:
  - {agent: agent two, skills: [German], capacity: 5, senior: true, away: {from: 2026-03-01, until: 2026-03-09}}
"""
SLIPS = """
teams:
  - group: Recovery
    leads: [agent-three@example.com]
  - group: Nowhere
people:
  - agent: zoe@example.com
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    server = Sandbox(file=tmp_path_factory.mktemp("desk") / "sandbox.sqlite", now=real_now, smtp_port=None)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def parts(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    """A house with the sandbox's desk, looked at from outside the commands."""
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(tmp_path / "house"))
    built = build(load({}, data_dir=tmp_path / "house"))
    schema.migrate(built.database)
    sandbox_desk(built, url=sandbox.url, account=sandbox.account)
    yield built
    built.database.close()


@pytest.fixture
def run(parts: Parts) -> Iterator[Callable[..., Result]]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield lambda *words: CliRunner().invoke(main, [str(word) for word in words])
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def stored(tmp_path: Path, run: Callable[..., Result]) -> None:
    file = tmp_path / "teams.yaml"
    file.write_text(TEAMS, encoding="utf-8")
    assert run("team", "import", file).exit_code == 0


def members(parts: Parts) -> dict[str, MemberRow]:
    with parts.database.desk(1, read=True) as session:
        return {row.name: row for row in teams.all_members(session)}


def teams_of(parts: Parts) -> dict[str, TeamRow]:
    with parts.database.desk(1, read=True) as session:
        return {row.name: row for row in teams.all_teams(session)}


def test_teams_are_stored_by_what_the_helpdesk_calls_them(run, parts, sandbox, tmp_path) -> None:
    file = tmp_path / "teams.yaml"
    file.write_text(TEAMS, encoding="utf-8")

    result = run("team", "import", file, "--json")

    one, two, _ = (str(agent_id) for agent_id in sandbox.account.agent_ids)
    assert json.loads(result.stdout) == {"teams": 2, "people": 2}
    assert teams_of(parts)["Recovery"].member_ids == [one, two]
    assert teams_of(parts)["Recovery"].lead_ids == [one]
    assert (members(parts)["Agent Two"].skills, members(parts)["Agent Two"].capacity) == (["german"], 5)
    assert members(parts)["Agent One"].email == "agent-one@example.com"


def test_every_slip_is_told_and_nothing_is_stored(run, parts, tmp_path) -> None:
    file = tmp_path / "teams.yaml"
    file.write_text(SLIPS, encoding="utf-8")

    result = run("team", "import", file)

    assert result.exit_code == 1
    assert 'teams[0].leads[0]: is not among the people in "Recovery" (got "agent-three@example.com")' in result.stderr
    assert 'teams[1].group: is not among the groups (got "Nowhere")' in result.stderr
    assert "people[0].agent: is not among the people in these teams' groups" in result.stderr
    assert teams_of(parts) == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff", "is not UTF-8 text"),
        (b"teams: [", "is not YAML"),
        (b"teams: []", "teams: is missing"),
        (b"teams: [{group: Recovery, size: 3}]", "teams[0].size: must be one of group, leads"),
    ],
)
def test_a_file_that_is_no_document_of_teams_says_why(run, tmp_path, content, said) -> None:
    file = tmp_path / "teams.yaml"
    file.write_bytes(content)

    result = run("team", "import", file)

    assert result.exit_code == 1
    assert said in result.stderr


def test_a_helpdesk_that_does_not_answer_is_said_so(run, parts, tmp_path) -> None:
    file = tmp_path / "teams.yaml"
    file.write_text(TEAMS, encoding="utf-8")
    with parts.database.desk(1) as session:
        desks.get(session, 1).base_url = "http://127.0.0.1:9"

    result = run("team", "import", file)

    assert result.exit_code == 1
    assert "the helpdesk could not be asked about groups and people" in result.stderr


@pytest.mark.usefixtures("stored")
def test_the_list_says_what_everybody_has(run) -> None:
    result = run("team", "list")

    assert "Recovery: 0 open cases, room for 9 more, led by Agent One" in result.stdout
    assert "  Agent Two: 0 of 5 open cases, german, senior" in result.stdout


@pytest.mark.usefixtures("stored")
def test_the_list_is_plain_json_too(run) -> None:
    found = json.loads(run("team", "list", "--json").stdout)

    assert [one["group"] for one in found["teams"]] == ["Recovery", "Retention"]
    assert found["people"][1]["away_until"] == "2026-03-09T00:00:00+00:00"


def test_without_teams_the_list_says_how_to_store_some(run) -> None:
    assert "No team is stored yet" in run("team", "list").stdout


@pytest.mark.usefixtures("stored")
def test_what_is_exported_can_be_imported(run, parts, tmp_path) -> None:
    out = tmp_path / "again.yaml"
    before = members(parts)["Agent Two"]

    exported = run("team", "export", "--out", out)
    imported = run("team", "import", out)

    assert (exported.exit_code, imported.exit_code) == (0, 0)
    after = members(parts)["Agent Two"]
    assert (after.skills, after.away_until, after.senior) == (before.skills, before.away_until, True)
    assert run("team", "export").stdout == out.read_text(encoding="utf-8")


def test_an_export_that_cannot_be_written_says_so(run, tmp_path) -> None:
    result = run("team", "export", "--out", tmp_path / "no" / "such" / "folder.yaml")

    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


@pytest.mark.usefixtures("stored")
def test_a_person_goes_away_and_comes_back(run, parts) -> None:
    gone = run("team", "away", "agent-one@example.com", "--from", "2026-01-01", "--until", "2099-01-02")
    there = json.loads(run("team", "list", "--json").stdout)["people"][0]
    back = run("team", "away", "Agent One", "--back")

    assert gone.stdout == "Agent One is away until 2099-01-02 00:00 UTC.\n"
    assert (there["agent"], there["away"]) == ("Agent One", True)
    assert back.stdout == "Agent One is back.\n"
    assert members(parts)["Agent One"].away_from is None


@pytest.mark.usefixtures("stored")
def test_without_a_day_an_absence_begins_now_and_has_no_end(run, parts) -> None:
    result = run("team", "away", "Agent One")

    row = members(parts)["Agent One"]
    assert result.stdout == "Agent One is away.\n"
    assert row.away_from is not None
    assert row.away_until is None


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("Zoe",), 1, 'no member called "Zoe"'),
        (("Agent One", "--until", "soon"), 1, "--until: must be a date or a time"),
        (("Agent One", "--from", "2026-03-02", "--until", "2026-03-01"), 1, "--until: must be after --from"),
        (("Agent One", "--back", "--until", "2026-03-01"), 2, "--back: not together with"),
    ],
)
def test_an_absence_that_makes_no_sense_is_refused(run, words, code, said) -> None:
    result = run("team", "away", *words)

    assert (result.exit_code, said in result.stderr) == (code, True)
