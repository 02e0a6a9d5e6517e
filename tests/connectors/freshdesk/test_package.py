"""The app for Freshworks' marketplace, and every rule of the vendor's that would turn it away."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from app.settings import CHECKOUT
from connectors.freshdesk import FRESHDESK
from connectors.freshdesk.package import validate
from connectors.packaging import read_object, zipped

URL = "https://recovery.example.org"

MANIFEST: dict[str, Any] = {
    "platform-version": "3.0",
    "modules": {
        "common": {"requests": {"ask": {}}},
        "support_ticket": {
            "location": {"ticket_sidebar": {"url": "index.html", "icon": "icon.svg"}},
            "events": {"onTicketUpdate": {"handler": "told"}},
        },
    },
    "engines": {"node": "18.20.8", "fdk": "9.6.0"},
}
SCHEMA = {"protocol": "https", "method": "POST", "host": "<%= iparam.host %>", "path": "/ask"}
IPARAMS = {"host": {"display_name": "Host", "type": "text", "required": True}}
PAGE = b"<script src='{{{appclient}}}'></script>"
SCRIPT = b"exports = {\n  told: function (args) {},\n};\n"


def package(manifest: Any = MANIFEST, *, schema: Any = SCHEMA, options: Any = None, **files: Any) -> dict[str, bytes]:
    """A sound package with some files in another form; None leaves one out. `__` stands for /, `_dot_` for a dot."""
    template = {"schema": schema, **({"options": options} if options else {})}
    found: dict[str, Any] = {
        "manifest.json": manifest,
        "config/requests.json": {"ask": template},
        "config/iparams.json": IPARAMS,
        "app/index.html": PAGE,
        "app/icon.svg": b"<svg/>",
        "server/server.js": SCRIPT,
    }
    found |= {name.replace("__", "/").replace("_dot_", "."): raw for name, raw in files.items()}
    return {
        path: raw if isinstance(raw, bytes) else json.dumps(raw).encode()
        for path, raw in found.items()
        if raw is not None
    }


def changed(**members: Any) -> dict[str, Any]:
    return {**deepcopy(MANIFEST), **{name.replace("_", "-"): value for name, value in members.items()}}


def module(name: str, **members: Any) -> dict[str, Any]:
    manifest = deepcopy(MANIFEST)
    manifest["modules"][name] = {**manifest["modules"].get(name, {}), **members}
    return manifest


class TestOurs:
    def test_it_passes_and_proposes_the_given_host(self) -> None:
        built = FRESHDESK.package(CHECKOUT, URL)

        settings = read_object("config/iparams.json", built.files["config/iparams.json"])
        assert built.errors == ()
        assert settings["backend_host"]["default_value"] == "recovery.example.org"

    def test_what_proves_the_app_is_kept_from_the_browser(self) -> None:
        built = FRESHDESK.package(CHECKOUT, URL)

        settings = read_object("config/iparams.json", built.files["config/iparams.json"])
        assert {name for name, one in settings.items() if one.get("secure")} >= {"webhook_secret", "sidebar_key"}

    def test_it_makes_the_same_bytes_every_time(self) -> None:
        first, second = (zipped(FRESHDESK.package(CHECKOUT, URL).files) for _ in range(2))

        assert first == second

    @pytest.mark.parametrize("url", [f"{URL}:8443", "http://recovery.example.org", "https://localhost"])
    def test_an_address_that_freshworks_cannot_call_is_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match=r"https://host|port 443"):
            FRESHDESK.package(CHECKOUT, url)


def test_a_sound_package_has_nothing_wrong() -> None:
    assert validate(package()) == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "manifest.json: missing at the root"),
        (package(b"{"), "manifest.json: is not JSON"),
        (package(config__requests_dot_json=b"[]"), "config/requests.json: must be a JSON object"),
        (package(changed(platform_version="2.3")), "platform-version: must be \"3.0\", got '2.3'"),
        (package(changed(name="An app")), "name: must NOT have additional properties"),
        (package(changed(product={"freshdesk": {}})), "product: belongs to platform 2"),
        (package(changed(whitelisted_domains=[])), "whitelisted-domains: belongs to platform 2"),
        (package(changed(engines={"node": "18"})), "engines.node: must be a version such as 18.20.8, got '18'"),
        (package(changed(engines={"node": "18.20.8"})), "engines.fdk: must be a version"),
        (package(changed(modules=[])), "modules: missing"),
        (package(changed(modules={"common": {}})), "needs one of a product beside common"),
        (package(module("attic", location={})), "modules.attic: is no module"),
        (package(changed(modules={"support_ticket": 7})), "modules.support_ticket: must be an object, got 7"),
        (package(module("common", requests={})), "modules.common.requests: must not be empty"),
        (package(module("common", functions={})), "modules.common.functions: must not be empty"),
        (package(module("support_ticket", events={})), "modules.support_ticket.events: must not be empty"),
        (package(module("support_ticket", requests={"x": {}})), "support_ticket.requests: belongs under common"),
        (package(module("common", location={"ticket_sidebar": {}})), "belongs under its own module"),
        (package(app__index_dot_html=None), "location.ticket_sidebar.url: app/index.html is not there"),
        (package(app__icon_dot_svg=None), "location.ticket_sidebar.icon: app/icon.svg is not there"),
        (package(app__index_dot_html=b"<p>"), "app/index.html: must load the client"),
        (package(config__requests_dot_json={}), "ask: missing, though the manifest declares it"),
        (package(module("common", requests={"other": {}})), "modules.common.requests.ask: missing"),
        (package(schema=None), "ask: schema: missing"),
        (package(schema={**SCHEMA, "protocol": "http"}), "schema.protocol: must be https, got 'http'"),
        (package(schema={**SCHEMA, "method": "LOOK"}), "schema.method: must be one of GET"),
        (package(schema={**SCHEMA, "host": "https://example.com"}), "schema.host: must be a full domain name"),
        (package(schema={**SCHEMA, "host": "example.com:8443"}), "schema.host: must be a full domain name"),
        (package(schema={**SCHEMA, "host": "example.com/path"}), "schema.host: must be a full domain name"),
        (package(schema={**SCHEMA, "host": "<%= iparam.other %>"}), "uses iparam.other, which config/iparams.json"),
        (package(schema={**SCHEMA, "path": "ask"}), "schema.path: must begin with /"),
        (package(options={"requestTimeout": 60}), "options.requestTimeout: must be one of 15, 20, 25, 30, got 60"),
        (package(config__iparams_dot_html=b"<p>"), "not together with config/iparams.html"),
        (package(config__iparams_dot_json={"host": 7}), "host: must be an object, got 7"),
        (package(config__iparams_dot_json={"host": {"type": "text"}}), "host: display_name: missing"),
        (package(config__iparams_dot_json={"host": {"type": "wish"}}), "host: type: must be one of"),
        (
            package(config__iparams_dot_json={"host": {"display_name": "H", "type": "text", "secure": 1}}),
            "host: secure: must be true or false, got 1",
        ),
        (package(server__server_dot_js=None), "told: missing, though onTicketUpdate calls it"),
        (package(module("support_ticket", events={"onTicketUpdate": {}})), "onTicketUpdate: handler: missing"),
        (package(module("common", functions={"sum": {}})), "sum: missing, though the manifest declares it"),
    ],
)
def test_every_rule_names_what_breaks_it(files: dict[str, bytes], said: str) -> None:
    assert said in "\n".join(validate(files))


def test_all_that_is_wrong_is_said_at_once() -> None:
    found = validate(package(changed(platform_version="2.3", name="x"), schema={**SCHEMA, "method": "LOOK"}))

    assert len(found) == 3


def test_two_files_that_cannot_be_read_are_both_named() -> None:
    assert len(validate(package(b"{", config__iparams_dot_json=b"["))) == 2
