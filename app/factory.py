"""The one place where parts are joined: settings to parts, parts to a web application."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import web
from app.clock import Clock
from app.connect import Connections
from app.governor import Governor
from app.governor.memory import LocalMemory, Memory
from app.governor.shared import SharedMemory
from app.outbound import Outbound
from app.scoring.model import Model, ModelError, load_prior
from app.settings import CHECKOUT, Settings, SettingsError, is_loopback
from app.store import desks, schema
from app.store.database import Database, Purpose
from app.vault import Vault
from tasks.models import Models
from tasks.parts import Parts

MOST_BYTES = 256 * 1024
LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")


def build(settings: Settings) -> Parts:
    """The parts of one process. Raises SettingsError where they cannot belong together."""
    database = Database(settings.database_url, vault=Vault(settings.secret_keys))
    _refuse_stepped_time(settings, database)
    clock = Clock(settings.clock_file)
    return Parts(
        settings=settings,
        database=database,
        clock=clock,
        models=Models(_model(settings.prior)),
        connections=Connections(
            database=database,
            governor=Governor(database, _memory(settings.broker_url)),
            now=clock.now,
            timeout=settings.http_timeout.total_seconds(),
            share=settings.call_share,
        ),
        outbound=Outbound(
            smtp_url=settings.smtp_url,
            mail_from=settings.mail_from,
            loopback_allowed=settings.embedded and settings.loopback,
            vault=database.vault,
        ),
    )


def _memory(broker_url: str) -> Memory:
    """The call budget's: without Redis there is one process that works, and its own memory is all there is."""
    return LocalMemory() if broker_url.startswith("memory:") else SharedMemory(broker_url)


def _model(name: str) -> Model:
    try:
        return load_prior(name)
    except ModelError as error:
        raise SettingsError(f"KINTSUGI_PRIOR: {error}") from error


def create_app(settings: Settings, parts: Parts | None = None) -> Flask:
    """The web application: every page, the sidebar, the API and the webhooks."""
    app = Flask("kintsugi", template_folder=str(CHECKOUT / "templates"), static_folder=str(CHECKOUT / "app/web/static"))
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_BYTES,
        TRUSTED_HOSTS=[urlsplit(settings.public_url).hostname, *LOCAL_HOSTS],
        SEND_FILE_MAX_AGE_DEFAULT=3600,
        TEMPLATES_AUTO_RELOAD=False,
        DEBUG=False,
    )
    web.register(app, parts or build(settings))
    if settings.proxy_hops:
        hops = settings.proxy_hops
        # The host a client asked for is never taken from a header: TRUSTED_HOSTS compares the real one.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0, x_port=0, x_prefix=0)  # type: ignore[method-assign]
    return app


def _refuse_stepped_time(settings: Settings, database: Database) -> None:
    """Time is stepped for sandboxes only: a real customer's survey must not go out because somebody moved a clock."""
    if settings.clock_file is None or schema.current(database) is None:
        return
    with database.system(Purpose.OPERATE, read=True) as session:
        real = [desk.name for desk in desks.all_of(session) if not desk.base_url or not is_loopback(desk.base_url)]
    if real:
        raise SettingsError(
            f"KINTSUGI_CLOCK_FILE: refused, since these desks are no sandboxes on this machine: {', '.join(real)}"
        )
