"""The app for Zendesk's marketplace, and every rule of the vendor's that would turn it away."""

from __future__ import annotations

import io
import json
import zipfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from app.settings import CHECKOUT
from connectors.packaging import public_host, read_folder, read_object, zipped
from connectors.zendesk import ZENDESK
from connectors.zendesk.package import validate, warnings

URL = "https://recovery.example.org"
PNG = b"\x89PNG\r\n\x1a\n"

MANIFEST: dict[str, Any] = {
    "name": "An app",
    "author": {"name": "Somebody", "email": "somebody@example.com"},
    "defaultLocale": "en",
    "frameworkVersion": "2.0",
    "location": {"support": {"ticket_sidebar": {"url": "https://example.com/sidebar", "flexible": True}}},
}


def package(manifest: Any = MANIFEST, **files: bytes | None) -> dict[str, bytes]:
    """A sound package with some files in another form; None leaves one out. `__` stands for / and `_dot_` for a dot."""
    found: dict[str, bytes | None] = {
        "manifest.json": manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode(),
        "translations/en.json": b'{"app": {"name": "An app"}}',
        "assets/logo.png": PNG,
        "assets/logo-small.png": PNG,
    }
    found |= {name.replace("__", "/").replace("_dot_", "."): raw for name, raw in files.items()}
    return {path: raw for path, raw in found.items() if raw is not None}


def changed(**members: Any) -> dict[str, Any]:
    merged = {**deepcopy(MANIFEST), **members}
    return {name: value for name, value in merged.items() if value is not ...}


def placed(**place: Any) -> dict[str, Any]:
    return changed(location={"support": {"ticket_sidebar": place}})


def asked(*parameters: Any, **members: Any) -> dict[str, Any]:
    return changed(parameters=list(parameters), **members)


