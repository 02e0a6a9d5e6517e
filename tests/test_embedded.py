"""What keeps the embedded product from starting, in words that say what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import requests

from app import embedded
from app.settings import load
from connectors.sandbox import Sandbox
from tests.connectors.sandbox.parts import Clock


def test_a_sandbox_file_of_another_version_is_to_be_moved_away(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite")) as file:
        file.execute("PRAGMA user_version = 1")

    with (
        pytest.raises(embedded.CannotServe, match="move it away"),
        embedded.running(load({}, data_dir=tmp_path), port=0),
    ):
        pytest.fail("it started")


def test_a_sandbox_file_of_another_vendor_is_refused(tmp_path: Path) -> None:
    Sandbox(file=tmp_path / "sandbox.sqlite", now=Clock(), smtp_port=None).stop()

    with (
        pytest.raises(embedded.CannotServe, match="zendesk account"),
        embedded.running(load({}, data_dir=tmp_path), port=0, vendor="freshdesk"),
    ):
        pytest.fail("it started")


def test_the_application_itself_answers_what_is_too_large(tmp_path: Path) -> None:
    with embedded.running(load({}, data_dir=tmp_path), port=0, with_sandbox=False) as product:
        page, called, delivered = (
            requests.post(product.url + path, data=b"x" * 10_000_000, timeout=20)
            for path in ("/protocols/new", "/api/v1/protocols", "/hooks/nobody")
        )

    assert "<h1>That was too large</h1>" in page.text
    assert called.headers["Content-Type"] == "application/problem+json"
    assert delivered.status_code in {404, 413}
    assert all("Content-Security-Policy" in one.headers for one in (page, called, delivered))
