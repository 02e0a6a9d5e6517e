"""Every setting of the product, frozen. This module alone reads the environment; `docs/settings.md` lists them all."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

PREFIX = "KINTSUGI_"
CHECKOUT = Path(__file__).resolve().parent.parent
KEY_FILE = "secret_keys"


class SettingsError(ValueError):
    """A setting that cannot be right; the message names the environment variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the product was started with. Objects get the fields they need, not the whole."""

    data_dir: Path
    database_url: str
    broker_url: str
    secret_keys: tuple[str, ...]
    public_url: str
    prior: str
    text_days: int
    clock_file: Path | None
    debounce: timedelta
    max_wait: timedelta
    lease: timedelta
    http_timeout: timedelta
    max_attempts: int
    dispatch_interval: timedelta
    in_flight: int
    smtp_url: str | None
    mail_from: str
    survey_days: int
    session_idle: timedelta
    session_length: timedelta
    proxy_hops: int
    operator_token: str | None
    embedded: bool
    zaf_sdk_url: str
    log_level: str

    @property
    def loopback(self) -> bool:
        """True when the product is only reached from its own machine."""
        return is_loopback(self.public_url)


def is_loopback(url: str) -> bool:
    """True for a URL whose host is this machine: localhost, 127.0.0.0/8 or ::1."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def load(environ: Mapping[str, str] | None = None, *, data_dir: Path | None = None) -> Settings:
    """The settings from the environment. Raises SettingsError that names the variable and quotes what is wrong.

    Without `KINTSUGI_DATABASE_URL` this is the embedded default: SQLite in the data directory, and keys that are
    generated there once. With it, `KINTSUGI_SECRET_KEYS` has to be given.
    """
    env = _Reader(os.environ if environ is None else environ)
    folder = data_dir or Path(env.text("DATA_DIR", str(CHECKOUT / ".kintsugi")))
    database_url = env.text("DATABASE_URL", "")
    embedded = not database_url
    settings = Settings(
        data_dir=folder,
        database_url=_database_url(database_url) if database_url else f"sqlite:///{folder / 'kintsugi.sqlite'}",
        broker_url=env.checked("BROKER_URL", "memory://", _broker_url),
        secret_keys=_secret_keys(env, folder, embedded=embedded),
        public_url=env.checked("PUBLIC_URL", "http://127.0.0.1:8000", _web_url),
        prior=env.text("PRIOR", "default"),
        text_days=env.whole("TEXT_DAYS", 90, least=1),
        clock_file=_optional_path(env.text("CLOCK_FILE", "")),
        debounce=env.seconds("DEBOUNCE_SECONDS", 2.0),
        max_wait=env.seconds("MAX_WAIT_SECONDS", 30.0),
        lease=env.seconds("LEASE_SECONDS", 180.0),
        http_timeout=env.seconds("HTTP_TIMEOUT_SECONDS", 10.0),
        max_attempts=env.whole("MAX_ATTEMPTS", 6, least=1),
        dispatch_interval=env.seconds("DISPATCH_SECONDS", 0.2),
        in_flight=env.whole("IN_FLIGHT", 64, least=1),
        smtp_url=env.checked("SMTP_URL", "", _smtp_url) or None,
        mail_from=env.text("MAIL_FROM", "Kintsugi <kintsugi@localhost>"),
        survey_days=env.whole("SURVEY_DAYS", 30, least=1),
        session_idle=env.seconds("SESSION_IDLE_SECONDS", 1800.0),
        session_length=env.seconds("SESSION_SECONDS", 43200.0),
        proxy_hops=env.whole("PROXY_HOPS", 0, least=0),
        operator_token=env.checked("OPERATOR_TOKEN", "", _operator_token) or None,
        embedded=embedded,
        zaf_sdk_url=env.text("ZAF_SDK_URL", "https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js"),
        log_level=env.checked("LOG_LEVEL", "info", _log_level),
    )
    _check_together(settings)
    return settings


