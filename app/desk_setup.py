"""Connecting a helpdesk account: what is given is checked, asked about at the helpdesk, and stored."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from sqlalchemy.orm import Session

from app import connecting
from app.clock import real_now
from app.connect import read_credentials
from app.connecting import Account, Added
from app.desk_document import FIELDS, GOOD_FROM, OF_CUSTOMERS, OWNERS, SETTINGS, SettingsSlips, read_languages
from app.protocols.errors import DocumentError
from app.protocols.yaml_text import read_yaml
from app.scoring.calendars import read_calendar, write_calendar
from app.scoring.listening import read_listening
from app.scoring.taxonomy import TaxonomyError
from app.settings import is_loopback
from app.store import audit, desks, tracked_tickets
from app.store.accounts import normal_email
from app.store.database import Purpose
from app.store.models import Desk
from app.store.sign_ins import hashed
from app.store.versions import Stale, version_of
from tasks.parts import Parts

PREFIX = "KINTSUGI_DESK_"
SIDEBAR = ("app_id", "installation_id", "public_key")
#: What the Freshworks app proves itself by; only its hash is kept.
SIDEBAR_KEY = "sidebar_key"
SHORTEST_KEY = 32


def read_secrets(file: Path | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Secrets from a JSON file, or from KINTSUGI_DESK_<KEY>. Raises ValueError that names the field, not its value."""
    if file is not None:
        return read_credentials(file.read_text(encoding="utf-8"))
    found = {name.removeprefix(PREFIX).lower(): value for name, value in environ.items() if name.startswith(PREFIX)}
    if not found:
        wanted = f"{PREFIX}CLIENT_ID, {PREFIX}CLIENT_SECRET, {PREFIX}REFRESH_TOKEN and {PREFIX}WEBHOOK_SECRET"
        raise ValueError(f"give --secret-file, or {wanted}")
    return found


def add(
    parts: Parts, *, kind: str, name: str, subdomain: str, base_url: str | None, secrets: Mapping[str, str]
) -> Added:
    """Store the desk with the default protocols in force. Raises ValueError that names what is wrong."""
    account = Account(
        kind=kind,
        name=name,
        subdomain=subdomain,
        base_url=base_url,
        credentials=_credentials(secrets),
        # Until a webhook is installed, whose secret takes its place, nobody can sign anything for this desk.
        webhook_secret=secrets.get("webhook_secret") or token_urlsafe(32),
        sidebar=_sidebar(secrets),
    )
    added = connecting.add(parts, account, by="desk add")
    if "webhook_secret" in secrets:
        return added
    return replace(added, warnings=(*added.warnings, "no webhook_secret was given: run `kintsugi desk install` next"))


def _credentials(secrets: Mapping[str, str]) -> dict[str, str]:
    other = ("webhook_secret", SIDEBAR_KEY, *SIDEBAR)
    return {key: value for key, value in secrets.items() if key not in other}


def _sidebar(secrets: Mapping[str, str]) -> dict[str, str]:
    """What proves who opens the sidebar: public, or a hash. Raises ValueError for a key that could be guessed."""
    found = {key: secrets[key] for key in SIDEBAR if key in secrets}
    if SIDEBAR_KEY in secrets:
        if len(secrets[SIDEBAR_KEY]) < SHORTEST_KEY:
            raise ValueError(f"secret file: {SIDEBAR_KEY}: at least {SHORTEST_KEY} characters, made by a machine")
        found["key_hash"] = hashed(secrets[SIDEBAR_KEY])
    return found


