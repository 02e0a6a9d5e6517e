"""Every setting of the product, frozen. This module alone reads the environment; `docs/settings.md` lists them all."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

PREFIX = "KINTSUGI_"
CHECKOUT = Path(__file__).resolve().parent.parent
KEY_FILE = "secret_keys"
ZAF_SDK = "https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js"
A_CENTURY = 36_500  #: days; beyond it dates run out of years


class SettingsError(ValueError):
    """A setting that cannot be right; the message names the environment variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdSettings:
    """A provider by which people sign in."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str  #: as the button calls it


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the product was started with. Objects get the fields they need, not the whole."""

    data_dir: Path
    database_url: str
    broker_url: str
    secret_keys: tuple[str, ...]
    public_url: str
    prior: str
    learning: bool
    text_days: int
    clock_file: Path | None
    debounce: timedelta
    max_wait: timedelta
    lease: timedelta
    http_timeout: timedelta
    max_attempts: int
    dispatch_interval: timedelta
    in_flight: int
    sweep_every: timedelta
    reconcile_every: timedelta
    reconcile_grace: timedelta
    call_share: float
    smtp_url: str | None
    mail_from: str
    survey_days: int
    session_idle: timedelta
    session_length: timedelta
    proxy_hops: int
    operator_token: str | None
    api_per_minute: int
    oidc: OpenIdSettings | None
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
    embedded = not env.text("DATABASE_URL", "")
    settings = Settings(
        data_dir=folder,
        database_url=env.checked("DATABASE_URL", f"sqlite:///{folder / 'kintsugi.sqlite'}", _database_url),
        broker_url=env.checked("BROKER_URL", "memory://", _broker_url),
        secret_keys=_secret_keys(env, folder, embedded=embedded),
        public_url=env.checked("PUBLIC_URL", "http://127.0.0.1:8000", _web_url),
        prior=prior_name(env.environ),
        learning=env.checked("LEARNING", "on", _on_or_off) == "on",
        text_days=env.whole("TEXT_DAYS", 90, least=1, most=A_CENTURY),
        clock_file=_optional_path(env.text("CLOCK_FILE", "")),
        debounce=env.seconds("DEBOUNCE_SECONDS", 2.0),
        max_wait=env.seconds("MAX_WAIT_SECONDS", 30.0),
        lease=env.seconds("LEASE_SECONDS", 180.0),
        http_timeout=env.seconds("HTTP_TIMEOUT_SECONDS", 10.0, least=0.1),
        max_attempts=env.whole("MAX_ATTEMPTS", 6, least=1),
        dispatch_interval=env.seconds("DISPATCH_SECONDS", 0.2, least=0.001),
        in_flight=env.whole("IN_FLIGHT", 64, least=1),
        sweep_every=env.seconds("SWEEP_SECONDS", 60, least=1),
        reconcile_every=env.seconds("RECONCILE_SECONDS", 300, least=1),
        reconcile_grace=env.seconds("RECONCILE_GRACE_SECONDS", 600, least=0),
        call_share=env.share("CALL_SHARE", 0.6),
        smtp_url=env.checked("SMTP_URL", "", _smtp_url) or None,
        mail_from=env.checked("MAIL_FROM", "Kintsugi <kintsugi@localhost>", _mail_from),
        survey_days=env.whole("SURVEY_DAYS", 30, least=1, most=A_CENTURY),
        session_idle=env.seconds("SESSION_IDLE_SECONDS", 1800.0),
        session_length=env.seconds("SESSION_SECONDS", 43200.0),
        proxy_hops=env.whole("PROXY_HOPS", 0, least=0),
        operator_token=env.checked("OPERATOR_TOKEN", "", _operator_token) or None,
        api_per_minute=env.whole("API_PER_MINUTE", 600, least=1),
        oidc=_open_id(env),
        embedded=embedded,
        zaf_sdk_url=env.checked("ZAF_SDK_URL", ZAF_SDK, _script_url),
        log_level=env.checked("LOG_LEVEL", "info", _log_level),
    )
    _check_together(settings)
    return settings


def prior_name(environ: Mapping[str, str] | None = None) -> str:
    """The chosen prior alone, for scoring files where nothing else has to be set up."""
    return _Reader(os.environ if environ is None else environ).text("PRIOR", "uss-2")


class _Reader:
    """Reads prefixed variables and turns what is wrong with them into SettingsError."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def text(self, name: str, default: str) -> str:
        return self.environ.get(PREFIX + name, "").strip() or default

    def checked(self, name: str, default: str, check: Callable[[str], str]) -> str:
        value = self.text(name, default)
        if not value:
            return value
        try:
            return check(value)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}{name}: {error}") from error

    def whole(self, name: str, default: int, *, least: int, most: int = 1_000_000) -> int:
        value = self.text(name, str(default))
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise SettingsError(
                f"{PREFIX}{name}: must be a whole number of at least {least} and at most {most}, got {value[:40]!r}"
            )
        return number

    def share(self, name: str, default: float) -> float:
        value = self.text(name, str(default))
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if not 0.01 <= number <= 1:
            raise SettingsError(f"{PREFIX}{name}: must be a number from 0.01 to 1, got {value[:40]!r}")
        return number

    def seconds(self, name: str, default: float, *, least: float = 0) -> timedelta:
        value = self.text(name, str(default))
        try:
            number = float(value)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}{name}: must be a number of seconds, got {value[:40]!r}") from error
        if not least <= number <= 10_000_000:
            raise SettingsError(f"{PREFIX}{name}: must be between {least:g} and 10000000 seconds, got {value[:40]!r}")
        return timedelta(seconds=number)


def _parts(url: str) -> SplitResult:
    """A URL taken apart, its port included. What is wrong with it is not quoted: it may hold a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # Its message, and with it the chain of causes, may hold a piece of the password.
        raise ValueError("is not a URL: look at its host and port") from None
    return parts


