"""`kintsugi package`: a zip that the vendor takes, or every reason why not."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from connectors.packaging import Package
from connectors.zendesk import ZENDESK, ZendeskKind
from connectors.zendesk.package import validate


def run(kind: str, out: Path, url: str = "https://recovery.example.org") -> Result:
    return CliRunner().invoke(main, ["package", kind, "--public-url", url, "--out", str(out)], catch_exceptions=False)


@pytest.mark.parametrize(("kind", "file"), [("zendesk", "translations/en.json"), ("freshdesk", "config/requests.json")])
def test_the_zip_holds_the_app(tmp_path: Path, kind: str, file: str) -> None:
    result = run(kind, tmp_path / "app.zip")

    with zipfile.ZipFile(tmp_path / "app.zip") as archive:
        assert {"manifest.json", file} <= set(archive.namelist())
    assert result.exit_code == 0
    assert "https://recovery.example.org" in result.stderr


def test_the_written_zip_passes_the_rules_by_itself(tmp_path: Path) -> None:
    run("zendesk", tmp_path / "app.zip")

    with zipfile.ZipFile(tmp_path / "app.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert validate(files) == []
    assert b"kintsugi.example.com/sidebar" not in files["manifest.json"]


def test_an_address_that_is_not_https_is_a_wrong_call(tmp_path: Path) -> None:
    result = run("zendesk", tmp_path / "app.zip", "http://recovery.example.org")

    assert result.exit_code == 2
    assert not (tmp_path / "app.zip").exists()


def test_a_package_that_breaks_rules_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Package(files={}, errors=("manifest.json: author: missing", "assets/logo.png: missing"), warnings=("Hm",))
    monkeypatch.setattr(ZendeskKind, "package", lambda *_: broken)

    result = run("zendesk", tmp_path / "app.zip")

    assert result.exit_code == 1
    assert all(line in result.stderr for line in ("author: missing", "logo.png: missing", "warning: Hm"))
    assert not (tmp_path / "app.zip").exists()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    result = run("zendesk", tmp_path / "nowhere" / "app.zip")

    assert result.exit_code == 1
    assert "No such file" in result.stderr


def test_the_version_is_the_products(tmp_path: Path) -> None:
    manifest = json.loads(ZENDESK.package(Path(__file__).parent.parent, "https://a.example.org").files["manifest.json"])

    assert manifest["version"]