class TestOurs:
    def test_it_passes_and_calls_the_given_address(self) -> None:
        built = ZENDESK.package(CHECKOUT, URL)

        manifest = read_object("manifest.json", built.files["manifest.json"])
        assert (built.errors, built.warnings) == ((), ())
        assert manifest["location"]["support"]["ticket_sidebar"]["url"] == f"{URL}/sidebar/zendesk"
        assert manifest["domainWhitelist"] == ["recovery.example.org"]
        assert manifest["signedUrls"] is True

    def test_its_manifest_stands_at_the_root_beside_what_the_vendor_looks_for(self) -> None:
        assert set(ZENDESK.package(CHECKOUT, URL).files) >= {
            "manifest.json",
            "translations/en.json",
            "assets/logo.png",
            "assets/logo-small.png",
        }

    def test_a_port_belongs_to_the_address_and_not_to_the_name(self) -> None:
        built = ZENDESK.package(CHECKOUT, f"{URL}:8443")

        manifest = read_object("manifest.json", built.files["manifest.json"])
        assert manifest["location"]["support"]["ticket_sidebar"]["url"] == f"{URL}:8443/sidebar/zendesk"
        assert manifest["domainWhitelist"] == ["recovery.example.org"]

    def test_it_makes_the_same_bytes_every_time(self) -> None:
        first, second = (zipped(ZENDESK.package(CHECKOUT, URL).files) for _ in range(2))

        assert first == second
        with zipfile.ZipFile(io.BytesIO(first)) as archive:
            assert archive.testzip() is None
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    "url",
    [
        "http://recovery.example.org",
        "https://",
        "https://recovery.example.org/path",
        "https://me:secret@recovery.example.org",
        "https://recovery.example.org?x=1",
        "https://recovery.example.org:port",
        "recovery.example.org",
        "",
    ],
)
def test_only_a_bare_https_address_is_taken(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://host|not an address"):
        public_host(url)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "manifest.json: missing at the root"),
        (package(b"{"), "is not JSON (line 1"),
        (package(b"[]"), "must be a JSON object"),
        (package(b"\xff"), "is not UTF-8"),
        (package(b'{"name": "a", "name": "b"}'), "manifest.json: name: is there twice"),
        (package(changed(author=...)), "manifest.json: author: missing"),
        (package(changed(defaultLocale=...)), "manifest.json: defaultLocale: missing"),
        (package(changed(location=...)), "manifest.json: location: missing"),
        (package(changed(frameworkVersion=...)), "manifest.json: frameworkVersion: missing"),
        (package(changed(frameworkVersion="2.1")), "frameworkVersion: must be \"2.0\", got '2.1'"),
        (package(changed(frameworkVersion=2.0)), 'frameworkVersion: must be "2.0", got 2.0'),
        (package(changed(noTemplate=True)), "noTemplate: is no longer taken"),
        (package(changed(private="yes")), "private: must be true or false, got 'yes'"),
        (package(changed(signedUrls=1)), "signedUrls: must be true or false, got 1"),
        (package(changed(version=1)), "version: must be text, got 1"),
        (package(changed(author="me")), "author: must be an object, got 'me'"),
        (package(changed(author={"name": 7})), "author.name: must be text, got 7"),
        (package(changed(author={"url": "ftp://x"})), "author.url: must be an http or https address, got 'ftp://x'"),
        (package(changed(termsConditionsURL="x")), "termsConditionsURL: must be an http or https address"),
        (package(changed(defaultLocale="english")), "defaultLocale: is no locale: 'english'"),
        (package(changed(defaultLocale="de")), "translations/de.json: missing"),
        (package(translations__en_dot_json=b"{}"), "translations/en.json: app: missing"),
        (package(translations__en_dot_json=b'{"app": {}}'), "translations/en.json: app.name: missing"),
        (package(translations__english_dot_json=b"{}"), "translations/english.json: is no translation"),
        (package(changed(private=False)), "translations/en.json: app.installation_instructions: missing"),
        (package(changed(location="x")), "location: must be an object, got 'x'"),
        (package(changed(location={"phone": {"a": "b"}})), "location.phone: is no product"),
        (package(changed(location={"support": {}})), "location.support: must name at least one"),
        (package(changed(location={"support": {"attic": "https://x.org"}})), "location.support.attic: is no location"),
        (package(placed(url="http://example.com")), "url: must be https"),
        (package(placed(url="assets/page.html")), "url: must be https"),
        (package(placed(url=7)), "url: must be text, got 7"),
        (package(placed(url="")), "url: may be blank only with autoLoad false"),
        (package(placed(url="https://x.org", flexible="y")), "flexible: must be true or false, got 'y'"),
        (package(changed(domainWhitelist="x")), "domainWhitelist: must be a list of texts"),
        (package(changed(experiments={"flying": True})), "experiments.flying: is not one of hashParams"),
        (package(changed(experiments=[])), "experiments: must be an object"),
        (package(changed(parameters={})), "parameters: must be a list, got {}"),
        (package(asked("x")), "parameters: must hold objects only"),
        (package(asked({"type": "text"})), "parameters: one has no name"),
        (package(asked({"name": "a"}, {"name": "a"})), "parameters: a: is there twice"),
        (package(asked({"name": "name"})), "parameters: name: the vendor keeps this name"),
        (package(asked({"name": "a", "type": "list"})), "parameters: a: type: must be one of"),
        (package(asked({"name": "a", "secure": 1})), "parameters: a: secure: must be true or false, got 1"),
        (package(asked({"name": "a", "type": "hidden", "required": True})), "a hidden one cannot be required"),
        (package(asked({"name": "a", "scopes": ["header"]})), "scopes: only a secure one has them"),
        (package(asked({"name": "a", "secure": True, "scopes": "url"})), "scopes: must be a list, got 'url'"),
        (package(asked({"name": "a", "secure": True, "scopes": ["sky"]})), "scopes: 'sky' is not one of"),
        (package(asked({"name": "a", "type": "oauth"})), "manifest.json: oauth: missing"),
        (package(asked({"name": "a", "type": "oauth"}, oauth={"client_id": "x"})), "oauth.client_secret: missing"),
        (package(asked({"name": "a", "type": "oauth", "secure": True}, oauth={})), "type oauth cannot be secure"),
        (package(asked({"name": "a", "type": "oauth"}, {"name": "b", "type": "oauth"})), "only one may be of the type"),
        (package(assets__old_dot_zip=b""), "assets/old.zip: files of this type are not taken"),
        (package(assets__logo_dot_png=None), "assets/logo.png: missing, or not a PNG"),
        (package(assets__logo_dot_png=b"GIF89a"), "assets/logo.png: missing, or not a PNG"),
    ],
)
def test_every_rule_names_what_breaks_it(files: dict[str, bytes], said: str) -> None:
    assert said in "\n".join(validate(files))


@pytest.mark.parametrize(
    "manifest",
    [
        MANIFEST,
        changed(somethingNew=1),
        changed(location=..., requirementsOnly=True),
        changed(location={"zendesk": {"ticket_sidebar": "https://example.com/"}}),
        placed(url="http://localhost:4567/page"),
        placed(url="https://{{setting.host}}/page"),
        placed(url="assets/logo.png?x#y"),
        placed(autoLoad=False),
        asked({"name": "api_token", "type": "text", "secure": True, "scopes": ["header"]}),
    ],
)
def test_what_the_vendor_takes_is_taken(manifest: dict[str, Any]) -> None:
    assert validate(package(manifest)) == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    found = validate(package(changed(frameworkVersion="1", private="no", author="me"), assets__logo_dot_png=None))

    assert len(found) == 4


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (package(assets__app_dot_js=b"fetch('http://example.com/x')"), "calls a plain http address"),
        (package(assets__app_dot_js=b'token = "abcdefghijklmnop1234"'), "looks like a secret"),
        (package(asked({"name": "api_token"})), "is no secure one"),
        (package(asked({"name": "word", "secure": True})), "has no scopes"),
        (package(asked({"name": "word", "type": "hidden", "default": "x"})), "readable by anybody"),
    ],
)
def test_some_things_are_taken_with_a_warning(files: dict[str, bytes], said: str) -> None:
    assert said in "\n".join(warnings(files))
    assert validate(files) == []


def test_a_link_in_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "logo.png").symlink_to("/etc/hostname")

    with pytest.raises(ValueError, match=r"assets/logo\.png: is a symbolic link"):
        read_folder(tmp_path)
