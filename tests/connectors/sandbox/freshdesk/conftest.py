"""A running Freshdesk sandbox for every test, copied from one that was seeded once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox import Sandbox
from connectors.sandbox.patience import Patience
from tests.connectors.sandbox.freshdesk.parts import Api
from tests.connectors.sandbox.parts import Clock, Play, Receiver

#: As at the vendor, only faster.
QUICK = Patience(timeout=0.3, again=0.05, tries=4)


@pytest.fixture(scope="session")
def seeded_freshdesk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("seeded") / "freshdesk.sqlite"
    Sandbox(file=file, now=Clock(), vendor="freshdesk").stop()
    return file


@pytest.fixture
def file(seeded_freshdesk: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(seeded_freshdesk, tmp_path / "sandbox.sqlite"))


@pytest.fixture
def patience() -> Patience:
    return QUICK


@pytest.fixture
def sandbox(file: Path, clock: Clock, patience: Patience) -> Iterator[Sandbox]:
    running = Sandbox(file=file, now=clock, smtp_port=None, patience=patience)
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
def hooked(sandbox: Sandbox, receiver: Receiver) -> Receiver:
    """A receiver that the sandbox tells of everything, as the Freshworks app does."""
    sandbox.connect(endpoint=receiver.url)
    return receiver
