"""The app for Freshworks' marketplace, platform 3.0: built from its folder, and checked by the vendor's own rules.

The rules are those of the vendor's app tools (fdk validate), written down anew.
https://developers.freshworks.com/docs/app-sdk/v3.0/support_ticket/app-manifest/ and app-settings, request-method
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.packaging import Package, public_host, read_folder, read_object

MANIFEST, REQUESTS, IPARAMS, SERVER = "manifest.json", "config/requests.json", "config/iparams.json", "server/server.js"
#: The setting that says which host the app calls; the package proposes the address that it was built for.
BACKEND = "backend_host"

_TOP = ("platform-version", "modules", "engines", "app", "dependencies")
_LEGACY = ("product", "whitelisted-domains")
_MODULES = (
    "common",
    "support_ticket",
    "support_contact",
    "support_company",
    "support_agent",
    "support_email",
    "support_portal",
    "service_ticket",
    "service_asset",
    "service_change",
    "service_user",
    "chat_conversation",
    "chat_user",
    "deal",
    "contact",
    "sales_account",
    "caller_call",
    "caller_agent",
    "caller_notification",
)
_BLOCKS = ("requests", "functions", "events")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_IPARAM_TYPES = (
    *("text", "paragraph", "email", "phone_number", "url", "domain", "api_key"),
    *("number", "date", "checkbox", "radio", "dropdown", "multiselect"),
)
_TIMEOUTS = (15, 20, 25, 30)
_FQDN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)
_SETTING = re.compile(r"<%=\s*(iparam|context|access_token)\.?([A-Za-z_][A-Za-z0-9_]*)?[^%]*%>")


def build(app: Path, public_url: str) -> Package:
    """The package with the public address filled in. Raises ValueError for an address that no request may call."""
    host = public_host(public_url)
    if not _FQDN.fullmatch(host):
        raise ValueError(f"{public_url!r}: Freshworks calls a name on port 443 only")
    files = read_folder(app)
    settings = read_object(IPARAMS, files.get(IPARAMS, b"{}"))
    if isinstance(settings.get(BACKEND), dict):
        settings[BACKEND]["default_value"] = host
        files[IPARAMS] = (json.dumps(settings, indent=2, ensure_ascii=False) + "\n").encode()
    return Package(files=files, errors=tuple(validate(files)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _App:
    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]
    requests: Mapping[str, Any]
    iparams: Mapping[str, Any]

    @property
    def modules(self) -> Mapping[str, Mapping[str, Any]]:
        found = self.manifest.get("modules")
        items = found.items() if isinstance(found, Mapping) else ()
        return {name: module for name, module in items if isinstance(module, Mapping)}


def validate(files: Mapping[str, bytes]) -> list[str]:
    """Everything the vendor would refuse, as "path: what is wrong"."""
    read: dict[str, Mapping[str, Any]] = {}
    errors = []
    for path in (MANIFEST, REQUESTS, IPARAMS):
        try:
            read[path] = read_object(path, files[path]) if path in files else {}
        except ValueError as error:
            errors.append(str(error))
    if MANIFEST not in files:
        errors.append(f"{MANIFEST}: missing at the root of the package")
    if errors:
        return errors
    app = _App(files=files, manifest=read[MANIFEST], requests=read[REQUESTS], iparams=read[IPARAMS])
    return [error for check in _CHECKS for error in check(app)]


def _top(app: _App) -> Iterator[str]:
    if app.manifest.get("platform-version") != "3.0":
        yield f'{MANIFEST}: platform-version: must be "3.0", got {app.manifest.get("platform-version")!r}'
    for name in app.manifest:
        if name in _LEGACY:
            yield f"{MANIFEST}: {name}: belongs to platform 2"
        elif name not in _TOP:
            yield f"{MANIFEST}: {name}: must NOT have additional properties"
    engines = app.manifest.get("engines")
    for name in ("node", "fdk"):
        version = engines.get(name) if isinstance(engines, Mapping) else None
        if not isinstance(version, str) or not re.fullmatch(r"\d+\.\d+\.\d+", version):
            yield f"{MANIFEST}: engines.{name}: must be a version such as 18.20.8, got {version!r}"


def _modules(app: _App) -> Iterator[str]:
    if not isinstance(app.manifest.get("modules"), Mapping):
        yield f"{MANIFEST}: modules: missing"
        return
    if not set(app.modules) - {"common"}:
        yield f"{MANIFEST}: modules: needs one of a product beside common"
    for name, module in app.manifest["modules"].items():
        if name not in _MODULES:
            yield f"{MANIFEST}: modules.{name}: is no module"
        if isinstance(module, Mapping):
            yield from _blocks(str(name), module)
        else:
            yield f"{MANIFEST}: modules.{name}: must be an object, got {module!r}"


def _blocks(name: str, module: Mapping[str, Any]) -> Iterator[str]:
    for block in _BLOCKS:
        if block in module and not module[block]:
            yield f"{MANIFEST}: modules.{name}.{block}: must not be empty"
    for block in ("requests", "functions"):
        if block in module and name != "common":
            yield f"{MANIFEST}: modules.{name}.{block}: belongs under common"


def _locations(app: _App) -> Iterator[str]:
    for name, module in app.modules.items():
        places = module.get("location", {})
        if name == "common" and set(places) - {"full_page_app", "cti_global_sidebar"}:
            yield f"{MANIFEST}: modules.common.location: a product's location belongs under its own module"
        for place, wanted in places.items() if isinstance(places, Mapping) else ():
            where = f"{MANIFEST}: modules.{name}.location.{place}"
            for member in ("url", "icon"):
                path = wanted.get(member) if isinstance(wanted, Mapping) else None
                if not isinstance(path, str) or f"app/{path}" not in app.files:
                    yield f"{where}.{member}: app/{path} is not there"


def _requests(app: _App) -> Iterator[str]:
    declared = app.modules.get("common", {}).get("requests", {})
    names = set(declared) if isinstance(declared, Mapping) else set()
    for name in sorted(names - set(app.requests)):
        yield f"{REQUESTS}: {name}: missing, though the manifest declares it"
    for name in sorted(set(app.requests) - names):
        yield f"{MANIFEST}: modules.common.requests.{name}: missing, though {REQUESTS} has it"
    for name, template in app.requests.items():
        yield from _request(app, name, template)


def _request(app: _App, name: str, template: Any) -> Iterator[str]:
    where = f"{REQUESTS}: {name}"
    schema = template.get("schema") if isinstance(template, Mapping) else None
    if not isinstance(schema, Mapping):
        yield f"{where}: schema: missing"
        return
    if schema.get("protocol", "https") != "https":
        yield f"{where}: schema.protocol: must be https, got {schema['protocol']!r}"
    if schema.get("method") not in _METHODS:
        yield f"{where}: schema.method: must be one of {', '.join(_METHODS)}, got {schema.get('method')!r}"
    yield from _address(where, schema)
    wait = template.get("options", {}).get("requestTimeout", _TIMEOUTS[0])
    if wait not in _TIMEOUTS:
        yield f"{where}: options.requestTimeout: must be one of {', '.join(map(str, _TIMEOUTS))}, got {wait!r}"
    for source, setting in _SETTING.findall(json.dumps(schema)):
        if source == "iparam" and setting not in app.iparams:
            yield f"{where}: uses iparam.{setting}, which {IPARAMS} has not"


def _address(where: str, schema: Mapping[str, Any]) -> Iterator[str]:
    host = schema.get("host")
    if not isinstance(host, str) or not (_FQDN.fullmatch(host) or _SETTING.fullmatch(host)):
        yield f"{where}: schema.host: must be a full domain name without scheme, port or path, got {host!r}"
    if not str(schema.get("path", "/")).startswith("/"):
        yield f"{where}: schema.path: must begin with /, got {schema['path']!r}"


def _settings(app: _App) -> Iterator[str]:
    if IPARAMS in app.files and "config/iparams.html" in app.files:
        yield f"{IPARAMS}: not together with config/iparams.html"
    for name, given in app.iparams.items():
        where = f"{IPARAMS}: {name}"
        if not isinstance(given, Mapping):
            yield f"{where}: must be an object, got {given!r}"
            continue
        if not given.get("display_name"):
            yield f"{where}: display_name: missing"
        if given.get("type") not in _IPARAM_TYPES:
            yield f"{where}: type: must be one of {', '.join(_IPARAM_TYPES)}, got {given.get('type')!r}"
        for flag in ("secure", "required"):
            if not isinstance(given.get(flag, False), bool):
                yield f"{where}: {flag}: must be true or false, got {given[flag]!r}"


def _handlers(app: _App) -> Iterator[str]:
    """Events and functions name handlers that the server script exports."""
    script = app.files.get(SERVER, b"").decode("utf-8", "replace")
    for name, module in app.modules.items():
        for event, wanted in _named(module.get("events")):
            handler = wanted.get("handler")
            if not handler:
                yield f"{MANIFEST}: modules.{name}.events.{event}: handler: missing"
            elif not _exports(script, str(handler)):
                yield f"{SERVER}: {handler}: missing, though {event} calls it"
        for function, _ in _named(module.get("functions")):
            if not _exports(script, function):
                yield f"{SERVER}: {function}: missing, though the manifest declares it"


def _named(block: Any) -> list[tuple[str, Mapping[str, Any]]]:
    found = block.items() if isinstance(block, Mapping) else ()
    return [(str(name), wanted if isinstance(wanted, Mapping) else {}) for name, wanted in found]


def _exports(script: str, name: str) -> bool:
    return re.search(rf"^\s*(async\s+)?{re.escape(name)}\s*(\(|:)", script, re.MULTILINE) is not None


def _pages(app: _App) -> Iterator[str]:
    """Pages load the vendor's client, and nothing in them calls a helpdesk by itself."""
    for path, raw in sorted(app.files.items()):
        if path.startswith("app/") and path.endswith(".html") and b"{{{appclient}}}" not in raw:
            yield f"{path}: must load the client by {{{{{{appclient}}}}}}"


_CHECKS: Sequence[Callable[[_App], Iterator[str]]] = (
    _top,
    _modules,
    _locations,
    _requests,
    _settings,
    _handlers,
    _pages,
)
