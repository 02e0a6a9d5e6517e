"""Joining the parts: light to import, and careful about stepped time."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from app.factory import build, create_app
from app.settings import Settings, SettingsError, load
from app.store import schema
from app.store.database import Purpose
from app.store.models import Desk
from tests import seeds

_HEAVY = """
import sys
import app.wsgi
heavy = ("textblob", "nltk", "vaderSentiment", "eldc", "sklearn", "scipy", "numpy")
print([name for name in heavy if name in sys.modules])
"""

_READING = """
import sys
from datetime import datetime, UTC
import app.worker
from app.scoring.conversation import Running, Utterance
from app.scoring.engine import observe
at = datetime(2026, 3, 2, tzinfo=UTC)
observe(Running.start(), Utterance(id="1", role="customer", public=True, text="It is terribly late.", at=at))
print([name for name in ("nltk", "sklearn", "scipy", "numpy") if name in sys.modules])
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({}, data_dir=tmp_path)


def test_the_web_process_loads_no_language_models(tmp_path: Path) -> None:
    environ = {"PATH": "", "KINTSUGI_DATA_DIR": str(tmp_path)}

    said = subprocess.run([sys.executable, "-c", _HEAVY], capture_output=True, text=True, check=True, env=environ)

    assert said.stdout.strip() == "[]"


def test_a_worker_reads_messages_without_what_only_learning_needs(tmp_path: Path) -> None:
    environ = {"PATH": "", "KINTSUGI_DATA_DIR": str(tmp_path)}

    said = subprocess.run([sys.executable, "-c", _READING], capture_output=True, text=True, check=True, env=environ)

    assert said.stdout.strip() == "[]"


def test_the_process_entry_gives_a_wsgi_application(tmp_path: Path) -> None:
    program = "from app.wsgi import app; print(app.name)"
    environ = {"PATH": "", "KINTSUGI_DATA_DIR": str(tmp_path)}

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environ)

    assert said.stdout.strip() == "kintsugi"


def test_time_is_not_stepped_on_an_account_of_real_people(settings: Settings, tmp_path: Path) -> None:
    parts = build(settings)
    schema.migrate(parts.database)
    seeds.add_desk(parts.database, "Real shop")
    parts.database.close()

    with pytest.raises(SettingsError, match=r"KINTSUGI_CLOCK_FILE: refused.* Real shop"):
        build(replace(settings, clock_file=tmp_path / "clock"))


def test_time_may_be_stepped_for_sandboxes(settings: Settings, tmp_path: Path) -> None:
    parts = build(settings)
    schema.migrate(parts.database)
    seeds.add_desk(parts.database)
    with parts.database.system(Purpose.OPERATE) as session:
        session.execute(update(Desk).values(base_url="http://127.0.0.1:8001"))
    parts.database.close()

    stepped = build(replace(settings, clock_file=tmp_path / "clock"))

    assert stepped.clock.stepped
    stepped.database.close()


def test_time_may_be_stepped_before_there_is_a_desk(settings: Settings, tmp_path: Path) -> None:
    parts = build(replace(settings, clock_file=tmp_path / "clock"))

    assert parts.clock.stepped
    parts.database.close()


def test_debugging_is_off(settings: Settings) -> None:
    app = create_app(settings)

    assert not app.debug
    assert not app.testing
