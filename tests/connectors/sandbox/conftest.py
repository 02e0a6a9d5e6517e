"""A running sandbox for every test, copied from one that was seeded once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox import Sandbox
from connectors.sandbox.patience import Patience
from tests.connectors.sandbox.parts import Api, Clock, Play, Receiver, receiving

#: As at the vendor, only faster.
QUICK = Patience(timeout=0.3, pause=0.02)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an account in it; making its key takes longer than most tests."""
    file = tmp_path_factory.mktemp("seeded") / "sandbox.sqlite"
    Sandbox(file=file, now=Clock()).stop()
    return file


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(seeded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(seeded, tmp_path / "sandbox.sqlite"))


@pytest.fixture
def sandbox(file: Path, clock: Clock) -> Iterator[Sandbox]:
    running = Sandbox(file=file, now=clock, smtp_port=None, patience=QUICK)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[Api]:
    with Api(sandbox) as session:
        yield session


@pytest.fixture
def play(sandbox: Sandbox) -> Iterator[Play]:
    with Play(sandbox) as session:
        yield session


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def hooked(sandbox: Sandbox, receiver: Receiver) -> Receiver:
    """A receiver that the sandbox tells of everything."""
    sandbox.connect(endpoint=receiver.url)
    return receiver
