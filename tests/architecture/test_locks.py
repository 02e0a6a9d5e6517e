"""The locks hold what setup.cfg asks for: pinned, hashed, the same for running and testing, and without any host."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.setup_machine import LOCKS
from tests.architecture.source import ROOT, lines, setup_cfg

CONFIGURATION = setup_cfg(ROOT)
EXTRAS = CONFIGURATION["options.extras_require"]


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    found = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, flags=re.MULTILINE)
    return {canonicalize_name(name): pinned for name, pinned in found}


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.txt", [CONFIGURATION["options"]["install_requires"], EXTRAS["setup"]]),
        ("requirements-test.txt", [CONFIGURATION["options"]["install_requires"], EXTRAS["setup"], EXTRAS["test"]]),
        ("requirements-bench.txt", [EXTRAS["bench"]]),
    ],
)
def test_a_lock_satisfies_what_setup_cfg_asks_for(lock: str, wanted: list[str]) -> None:
    pinned = pins(lock)

    requirements = [Requirement(line) for setting in wanted for line in lines(setting)]
    unmet = [
        str(requirement)
        for requirement in requirements
        if not requirement.specifier.contains(pinned.get(canonicalize_name(requirement.name), "0"))
    ]
    assert unmet == []


def test_tests_run_on_the_versions_that_are_shipped() -> None:
    shipped, tested = pins("requirements.txt"), pins("requirements-test.txt")

    assert {name: tested.get(name) for name in shipped} == shipped


@pytest.mark.parametrize("lock", sorted({lock for locks in LOCKS.values() for lock in locks}))
def test_every_pin_has_hashes_and_no_host_is_named(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")

    blocks = re.split(r"\n(?=\S)", text.strip())
    assert [block for block in blocks if not block.startswith("#") and "--hash=sha256:" not in block] == []
    assert "://" not in text


def test_what_is_installed_is_what_is_locked() -> None:
    locked = pins("requirements-test.txt")

    assert {name: version(name) for name in ("flask", "celery", "pytest")} == {
        name: locked[name] for name in ("flask", "celery", "pytest")
    }