class _Reader:
    """Reads prefixed variables and turns what is wrong with them into SettingsError."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str) -> str:
        return self._environ.get(PREFIX + name, "").strip() or default

    def checked(self, name: str, default: str, check: Callable[[str], str]) -> str:
        value = self.text(name, default)
        if not value:
            return value
        try:
            return check(value)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}{name}: {error}") from error

    def whole(self, name: str, default: int, *, least: int) -> int:
        value = self.text(name, str(default))
        if not value.lstrip("-").isdecimal() or int(value) < least:
            raise SettingsError(f"{PREFIX}{name}: must be a whole number of at least {least}, got {value!r}")
        return int(value)

    def seconds(self, name: str, default: float) -> timedelta:
        value = self.text(name, str(default))
        try:
            number = float(value)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}{name}: must be a number of seconds, got {value!r}") from error
        if not 0 <= number <= 10_000_000:
            raise SettingsError(f"{PREFIX}{name}: must be between 0 and 10000000 seconds, got {value!r}")
        return timedelta(seconds=number)


def _database_url(url: str) -> str:
    """Our two databases in SQLAlchemy's spelling; a plain postgres:// URL, as hosts give it, is understood too."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme in {"postgres", "postgresql"}:
        return f"postgresql+psycopg://{rest}"
    if separator and scheme in {"postgresql+psycopg", "sqlite"}:
        return url
    # The value may hold a password, so only its scheme is quoted.
    raise SettingsError(
        f"{PREFIX}DATABASE_URL: must begin with postgresql:// or sqlite:///, got scheme {scheme[:20]!r}"
    )


def _broker_url(url: str) -> str:
    if url.partition("://")[0] not in {"redis", "rediss", "memory"}:
        raise ValueError(f"must begin with redis://, rediss:// or memory://, got scheme {url.partition(':')[0][:20]!r}")
    return url


def _smtp_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError(f"must be smtp://[user:password@]host[:port] or smtps://..., got scheme {parts.scheme[:20]!r}")
    return url


def _web_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"must be http(s)://host[:port] without a path, got {url!r}")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError(f"must be https unless it is on this machine, got {url!r}")
    return url.rstrip("/")


def _operator_token(token: str) -> str:
    if len(token) < 24:
        raise ValueError(f"must have at least 24 characters, got {len(token)}")
    return token


def _log_level(level: str) -> str:
    if level.lower() not in {"debug", "info", "warning", "error"}:
        raise ValueError(f"must be debug, info, warning or error, got {level!r}")
    return level.lower()


def _optional_path(text: str) -> Path | None:
    return Path(text) if text else None


def _secret_keys(env: _Reader, folder: Path, *, embedded: bool) -> tuple[str, ...]:
    given = tuple(key.strip() for key in env.text("SECRET_KEYS", "").split(",") if key.strip())
    if not given and not embedded:
        raise SettingsError(
            f"{PREFIX}SECRET_KEYS: required with {PREFIX}DATABASE_URL; make one with `kintsugi doctor --new-key`"
        )
    keys = given or _own_keys(folder)
    for position, key in enumerate(keys):
        try:
            check_key(key)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}SECRET_KEYS: key {position + 1}: {error}") from error
    return keys


def new_key() -> str:
    """A fresh key: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode("ascii")


def check_key(key: str) -> None:
    """Raises ValueError for anything but 32 bytes in URL-safe base64. The key itself is never quoted."""
    try:
        raw = base64.urlsafe_b64decode(key.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("is not URL-safe base64") from error
    if len(raw) != 32:
        raise ValueError(f"must be 32 bytes in base64, got {len(raw)}")


def _own_keys(folder: Path) -> tuple[str, ...]:
    """The embedded default's keys, made at the first start and readable by their owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / KEY_FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return tuple(path.read_text(encoding="ascii").split())
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(new_key() + "\n")
    return tuple(path.read_text(encoding="ascii").split())


def _check_together(settings: Settings) -> None:
    """A lease has to outlive every call made under it, or a slow helpdesk gets two writers."""
    if settings.lease < 3 * settings.http_timeout:
        raise SettingsError(
            f"{PREFIX}LEASE_SECONDS: must be at least three times {PREFIX}HTTP_TIMEOUT_SECONDS, "
            f"got {settings.lease.total_seconds():g} and {settings.http_timeout.total_seconds():g}"
        )
    if settings.broker_url.startswith("memory:") and not settings.database_url.startswith("sqlite"):
        raise SettingsError(f"{PREFIX}BROKER_URL: a redis:// URL is required with PostgreSQL")