def change(
    parts: Parts,
    desk_id: int,
    *,
    secrets: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> list[str]:
    """Change what a desk was connected with; returns what was changed, in words. Raises ValueError.

    New credentials are tried at the helpdesk first. A new webhook secret is accepted beside the one before it, until
    the next change, so that nothing is lost while the helpdesk goes over to it.
    """
    given = dict(secrets or {})
    with parts.database.desk(desk_id, read=True) as session:
        row = desks.get(session, desk_id)
        known = desks.credentials(session, row)
    credentials = _credentials(given)
    # A refresh token works once: given again it is only the file that the desk was connected with.
    is_new = bool(credentials) and not (credentials == known and connecting.REFRESH in credentials)
    asked = None
    if is_new:
        asked = connecting.ask(parts, row.kind, subdomain=row.subdomain, base_url=row.base_url, credentials=credentials)
    changed = []
    with parts.database.system(Purpose.OPERATE) as session:
        row = desks.get(session, desk_id)
        if asked is not None and credentials != known:
            connecting.put(session, row, credentials, asked)
            changed.append("credentials")
        elif asked is not None and asked.person is not None:
            row.integration_user_id = asked.person.id
        if given.get("webhook_secret") and given["webhook_secret"] not in desks.webhook_secrets(session, row):
            desks.rotate_webhook_secret(session, row, given["webhook_secret"])
            changed.append("webhook secret")
        sidebar = _sidebar(given)
        if sidebar and sidebar != row.sidebar:
            row.sidebar = sidebar
            changed.append("sidebar")
        if settings:
            desks.change_settings(row, _merged(row.settings, settings))
            changed += sorted(settings)
        _look_again(session, row, settings or {}, parts.clock.now())
        _record(session, desk_id, changed, by=audit.OPERATOR)
    return changed


def _record(session: Session, desk_id: int, changed: Sequence[str], *, by: str) -> None:
    if changed:
        told = {"settings": ", ".join(changed)}
        audit.record(session, by=by, did="desk.changed", what=f"desk:{desk_id}", detail=told, at=real_now(), on=desk_id)


def put_settings(parts: Parts, desk_id: int, settings: Mapping[str, Any], *, version: str, by: str) -> list[str]:
    """Store the settings of a whole document; returns the names of those that are others now.

    `by` is who sends it, as the audit log names them. Raises Stale where what is stored is not that version any more,
    SettingsSlips for tags that tickets carry already.
    """
    with parts.database.desk(desk_id) as session:
        row = desks.hold(session, desk_id)
        if version_of_settings(row) != version:
            raise Stale
        changed = _differing(row.settings, settings)
        if "tags" in changed and tracked_tickets.any_scored(session):
            raise SettingsSlips("tags.state_prefix: tickets of this desk carry the tags as they are; they stay")
        desks.change_settings(row, {**settings, "webhooks": _webhooks(row.settings, settings)})
        _look_again(session, row, changed, parts.clock.now())
        _record(session, desk_id, changed, by=by)
    return changed


def version_of_settings(row: Desk) -> str:
    """Another one whenever any setting of the document is another."""
    return version_of({name: row.settings[name] for name in SETTINGS if name in row.settings})


def _differing(before: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    whole = {**settings, "webhooks": _webhooks(before, settings)}
    return sorted(name for name in whole if _set(whole[name]) != _set(before.get(name)))


def _set(value: Any) -> Any:
    """The value where it says anything; 0 does."""
    return None if value is False or value in ({}, []) else value


def _webhooks(before: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, str] | None:
    """Those that were there and those to add, without those to take away."""
    whole = {**before.get("webhooks", {}), **(settings.get("webhooks") or {})}
    return {name: url for name, url in whole.items() if url} or None


def _look_again(session: Session, row: Desk, changed: Collection[str], now: datetime) -> None:
    """Score tickets again where the settings that changed decide on it."""
    if "calendar" in changed:
        row.usual = None  # what was counted in other hours is no norm
        tracked_tickets.score_again(session, row.id, now)
    if "good_from" in changed:
        tracked_tickets.score_unsolved(session, row.id, now)


def _merged(before: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings to store; what is mapped to nothing is mapped no more."""
    merged = dict(settings)
    for mapping in {"fields", "customer"} & set(settings):
        whole = {**before.get(mapping, {}), **settings[mapping]}
        merged[mapping] = {name: source for name, source in whole.items() if source}
    return merged


def read_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `desk change` as settings of a desk; None takes a setting away. Raises ValueError that names what
    is wrong."""
    settings = _read_speaking(given) | _read_surveys(given) | _read_scoring(given)
    if given["fields"]:
        settings["fields"] = read_fields(given["fields"])
    if given["customer"]:
        settings["customer"] = read_customer(given["customer"])
    if given["causes"]:
        settings |= read_causes_file(given["causes"])
    if given["calendar"] and given["no_calendar"]:
        raise ValueError("--calendar: not together with --no-calendar")
    if given["calendar"] or given["no_calendar"]:
        settings["calendar"] = read_calendar_file(given["calendar"]) if given["calendar"] else None
    return settings


def _read_speaking(given: Mapping[str, Any]) -> dict[str, Any]:
    """Whom alerts go to, and whether automation may write to customers."""
    settings: dict[str, Any] = {}
    if given["leads"]:
        settings["lead_emails"] = [normal_email(lead) for lead in given["leads"]]
    if given["webhooks"]:
        settings["webhooks"] = read_webhooks(given["webhooks"])
    if given["automation_may_speak"] is not None:
        settings["automation_may_speak"] = given["automation_may_speak"]
    return settings


def _read_surveys(given: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if given["survey_cooldown_days"] is not None:
        settings["survey_cooldown_days"] = given["survey_cooldown_days"]
    if given["survey_id"] is not None:
        settings["survey_id"] = given["survey_id"].strip() or None
    return settings


def _read_scoring(given: Mapping[str, Any]) -> dict[str, Any]:
    """Where good begins, what customers write in, and how much of the helpdesk's allowances is ours."""
    settings: dict[str, Any] = {}
    if given["good_from"] is not None:
        settings["good_from"] = _read_good_from(given["good_from"].strip())
    if given["call_share"] is not None:
        settings["call_share"] = given["call_share"]
    if given["languages"] is not None:
        settings["languages"] = _read_languages(given["languages"])
    return settings


def _read_good_from(text: str) -> int | None:
    least, most = GOOD_FROM
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and least <= int(text) <= most):
        raise ValueError(f"--good-from: must be a whole number from {least} to {most} (got {text[:60]!r})")
    return int(text)


def _read_languages(text: str) -> list[str] | None:
    try:
        return read_languages(text.split(",")) or None
    except ValueError as error:
        raise ValueError(f"--languages: {error}") from error


def read_calendar_file(file: Path) -> dict[str, Any]:
    """A calendar from a YAML or JSON file, as it is stored. Raises ValueError with a line for every slip."""
    try:
        return write_calendar(read_calendar(read_yaml(file.read_text(encoding="utf-8"))))
    except DocumentError as error:
        raise ValueError(f"--calendar: {error}") from error


def read_causes_file(file: Path) -> dict[str, Any]:
    """What to listen for from a YAML file, as it is stored. Raises ValueError with a line for every slip."""
    try:
        return read_listening(read_yaml(file.read_text(encoding="utf-8")))
    except (DocumentError, TaxonomyError) as error:
        raise ValueError(f"--causes: {error}") from error


def read_fields(pairs: Sequence[str]) -> dict[str, str]:
    """`name=id` pairs, the id empty where no field says it any more. Raises ValueError that names the pair."""
    found = {}
    for pair in pairs:
        name, separator, field_id = pair.partition("=")
        if name not in FIELDS or not separator or not re.fullmatch(r"([0-9]{1,19}|cf_\w{1,100})?", field_id):
            raise ValueError(f"--field: {pair[:60]!r} must be given as NAME=ID, NAME one of {', '.join(FIELDS)}")
        found[name] = field_id
    return found


def read_customer(pairs: Sequence[str]) -> dict[str, str]:
    """`name=owner.key` pairs, nothing after the sign where no field says it any more. Raises ValueError that names the
    pair."""
    found = {}
    for pair in pairs:
        name, separator, source = pair.partition("=")
        owner, _, key = source.partition(".")
        known = owner in OWNERS and re.fullmatch(r"[\w-]{1,100}", key) is not None
        if name not in OF_CUSTOMERS or not separator or not (known or not source):
            wanted = f"NAME=OWNER.FIELD, NAME one of {', '.join(OF_CUSTOMERS)}, OWNER one of {', '.join(OWNERS)}"
            raise ValueError(f"--customer: {pair[:60]!r} must be given as {wanted}")
        found[name] = source
    return found


def read_webhooks(pairs: Sequence[str]) -> dict[str, str]:
    """`name=https://...` pairs. Raises ValueError that names the pair by its name; an address may hold a password."""
    found = {}
    for pair in pairs:
        name, separator, url = pair.partition("=")
        if not name or not separator or not (url.startswith("https://") or is_loopback(url)):
            raise ValueError(f"--webhook: {name[:60]!r} must be given as name=https://...")
        found[name] = url
    return found
