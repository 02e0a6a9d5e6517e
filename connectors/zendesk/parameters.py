"""The vendor's rules for the settings that an app asks for at its installation. Reads a manifest, changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

WHERE = "manifest.json: parameters"

_TYPES = ("text", "checkbox", "url", "number", "multiline", "hidden", "oauth")
_SCOPES = ("header", "body", "url", "jwt_secret_key", "jwt_claim", "basic_auth_username", "basic_auth_password")
_OAUTH = ("client_id", "client_secret", "authorize_uri", "access_token_uri")
_SENSITIVE = ("token", "key", "password", "pwd", "secret")


def parameter_errors(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What the vendor would refuse, as "path: what is wrong"."""
    given = manifest.get("parameters")
    if given is not None and not isinstance(given, list):
        yield f"{WHERE}: must be a list, got {given!r}"
        return
    listed = [one for one in given or () if isinstance(one, Mapping)]
    if len(listed) < len(given or ()):
        yield f"{WHERE}: must hold objects only"
    names = [one.get("name") for one in listed]
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        yield f"{WHERE}: {name}: is there twice"
    for one in listed:
        yield from _one(one)
    yield from _oauth(manifest, listed)


def _one(given: Mapping[str, Any]) -> Iterator[str]:
    name, kind = given.get("name"), given.get("type", "text")
    where = f"{WHERE}: {name}"
    if not isinstance(name, str) or not name:
        yield f"{WHERE}: one has no name"
    if name == "name":
        yield f"{where}: the vendor keeps this name for itself"
    if kind not in _TYPES:
        yield f"{where}: type: must be one of {', '.join(_TYPES)}, got {kind!r}"
    for flag in ("required", "secure"):
        if not isinstance(given.get(flag, False), bool):
            yield f"{where}: {flag}: must be true or false, got {given[flag]!r}"
    if kind == "hidden" and given.get("required") is True:
        yield f"{where}: a hidden one cannot be required"
    yield from _scopes(where, given)


def _scopes(where: str, given: Mapping[str, Any]) -> Iterator[str]:
    scopes = given.get("scopes")
    if scopes is None:
        return
    if given.get("secure") is not True:
        yield f"{where}: scopes: only a secure one has them"
    if not isinstance(scopes, list) or not scopes:
        yield f"{where}: scopes: must be a list, got {scopes!r}"
        return
    for scope in scopes:
        if scope not in _SCOPES:
            yield f"{where}: scopes: {scope!r} is not one of {', '.join(_SCOPES)}"


def _oauth(manifest: Mapping[str, Any], listed: list[Mapping[str, Any]]) -> Iterator[str]:
    asked = [one for one in listed if one.get("type") == "oauth"]
    if len(asked) > 1:
        yield f"{WHERE}: only one may be of the type oauth"
    if any(one.get("secure") is True for one in asked):
        yield f"{WHERE}: one of the type oauth cannot be secure"
    told = manifest.get("oauth")
    if asked and not isinstance(told, Mapping):
        yield "manifest.json: oauth: missing, though a parameter is of that type"
    if isinstance(told, Mapping):
        yield from (f"manifest.json: oauth.{name}: missing" for name in _OAUTH if not told.get(name))


def parameter_warnings(given: Any) -> Iterator[str]:
    """What the vendor takes, but says something about."""
    for one in given if isinstance(given, list) else ():
        if not isinstance(one, Mapping):
            continue
        name, secure = str(one.get("name")), one.get("secure") is True
        if not secure and any(word in name.lower() for word in _SENSITIVE):
            yield f"{WHERE}: {name}: is no secure one, though its name sounds like a secret"
        if secure and not one.get("scopes"):
            yield f"{WHERE}: {name}: is secure, but has no scopes"
        if one.get("default") is not None and (secure or one.get("type") == "hidden"):
            yield f"{WHERE}: {name}: a default of a secure or hidden one is readable by anybody"
