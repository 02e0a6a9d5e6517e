"""The app for Zendesk's marketplace: built from its manifest and assets, and checked by the vendor's own rules.

The rules are those of the vendor's validator (the gem zendesk_apps_support, 4.52), written down anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors.packaging import Package, public_host, read_folder, read_object
from connectors.zendesk.parameters import parameter_errors, parameter_warnings

MANIFEST = "manifest.json"
SIDEBAR = "/sidebar/zendesk"

_REQUIRED = ("author", "defaultLocale", "location", "frameworkVersion")
_LOCALE = re.compile(r"[a-z]{2,3}(-\w{2,3})?")
_BOOLEANS = ("private", "signedUrls", "singleInstall", "requirementsOnly", "marketingOnly")
_TEXTS = ("version", "gaID", "remoteInstallationURL", "termsConditionsURL")
_EXPERIMENTS = ("hashParams", "newCssCompiler")
#: Old names of hosts, which the vendor still takes.
_HOSTS = {"zendesk": "support", "zopim": "chat", "lotus_box": "support"}
_SUPPORT = (
    "background",
    "modal",
    "nav_bar",
    "new_ticket_sidebar",
    "organization_sidebar",
    "ticket_editor",
    "ticket_sidebar",
    "top_bar",
    "user_sidebar",
)
_LOCATIONS: Mapping[str, Sequence[str]] = {
    "support": _SUPPORT,
    "chat": ("background", "chat_sidebar", "main_panel"),
    "standalone_chat": ("background", "chat_sidebar"),
    "sell": (
        "background",
        "company_card",
        "dashboard",
        "deal_card",
        "lead_card",
        "modal",
        "person_card",
        "top_bar",
    ),
}
_BLOCKED = frozenset(
    (
        *("zip", "gz", "tar", "rar", "7z", "jar", "war", "iso", "dmg"),
        *("exe", "dll", "apk", "sh"),
        *("pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx"),
        *("mp3", "mp4", "mov", "avi", "wav", "ogg"),
    )
)
_IN_ASSETS = ("logo.png", "logo-small.png")
_SECRET = re.compile(rb"(?i)(api[_-]?key|secret|password|token)[\"']?\s*[:=]\s*[\"'][A-Za-z0-9/+_-]{16,}[\"']")
_PLAIN_HTTP = re.compile(rb"[\"'(]http://(?!(localhost|127\.0\.0\.1|www\.w3\.org)[/\"':)])")


def build(manifest: Path, app: Path, public_url: str) -> Package:
    """The package with the public address filled in, and what is wrong with it.

    `manifest` is written for an address of its own, which everything in it that has the same host goes along with.
    Raises ValueError for an address that is not https, or a manifest without one.
    """
    host = public_host(public_url)
    files = {**read_folder(app), MANIFEST: _readdressed(manifest.read_bytes(), host)}
    return Package(files=files, errors=tuple(validate(files)), warnings=tuple(warnings(files)))


def _readdressed(raw: bytes, host: str) -> bytes:
    document = read_object(MANIFEST, raw)
    urls = [one["url"] for _, _, one in _placed(document) if isinstance(one.get("url"), str)]
    old = next((urlsplit(url).netloc for url in urls if urlsplit(url).netloc), None)
    if old is None:
        raise ValueError(f"{MANIFEST}: location: names no address to replace")
    for _, _, one in _placed(document):
        if isinstance(one.get("url"), str):
            one["url"] = one["url"].replace(f"https://{old}/", f"https://{host}/")
    document["domainWhitelist"] = [host.split(":")[0] if name == old else name for name in document["domainWhitelist"]]
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def validate(files: Mapping[str, bytes]) -> list[str]:
    """Everything the vendor would refuse, as "path: what is wrong"."""
    if MANIFEST not in files:
        return [f"{MANIFEST}: missing at the root of the package"]
    try:
        manifest = read_object(MANIFEST, files[MANIFEST])
    except ValueError as error:
        return [str(error)]
    app = _App(files=files, manifest=manifest)
    return [error for check in _CHECKS for error in check(app)]


def warnings(files: Mapping[str, bytes]) -> list[str]:
    """What the vendor takes, but says something about."""
    found = []
    for path, raw in sorted(files.items()):
        if path.endswith((".js", ".html", ".htm")) and _PLAIN_HTTP.search(raw):
            found.append(f"{path}: calls a plain http address")
        if path.endswith((".js", ".html", ".json")) and _SECRET.search(raw):
            found.append(f"{path}: holds what looks like a secret")
    try:
        manifest = read_object(MANIFEST, files.get(MANIFEST, b""))
    except ValueError:
        return found
    return found + list(parameter_warnings(manifest.get("parameters")))


@dataclass(frozen=True, slots=True, kw_only=True)
class _App:
    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]


def _members(app: _App) -> Iterator[str]:
    faceless = app.manifest.get("requirementsOnly") or app.manifest.get("marketingOnly")
    for name in _REQUIRED:
        if not app.manifest.get(name) and not (name == "location" and faceless):
            yield f"{MANIFEST}: {name}: missing"
    version = app.manifest.get("frameworkVersion")
    if version is not None and version != "2.0":
        yield f'{MANIFEST}: frameworkVersion: must be "2.0", got {version!r}'
    if app.manifest.get("noTemplate") is not None:
        yield f"{MANIFEST}: noTemplate: is no longer taken"


def _types(app: _App) -> Iterator[str]:
    for name in _BOOLEANS:
        if not isinstance(app.manifest.get(name, False), bool):
            yield f"{MANIFEST}: {name}: must be true or false, got {app.manifest[name]!r}"
    for name in _TEXTS:
        if not isinstance(app.manifest.get(name, ""), str):
            yield f"{MANIFEST}: {name}: must be text, got {app.manifest[name]!r}"


def _author(app: _App) -> Iterator[str]:
    author = app.manifest.get("author")
    if author is None:
        return
    if not isinstance(author, Mapping):
        yield f"{MANIFEST}: author: must be an object, got {author!r}"
        return
    for name in ("name", "email", "url"):
        if not isinstance(author.get(name, ""), str):
            yield f"{MANIFEST}: author.{name}: must be text, got {author[name]!r}"
    for name, url in (
        ("author.url", author.get("url")),
        ("termsConditionsURL", app.manifest.get("termsConditionsURL")),
    ):
        if isinstance(url, str) and urlsplit(url).scheme not in ("http", "https"):
            yield f"{MANIFEST}: {name}: must be an http or https address, got {url!r}"


def _locales(app: _App) -> Iterator[str]:
    default = app.manifest.get("defaultLocale")
    if default is None:
        return
    if not isinstance(default, str) or not _LOCALE.fullmatch(default):
        yield f"{MANIFEST}: defaultLocale: is no locale: {default!r}"
    elif f"translations/{default}.json" not in app.files:
        yield f"translations/{default}.json: missing, though it is the default locale"
    for path in sorted(app.files):
        name = path.removeprefix("translations/")
        if name != path and not _LOCALE.fullmatch(name.removesuffix(".json")):
            yield f"{path}: is no translation: its name must be a locale and .json"


def _translations(app: _App) -> Iterator[str]:
    public = app.manifest.get("private", True) is False
    needed = ("name", "short_description", "long_description", "installation_instructions") if public else ("name",)
    for path in sorted(app.files):
        if not re.fullmatch(r"translations/[^/]+\.json", path):
            continue
        try:
            told = read_object(path, app.files[path])
        except ValueError as error:
            yield str(error)
            continue
        words = told.get("app")
        if not isinstance(words, Mapping):
            yield f"{path}: app: missing"
        elif path == "translations/en.json":
            yield from (f"{path}: app.{name}: missing" for name in needed if not isinstance(words.get(name), str))


def _placed(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Host, location and what stands there, where it is an object."""
    location = manifest.get("location")
    for host, places in (location if isinstance(location, Mapping) else {}).items():
        for place, wanted in (places if isinstance(places, Mapping) else {}).items():
            yield host, place, wanted if isinstance(wanted, dict) else {"url": wanted}