def _scheme(url: str) -> str:
    """What may be quoted of a URL that should not be shown whole."""
    scheme, separator, _ = url.partition("://")
    return repr(scheme) if separator and scheme.replace("+", "").isalnum() and len(scheme) <= 20 else "none"


def _database_url(url: str) -> str:
    """Our two databases in SQLAlchemy's spelling; a plain postgres:// URL, as hosts give it, is understood too."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
        if not _database_name(f"postgresql+psycopg://{rest}"):
            raise ValueError("must name a database, as in postgresql://user:password@host:5432/database")
        return f"postgresql+psycopg://{rest}"
    if separator and scheme == "sqlite":
        if not rest.startswith("/") or rest[1:].startswith((":memory:", "?")) or not rest[1:]:
            raise ValueError("must name a file, as in sqlite:////var/lib/kintsugi/kintsugi.sqlite")
        return url
    raise ValueError(f"must begin with postgresql:// or sqlite:///, got scheme {_scheme(url)}")


def _database_name(url: str) -> str | None:
    # SQLAlchemy's own reading of a URL, since its password need not be escaped as elsewhere. Imported here, for the
    # commands that need no database.
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).database
    except (ArgumentError, ValueError):
        raise ValueError("is not a URL: look at its host and port") from None


def _broker_url(url: str) -> str:
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in {"redis", "rediss", "memory"}:
        raise ValueError(f"must begin with redis://, rediss:// or memory://, got scheme {_scheme(url)}")
    if scheme != "memory" and not _parts(url).hostname:
        raise ValueError("must name a host, as in redis://127.0.0.1:6379/0")
    return url


def _smtp_url(url: str) -> str:
    parts = _parts(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError(f"must be smtp://[user:password@]host[:port] or smtps://..., got scheme {_scheme(url)}")
    return url


def _web_url(url: str) -> str:
    parts = _parts(url)
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or a password")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"must be http(s)://host[:port] without a path, got {url!r}")
    if parts.fragment:
        raise ValueError(f"must be http(s)://host[:port] without a fragment, got {url!r}")
    return _safe_web_url(url).rstrip("/")


def _safe_web_url(url: str) -> str:
    if urlsplit(url).scheme != "https" and not is_loopback(url):
        raise ValueError(f"must be https unless it is on this machine, got {url!r}")
    return url


def _open_id(env: _Reader) -> OpenIdSettings | None:
    """All of it or nothing: a provider without our name at it signs nobody in."""
    issuer = env.checked("OIDC_ISSUER", "", _script_url)
    if not issuer:
        return None
    client_id, client_secret = env.text("OIDC_CLIENT_ID", ""), env.text("OIDC_CLIENT_SECRET", "")
    for name, value in (("CLIENT_ID", client_id), ("CLIENT_SECRET", client_secret)):
        if not value:
            raise SettingsError(f"{PREFIX}OIDC_{name}: required with {PREFIX}OIDC_ISSUER")
    return OpenIdSettings(
        issuer=issuer, client_id=client_id, client_secret=client_secret, name=env.text("OIDC_NAME", "single sign-on")
    )


def _script_url(url: str) -> str:
    parts = _parts(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError("must be an https:// address without a user")
    return _safe_web_url(url)


def _mail_from(sender: str) -> str:
    """A sender as in a From header."""
    address = parseaddr(sender)[1]
    local, _, domain = address.rpartition("@")
    if not local or not domain or not sender.isprintable() or any(c.isspace() for c in address):
        raise ValueError(f"must be an address, as in 'Kintsugi <kintsugi@example.com>', got {sender[:80]!r}")
    return sender


def _operator_token(token: str) -> str:
    if len(token) < 24:
        raise ValueError(f"must have at least 24 characters, got {len(token)}")
    return token


def _on_or_off(word: str) -> str:
    if word.lower() not in {"on", "off"}:
        raise ValueError(f"must be on or off, got {word[:40]!r}")
    return word.lower()


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
    path = folder / KEY_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_keys(path)
        keys = tuple(path.read_text(encoding="ascii").split())
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: does not hold keys") from error
    except OSError as error:
        raise SettingsError(f"{PREFIX}DATA_DIR: {folder} cannot be used: {error.strerror}") from error
    if not keys:
        raise SettingsError(f"{path}: is empty; restore it, for what was sealed with its key cannot be opened without")
    return keys


def _make_keys(path: Path) -> None:
    """Write the file whole or not at all: of two processes that start at once, both find one and the same key."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{KEY_FILE}-")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(new_key() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        os.unlink(draft)


def _check_together(settings: Settings) -> None:
    """A lease has to outlive every call made under it, or a slow helpdesk gets two writers."""
    if settings.lease < 3 * settings.http_timeout:
        raise SettingsError(
            f"{PREFIX}LEASE_SECONDS: must be at least three times {PREFIX}HTTP_TIMEOUT_SECONDS, "
            f"got {settings.lease.total_seconds():g} and {settings.http_timeout.total_seconds():g}"
        )
    if settings.broker_url.startswith("memory:") and not settings.database_url.startswith("sqlite"):
        raise SettingsError(f"{PREFIX}BROKER_URL: a redis:// URL is required with PostgreSQL")
