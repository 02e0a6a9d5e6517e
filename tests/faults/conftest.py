"""The option of the kill test: another file of conversations than our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.outcome import CONVERSATIONS


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kintsugi")
    group.addoption("--conversations", type=Path, default=CONVERSATIONS, help="replay this file in the kill test")


@pytest.fixture(scope="session")
def conversations(pytestconfig: pytest.Config) -> Path:
    """The file that is played while the worker is killed."""
    chosen: Path = pytestconfig.getoption("--conversations", CONVERSATIONS)
    return chosen.absolute()