def _locations(app: _App) -> Iterator[str]:
    location = app.manifest.get("location")
    if location is None:
        return
    if not isinstance(location, Mapping):
        yield f"{MANIFEST}: location: must be an object, got {location!r}"
        return
    for host, places in location.items():
        if _HOSTS.get(host, host) not in _LOCATIONS:
            yield f"{MANIFEST}: location.{host}: is no product; known are {', '.join(_LOCATIONS)}"
        elif not isinstance(places, Mapping) or not places:
            yield f"{MANIFEST}: location.{host}: must name at least one location"
    for host, place, wanted in _placed(app.manifest):
        known = _LOCATIONS.get(_HOSTS.get(host, host))
        where = f"{MANIFEST}: location.{host}.{place}"
        if known is not None and place not in known:
            yield f"{where}: is no location of {host}"
        yield from _place_errors(app, where, wanted)


def _place_errors(app: _App, where: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    for name in ("flexible", "autoLoad", "autoHide"):
        if not isinstance(wanted.get(name, False), bool):
            yield f"{where}.{name}: must be true or false, got {wanted[name]!r}"
    url = wanted.get("url")
    if url in (None, "", "_legacy"):
        if wanted.get("autoLoad", True) is not False:
            yield f"{where}.url: may be blank only with autoLoad false"
    elif not isinstance(url, str):
        yield f"{where}.url: must be text, got {url!r}"
    elif not _opens(app, url):
        yield f"{where}.url: must be https, a file of assets/ that is there, or hold a setting, got {url!r}"


def _opens(app: _App, url: str) -> bool:
    if "{{setting." in url:
        return True
    if url.startswith("assets/"):
        return url.split("?")[0].split("#")[0] in app.files
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname == "localhost"
    return local or (parts.scheme == "https" and bool(parts.hostname))


def _lists(app: _App) -> Iterator[str]:
    domains = app.manifest.get("domainWhitelist")
    if domains is not None and not (isinstance(domains, list) and all(isinstance(one, str) for one in domains)):
        yield f"{MANIFEST}: domainWhitelist: must be a list of texts, got {domains!r}"
    experiments = app.manifest.get("experiments")
    if experiments is not None and not isinstance(experiments, Mapping):
        yield f"{MANIFEST}: experiments: must be an object, got {experiments!r}"
    for name in experiments if isinstance(experiments, Mapping) else ():
        if name not in _EXPERIMENTS:
            yield f"{MANIFEST}: experiments.{name}: is not one of {', '.join(_EXPERIMENTS)}"


def _parameters(app: _App) -> Iterator[str]:
    yield from parameter_errors(app.manifest)


def _file_types(app: _App) -> Iterator[str]:
    for path in sorted(app.files):
        if path.rsplit(".", 1)[-1].lower() in _BLOCKED:
            yield f"{path}: files of this type are not taken"


def _pictures(app: _App) -> Iterator[str]:
    # Not among the validator's own checks, but an app without them cannot be uploaded by hand.
    for name in _IN_ASSETS:
        if not app.files.get(f"assets/{name}", b"").startswith(b"\x89PNG\r\n\x1a\n"):
            yield f"assets/{name}: missing, or not a PNG"


_CHECKS: Sequence[Callable[[_App], Iterator[str]]] = (
    _members,
    _types,
    _author,
    _locales,
    _translations,
    _locations,
    _lists,
    _parameters,
    _file_types,
    _pictures,
)
