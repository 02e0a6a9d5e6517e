"""Everything in one process on SQLite: web, worker, dispatcher, and a sandbox helpdesk to try it on.

Restarted by a small parent process when it dies, a bounded number of times, so that a ticket that kills the process is
given up instead of taking the product down.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import waitress
from flask import Flask

from app import factory, log, setting_up
from app.clock import Clock, real_now
from app.settings import Settings
from app.store import schema
from app.store.database import Purpose
from connectors.sandbox.patience import Patience
from connectors.sandbox.server import Sandbox
from tasks import parts as bound
from tasks.celery_app import make_celery
from tasks.dispatch import Dispatcher
from tasks.parts import Parts

LOG = log.get("embedded")

THREADS = 8
WORKERS = 5  #: one of them may be waiting for a training
BROKER = "memory://localhost/"  #: with a host, since kombu warns that it has to make one up
BODY_CAP = 32 << 20  #: far above what the application takes, so that it answers with its own page or problem
LINK_LIFE = timedelta(days=1)
#: A sandbox is there to be watched: nobody waits the half hour that Freshdesk lets pass after a webhook that failed.
PATIENCE = Patience(again=2.0)


class CannotServe(Exception):
    """The product cannot start here; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a caller may want to know of the running product."""

    url: str
    sandbox: Sandbox | None
    parts: Parts
    sign_in_link: str | None


@contextmanager
def running(
    settings: Settings, *, port: int, with_sandbox: bool = True, vendor: str | None = None
) -> Iterator[Running]:
    """The whole product until the block ends; `vendor` is whose helpdesk a fresh sandbox is. Raises CannotServe."""
    with ExitStack() as stack:
        stack.enter_context(only_one(settings.data_dir))
        listener = stack.enter_context(_listening(port))
        settings = replace(settings, public_url=_public_url(settings, listener))
        sandbox = _start_sandbox(settings, listener.getsockname()[1], stack, vendor) if with_sandbox else None
        if sandbox is not None and settings.smtp_url is None:
            settings = replace(settings, smtp_url=f"smtp://127.0.0.1:{sandbox.smtp_port}")
        parts = factory.build(settings)
        stack.callback(parts.database.close)
        schema.migrate(parts.database)
        link = _furnish(parts, sandbox) if settings.loopback else None
        app = factory.create_app(settings, parts)
        beats = app.extensions["heartbeats"]
        _start_worker(parts, stack, beats.worker)
        if sandbox is not None:
            beats.expect_sandbox(lambda: sandbox.alive)
        _start_web(app, listener, stack)
        yield Running(url=settings.public_url, sandbox=sandbox, parts=parts, sign_in_link=link)
        LOG.info("stopping")


def serve(settings: Settings, *, port: int, say: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT; `say` gets the lines a person reads."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with running(settings, port=port, with_sandbox=settings.loopback) as product:
        for line in welcome(product):
            say(line)
        while not stop.wait(1.0):
            pass


def welcome(product: Running) -> list[str]:
    """Where to look, for a person at a terminal."""
    lines = ["", f"Kintsugi is running at {product.url}"]
    if product.sandbox is not None:
        lines += [
            f"  Sandbox helpdesk   {product.sandbox.url}/       write as a customer, answer as an agent",
            f"  Customers' mail    {product.sandbox.url}/mail   the surveys that were sent to them",
        ]
    if product.sign_in_link:
        lines += [f"  Sign in (once)     {product.sign_in_link}"]
    lines += [f"  Recovery cases     {product.url}/cases", "Stop with Ctrl-C.", ""]
    return lines


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data directory: two embedded processes on one SQLite file would answer for each other's work."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise CannotServe(f"another Kintsugi runs on {folder}; stop it, or set KINTSUGI_DATA_DIR") from error
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise CannotServe(f"port {port} is in use; choose another one with --port") from error
    try:
        yield listener
    finally:
        listener.close()


def _public_url(settings: Settings, listener: socket.socket) -> str:
    """Behind a proxy the public address is the setting's; on this machine it is where we listen."""
    if not settings.loopback:
        return settings.public_url
    host = urlsplit(settings.public_url).hostname
    return f"http://{host}:{listener.getsockname()[1]}"


def _start_sandbox(settings: Settings, web_port: int, stack: ExitStack, vendor: str | None) -> Sandbox:
    """On the next port where that is free, else on any."""
    clock = Clock(settings.clock_file)
    file = settings.data_dir / "sandbox.sqlite"
    for port in (web_port + 1, 0):
        try:
            sandbox = Sandbox(file=file, now=clock.now, port=port, vendor=vendor, patience=PATIENCE)
        except (ValueError, RuntimeError) as error:
            raise CannotServe(str(error)) from error
        try:
            sandbox.start()
        except OSError:
            sandbox.stop()
            continue
        stack.callback(sandbox.stop)
        return sandbox
    raise CannotServe("no free port for the sandbox helpdesk")


def _furnish(parts: Parts, sandbox: Sandbox | None) -> str:
    """A desk for the sandbox, protocols for a fresh desk, and a link to sign in with."""
    if sandbox is not None:
        desk_key = setting_up.sandbox_desk(parts, url=sandbox.url, account=sandbox.account)
        sidebar = f"{parts.settings.public_url}/sidebar/zendesk" if sandbox.account.vendor == "zendesk" else None
        sandbox.connect(endpoint=f"{parts.settings.public_url}/hooks/{desk_key}", sidebar_url=sidebar)
    with parts.database.system(Purpose.SIGN_IN) as session:
        token = setting_up.first_sign_in(session, real_now(), LINK_LIFE)
    return f"{parts.settings.public_url}/sign-in/{token}"


def _start_worker(parts: Parts, stack: ExitStack, beat: Callable[[], None]) -> None:
    """Celery's worker in threads of this process, and the dispatcher that feeds it."""
    given = parts.settings.broker_url
    celery = make_celery(BROKER if given == "memory://" else given)
    bound.bind(parts)
    worker: Any = celery.WorkController(
        pool_cls="threads",
        concurrency=WORKERS,
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        prefetch_multiplier=4,
        loglevel=logging.WARNING,
    )
    thread = threading.Thread(target=worker.start, name="worker", daemon=True)
    dispatcher = Dispatcher(parts, on_turn=lambda _: beat())
    thread.start()
    dispatcher.start()
    stack.callback(thread.join, 10)
    stack.callback(worker.stop)
    stack.callback(dispatcher.stop)


def _start_web(app: Flask, listener: socket.socket, stack: ExitStack) -> None:
    sockets: dict[int, Any] = {}
    server: Any = waitress.create_server(
        app,
        map=sockets,
        sockets=[listener],
        threads=THREADS,
        max_request_body_size=BODY_CAP,
        channel_timeout=30,
        clear_untrusted_proxy_headers=True,
        ident=None,
    )
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()
    stack.callback(thread.join, 5)
    stack.callback(_close_web, server, sockets)


def _close_web(server: Any, sockets: dict[int, Any]) -> None:
    server.task_dispatcher.shutdown(timeout=5)
    server.trigger.pull_trigger(lambda: waitress.wasyncore.close_all(sockets))
