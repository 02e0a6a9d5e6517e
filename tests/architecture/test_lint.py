"""Style, types and import contracts: what `python3 -m app lint` does, as tests, so that one command checks it all."""

from __future__ import annotations

import subprocess

import pytest

from app.__main__ import LINT
from app.setup_machine import environment, tool
from tests.architecture.source import ROOT


@pytest.mark.parametrize("step", LINT, ids=" ".join)
def test_lint_finds_nothing(step: tuple[str, ...]) -> None:
    done = subprocess.run(
        [tool(step[0]), *step[1:]], cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=300
    )

    assert done.returncode == 0, done.stdout + done.stderr
