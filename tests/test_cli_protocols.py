"""`kintsugi protocol`: documents checked as an admin checks them, and kept where there is no desk yet."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from app.cli import main
from app.factory import build
from app.settings import load
from app.store import schema
from tests.protocols.broken_files import FILES, agree, expected

Run = Callable[..., Result]

LATE = """
name: Late parcel
cause: shipping_delay
criteria: {all: [{field: waiting_hours, operator: above, value: 4}]}
actions: [{do: priority, to: high}]
"""


@pytest.fixture(scope="module")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an empty database, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("house")
    parts = build(load({}, data_dir=folder))
    schema.migrate(parts.database)
    parts.database.close()
    return folder


@pytest.fixture
def run(tmp_path: Path, empty_house: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command in this process on a data directory of its own, without any desk."""
    shutil.copytree(empty_house, tmp_path / "house")
    for name in [name for name in os.environ if name.startswith("KINTSUGI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(tmp_path / "house"))
    handlers, level = logging.root.handlers[:], logging.root.level
    yield lambda *words: CliRunner().invoke(main, [str(word) for word in words])
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, name: str = "late.yaml") -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


class TestCheck:
    @pytest.mark.capability("PRO-05")
    def test_names_path_and_value_for_every_document_of_the_corpus(self, run: Run):
        said = run("protocol", "check", *FILES, "--json")

        verdicts = json.loads(said.stdout)["documents"]
        assert said.exit_code == 1
        assert len(verdicts) == len(FILES) >= 60
        unlike = [
            Path(one["source"]).name for one in verdicts if not agree(expected(Path(one["source"])), one["errors"])
        ]
        assert unlike == []

    def test_sees_a_pair_that_loops(self, run: Run, written: Callable[..., Path]):
        sets = LATE.replace("{do: priority, to: high}", "{do: tag, add: x}") + "tags: [x]\n"
        pair = sets.replace("waiting_hours, operator: above, value: 4", "tags, operator: excludes, value: x")
        other = pair.replace("Late parcel", "Other").replace("excludes", "includes").replace("add", "remove")

        said = run("protocol", "check", written(f"{pair}---{other.replace('shipping_delay', 'any')}"))

        assert said.exit_code == 1
        assert 'Late parcel: actions: loop with "Other"' in said.stdout

    def test_refuses_a_document_of_ten_megabytes_in_a_line(self, run: Run, written: Callable[..., Path]):
        file = written(LATE + "# " + "x" * 10_000_000)

        said = run("protocol", "check", file)

        assert said.exit_code == 1
        assert said.stdout.splitlines()[0].startswith("document: must be at most 256 KiB (got 10000")

    def test_does_not_read_a_file_that_is_larger_than_any_pack(self, run: Run, tmp_path: Path):
        with (tmp_path / "huge.yaml").open("wb") as file:
            file.truncate(65 << 20)

        said = run("protocol", "check", tmp_path / "huge.yaml")

        assert said.exit_code == 1
        assert "huge.yaml: must be at most 64 MiB" in said.stderr


class TestLibrary:
    def test_takes_documents_where_there_is_no_desk_and_says_what_was_not_checked(self, run: Run, written):
        said = run("protocol", "import", written(LATE), "--json")

        assert json.loads(said.stdout) == [{"protocol": "Late parcel", "version": 1, "state": "draft", "new": True}]
        assert "in this installation's library" in said.stderr
        assert "were not checked, since no helpdesk was asked" in said.stderr

    def test_keeps_each_version_once(self, run: Run, written):
        words = ("protocol", "import", written(LATE), "--json")
        first, again = run(*words), run(*words)
        written(LATE + "team: Recovery\n")

        third = run(*words)

        versions = [json.loads(said.stdout)[0] for said in (first, again, third)]
        assert [(one["version"], one["new"]) for one in versions] == [(1, True), (1, False), (2, True)]
        assert run("protocol", "export", "Late parcel", "--version", "1").stdout == LATE.strip() + "\n"

    def test_lists_what_it_has(self, run: Run, written):
        run("protocol", "import", "pack:default", written(LATE))

        listed = json.loads(run("protocol", "list", "--json").stdout)

        assert [row["protocol"] for row in listed] == ["Bad rating", "Late parcel", "Unhappy and getting worse"]

    def test_gives_documents_back_by_name(self, run: Run, written):
        run("protocol", "import", written(LATE))

        said = run("protocol", "check", "library:Late parcel")

        assert (said.exit_code, "1 checked, all sound" in said.stdout) == (0, True)

    def test_takes_nothing_where_one_of_the_documents_is_broken(self, run: Run, written):
        sound, broken = written(LATE), written(LATE.replace("high", "asap"), "broken.yaml")

        said = run("protocol", "import", sound, broken)

        assert said.exit_code == 1
        assert 'actions[0].to: must be one of low, normal, high, urgent (got "asap")' in said.stderr
        assert json.loads(run("protocol", "list", "--json").stdout) == []

    def test_puts_nothing_in_force(self, run: Run, written):
        said = run("protocol", "import", written(LATE), "--publish")

        assert (said.exit_code, "there is no desk" in said.stderr) == (2, True)

    @pytest.mark.parametrize("words", [("export", "Nonsense"), ("check", "library:Nonsense")])
    def test_names_what_it_does_have(self, words: tuple[str, ...], run: Run, written):
        run("protocol", "import", written(LATE))

        said = run("protocol", *words)

        assert said.exit_code == 1
        assert 'the library has no "Nonsense"; there are "Late parcel" 1' in said.stderr
