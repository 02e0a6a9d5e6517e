"""`kintsugi protocol`: documents checked as an admin checks them, and kept where there is no desk yet."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from app.cli import main
from tests.protocols.broken_files import FILES, agree, expected

Run = Callable[..., Result]

LATE = """
name: Late parcel
cause: shipping_delay
criteria: {all: [{field: waiting_hours, operator: above, value: 4}]}
actions: [{do: priority, to: high}]
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command in this process on a data directory of its own."""
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
