"""The list of capabilities is whole, and its document is up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.architecture import capabilities
from tests.architecture.source import ROOT

#: How many ids each group has; Kintsugi promises no fewer.
COUNTS = {"DET": 17, "SCO": 6, "CRI": 6, "TEA": 10, "PRO": 10, "ACT": 10, "GUI": 8, "FOL": 9, "MEA": 12, "PRV": 8}


def test_every_id_is_listed_once() -> None:
    ids = [capability.id for capability in capabilities.CAPABILITIES]

    wanted = {f"{group}-{number:02}" for group, count in COUNTS.items() for number in range(1, count + 1)}
    assert sorted(ids) == sorted(wanted | {f"N{number}" for number in range(1, 21)})


def test_no_test_claims_an_unknown_id() -> None:
    known = {capability.id for capability in capabilities.CAPABILITIES}

    assert set(capabilities.checks_by_id()) <= known


def test_a_capability_that_is_checked_says_where_it_lives() -> None:
    checked = capabilities.checks_by_id()

    homeless = [
        capability.id
        for capability in capabilities.CAPABILITIES
        if capability.id in checked and not any((ROOT / home).exists() for home in capability.homes)
    ]
    assert homeless == [], "give them their homes in tests/architecture/capabilities.py"


def test_the_document_is_up_to_date() -> None:
    written = capabilities.DOCUMENT.read_text(encoding="utf-8")

    assert written == capabilities.document(), "run: python -m tests.architecture.capabilities --write"


def test_marks_on_functions_classes_modules_and_parameters_are_found(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_marked.py").write_text(
        'pytestmark = pytest.mark.capability("DET-01")\n\n'
        '@pytest.mark.capability("DET-02")\ndef test_a(): ...\n\n'
        '@pytest.mark.capability("DET-03")\nclass TestB: ...\n\n'
        '@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.capability("N4"))])\ndef test_c(x): ...\n',
        encoding="utf-8",
    )

    found = capabilities.checks_by_id(tmp_path)

    assert found == {
        "DET-01": ["tests/test_marked.py"],
        "DET-02": ["tests/test_marked.py::test_a"],
        "DET-03": ["tests/test_marked.py::TestB"],
        "N4": ["tests/test_marked.py::test_c"],
    }


def test_the_launcher_lists_what_has_no_test() -> None:
    command = [sys.executable, "-m", "app", "test", "--capabilities"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0
    assert done.stdout.split() == capabilities.missing()
