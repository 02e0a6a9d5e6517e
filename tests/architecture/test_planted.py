"""The checks bite: a fault of each kind, planted in a copy of the checkout, is found."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from app.setup_machine import environment, tool
from tests.architecture import rules
from tests.architecture.source import PRODUCT, ROOT

DOCSTRING = '"""Planted."""\n\nfrom __future__ import annotations\n\n'


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The product's code and documents, as they are now."""
    for folder in (*PRODUCT, "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("setup.cfg", "Procfile", "manifest.json"):
        if (ROOT / file).exists():
            shutil.copy(ROOT / file, tmp_path)
    return tmp_path


def plant(copy: Path, path: str, code: str) -> None:
    file = copy / path
    file.write_text((file.read_text(encoding="utf-8") if file.exists() else DOCSTRING) + code, encoding="utf-8")


def import_contracts(copy: Path) -> str:
    """What import-linter says about the copy; it has to say that something is broken."""
    own = {**environment(), "PYTHONPATH": str(copy)}
    command = [tool("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=copy, env=own, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("path", "code", "found"),
    [
        ("app/scoring/planted.py", "import flask\n", "app.scoring.planted -> flask"),
        ("app/store/planted.py", "from app import factory\n", "app.store.planted -> app.factory"),
        ("connectors/zendesk/planted.py", "from app import words\n", "connectors.zendesk.planted -> app.words"),
        (
            "connectors/zendesk/planted.py",
            "from connectors.sandbox import store\n",
            "connectors.zendesk.planted -> connectors.sandbox.store",
        ),
    ],
)
def test_a_forbidden_import_is_found(copy: Path, path: str, code: str, found: str) -> None:
    plant(copy, path, code)

    assert found in import_contracts(copy)


def test_a_module_in_no_layer_is_found(copy: Path) -> None:
    plant(copy, "app/planted.py", "")

    assert "app.planted is in no layer of setup.cfg" in rules.modules_without_a_layer(copy)


def test_an_undocumented_setting_is_found(copy: Path) -> None:
    plant(copy, "app/settings.py", '\n\ndef planted(env: _Reader) -> str:\n    return env.text("PLANTED", "no")\n')

    assert "KINTSUGI_PLANTED is not in docs/settings.md" in rules.undocumented_settings(copy)


def test_a_wrong_default_of_a_setting_is_found(copy: Path) -> None:
    plant(copy, "app/settings.py", '\n\ndef planted(env: _Reader) -> str:\n    return env.text("PLANTED", "seven")\n')
    plant(copy, "docs/settings.md", "\n| `KINTSUGI_PLANTED` | `six` | planted |\n")

    assert "docs/settings.md does not give the default of KINTSUGI_PLANTED: 'seven'" in rules.undocumented_settings(
        copy
    )


@pytest.mark.parametrize(
    ("decorator", "found"),
    [
        ('@shared_task(name="planted.task")', "planted: no route for planted.task"),
        ("@shared_task", "planted does not name itself"),
        (
            '@shared_task(name="planted.task", queue="nobody")',
            "planted: no worker of the Procfile takes from the queue nobody",
        ),
    ],
)
def test_an_unrouted_task_is_found(copy: Path, decorator: str, found: str) -> None:
    plant(copy, "tasks/planted.py", f"from celery import shared_task\n\n\n{decorator}\ndef planted() -> None: ...\n")

    assert [finding for finding in rules.unrouted_tasks(copy) if finding.endswith(found)]


@pytest.mark.parametrize(
    "code",
    [
        "planted.apply_async(countdown=5)\n",
        "planted.apply_async(eta=NOW)\n",
        "self.retry()\n",
        "app.conf.update(task_acks_late=True)\n",
        'app.conf.update({"task_acks_late": True})\n',
        "task_acks_late = True\n",
    ],
)
def test_waiting_in_celery_is_found(copy: Path, code: str) -> None:
    plant(copy, "tasks/planted.py", code)

    assert [finding for finding in rules.waiting_in_celery(copy) if "tasks/planted.py" in finding]


def test_a_manifest_that_opens_a_page_nobody_serves_is_found(copy: Path) -> None:
    manifest = (copy / "manifest.json").read_text(encoding="utf-8")
    (copy / "manifest.json").write_text(manifest.replace("/sidebar/zendesk", "/sidebar/planted"), encoding="utf-8")

    assert "manifest.json opens /sidebar/planted, which no page serves" in rules.manifest_disagreements(copy)


def test_a_launcher_that_needs_a_package_is_found(copy: Path) -> None:
    plant(copy, "app/setup_machine.py", "\nimport click\n")

    assert "app/setup_machine.py imports click" in rules.launcher_imports(copy)


def test_a_reader_of_the_environment_is_found(copy: Path) -> None:
    plant(copy, "tasks/planted.py", 'import os\n\nPLANTED = os.environ["PLANTED"]\n')

    assert "tasks/planted.py:7 reads the environment" in rules.environment_readers(copy)


def test_a_statement_outside_the_store_is_found(copy: Path) -> None:
    plant(copy, "tasks/planted.py", "from sqlalchemy import select\n")

    assert "tasks/planted.py:5 imports select from sqlalchemy" in rules.statements_outside_the_store(copy)


def test_an_undocumented_function_is_found(copy: Path) -> None:
    plant(copy, "app/scoring/planted.py", "def planted() -> None: ...\n")

    assert "app/scoring/planted.py:5 planted has no docstring" in rules.undocumented_functions(copy)


def test_a_function_that_is_too_long_is_found(copy: Path) -> None:
    plant(copy, "tasks/planted.py", "def planted() -> None:\n" + "    pass\n" * 40)

    assert "tasks/planted.py:5 planted has 41 lines" in rules.too_long(copy)
