"""Connecting a helpdesk account: what is given is checked, asked about at the helpdesk, and stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.clock import real_now
from app.connect import read_credentials
from app.setting_up import publish_default_pack
from app.settings import is_loopback
from app.store import desks
from app.store.database import Purpose
from connectors.errors import ConnectorError, Unavailable
from connectors.ticket import Person
from tasks.parts import Parts

PREFIX = "KINTSUGI_DESK_"
SIDEBAR = ("app_id", "installation_id", "public_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    desk_id: int
    key: str
    warnings: tuple[str, ...]


def read_secrets(file: Path | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Secrets from a JSON file, or from KINTSUGI_DESK_<KEY>. Raises ValueError that names the field, not its value."""
    if file is not None:
        return read_credentials(file.read_text(encoding="utf-8"))
    found = {name.removeprefix(PREFIX).lower(): value for name, value in environ.items() if name.startswith(PREFIX)}
    if not found:
        raise ValueError(f"give --secret-file, or {PREFIX}EMAIL, {PREFIX}API_TOKEN and {PREFIX}WEBHOOK_SECRET")
    return found


def add(
    parts: Parts, *, kind: str, name: str, subdomain: str, base_url: str | None, secrets: Mapping[str, str]
) -> Added:
    """Store the desk with the default protocols in force. Raises ValueError that names what is wrong."""
    if base_url is not None and not is_loopback(base_url):
        raise ValueError(f"--base-url: only an address on this machine, got {base_url!r}")
    if base_url is None and parts.clock.stepped:
        raise ValueError("a desk that is no sandbox cannot be added while KINTSUGI_CLOCK_FILE steps the time")
    webhook_secret = secrets.get("webhook_secret")
    if not webhook_secret:
        raise ValueError("secret file: webhook_secret: missing")
    credentials = {key: value for key, value in secrets.items() if key != "webhook_secret" and key not in SIDEBAR}
    me, warnings = _ask(parts, kind, subdomain, base_url, credentials)
    new = desks.NewDesk(
        kind=kind,
        name=name,
        subdomain=subdomain,
        base_url=base_url.rstrip("/") if base_url else None,
        credentials=credentials,
        webhook_secret=webhook_secret,
        sidebar={key: secrets[key] for key in SIDEBAR if key in secrets},
        settings={},
    )
    with parts.database.system(Purpose.OPERATE) as session:
        if desks.find_by_name(session, name) is not None:
            raise ValueError(f"--name: there is a desk called {name!r} already")
        row = desks.add(session, new, real_now(), integration_user_id=me.id if me else None)
        desk_id, key = row.id, row.key
    publish_default_pack(parts, desk_id, by="desk add")
    return Added(desk_id=desk_id, key=key, warnings=warnings)


def _ask(
    parts: Parts, kind: str, subdomain: str, base_url: str | None, credentials: Mapping[str, str]
) -> tuple[Person | None, tuple[str, ...]]:
    """Who we are at the helpdesk. One that does not answer now is no reason to refuse; wrong credentials are."""
    connector = parts.connections.open_with(kind, subdomain=subdomain, base_url=base_url, credentials=credentials)
    try:
        return connector.me(), ()
    except Unavailable as error:
        return None, (f"the helpdesk does not answer yet ({error}); run `kintsugi desk check` later",)
    except ConnectorError as error:
        raise ValueError(f"the helpdesk refused these credentials: {error}") from error
    finally:
        connector.close()
