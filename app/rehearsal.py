"""The stage of a replay: a product of its own in `<data>/replay/` (`replay-KIND/` for other kinds than Zendesk),
embedded in this process, or as the Procfile's own web and worker processes on PostgreSQL and Redis, where a worker that
dies is started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import requests

from app import embedded, factory, log, replay, setting_up, settings
from app.settings import CHECKOUT, Settings
from app.store import schema
from connectors.sandbox.server import Sandbox

LOG = log.get("replay")

READY = 180.0  #: seconds for web and worker to come up
MOST_WORKERS = 40  #: starts of the worker in one replay
BETWEEN_STARTS = 0.2  #: seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where to play; without URLs, embedded in this process."""

    settings: Settings
    kind: str = "zendesk"  #: whose helpdesk the sandbox is
    database_url: str | None = None
    broker_url: str | None = None


def perform(stage: Stage, conversations: Sequence[replay.Conversation]) -> dict[str, Any]:
    """Play the conversations and return the counts. Raises ReplayError."""
    folder = stage.settings.data_dir / ("replay" if stage.kind == "zendesk" else f"replay-{stage.kind}")
    folder.mkdir(parents=True, exist_ok=True)
    clock_file = folder / "clock"
    if not clock_file.exists():
        clock_file.write_text(replay.START.isoformat(), encoding="utf-8")
    environ = _environ(stage, folder, clock_file)
    if bool(stage.database_url) != bool(stage.broker_url):
        raise replay.ReplayError("--database-url and --broker-url go together")
    try:
        setup = (
            _processes(environ, folder, stage.kind) if stage.database_url else _embedded(environ, folder, stage.kind)
        )
        with setup as player:
            return player.play(conversations)
    except embedded.CannotServe as error:
        raise replay.ReplayError(str(error)) from error


def _environ(stage: Stage, folder: Path, clock_file: Path) -> dict[str, str]:
    """The settings of a replay, apart from the user's own: no debounce, quick turns, stepped time."""
    environ = {
        "KINTSUGI_DATA_DIR": str(folder),
        "KINTSUGI_CLOCK_FILE": str(clock_file),
        "KINTSUGI_DEBOUNCE_SECONDS": "0",
        "KINTSUGI_DISPATCH_SECONDS": "0.02",
        "KINTSUGI_HTTP_TIMEOUT_SECONDS": "2",
        "KINTSUGI_LEASE_SECONDS": "8",
        "KINTSUGI_SWEEP_SECONDS": "1",
        "KINTSUGI_PRIOR": stage.settings.prior,
        "KINTSUGI_LEARNING": "off",
        "KINTSUGI_LOG_LEVEL": "error",
    }
    if stage.database_url and stage.broker_url:
        keys = settings.load({"KINTSUGI_DATA_DIR": str(folder)}).secret_keys
        environ |= {
            "KINTSUGI_DATABASE_URL": stage.database_url,
            "KINTSUGI_BROKER_URL": stage.broker_url,
            "KINTSUGI_SECRET_KEYS": ",".join(keys),
        }
    return environ


@contextmanager
def _embedded(environ: Mapping[str, str], folder: Path, kind: str) -> Iterator[replay.Player]:
    loaded = settings.load(environ, data_dir=folder)
    log.configure(loaded.log_level)
    with embedded.running(loaded, port=0, vendor=kind) as product:
        assert product.sandbox is not None
        yield replay.Player(product.parts, product.sandbox.url)


@contextmanager
def _processes(environ: Mapping[str, str], folder: Path, kind: str) -> Iterator[replay.Player]:
    """Sandbox here; web and worker by the Procfile's own lines."""
    with ExitStack() as stack:
        stack.enter_context(_unwound_by_sigterm())
        port = _free_port()
        planned = settings.load({**environ, "KINTSUGI_PUBLIC_URL": f"http://127.0.0.1:{port}"}, data_dir=folder)
        log.configure(planned.log_level)
        parts = factory.build(planned)
        stack.callback(parts.database.close)
        schema.migrate(parts.database)
        replay.refuse_foreign_desks(parts.database)
        sandbox = Sandbox(file=folder / "sandbox.sqlite", now=parts.clock.now, vendor=kind, patience=embedded.PATIENCE)
        sandbox.start()
        stack.callback(sandbox.stop)
        key = setting_up.sandbox_desk(parts, url=sandbox.url, account=sandbox.account)
        sandbox.connect(endpoint=f"{planned.public_url}/hooks/{key}")
        env = _process_environ(environ, port, sandbox)
        web = _start("web", env)
        stack.callback(_end, web)
        worker = _Kept("worker", env, folder / "worker.pid")
        stack.callback(worker.stop)
        worker.start()
        _await_ready(planned.public_url, web)
        yield replay.Player(parts, sandbox.url)


@contextmanager
def _unwound_by_sigterm() -> Iterator[None]:
    """Whoever ends the replay ends the processes it started, too."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _process_environ(environ: Mapping[str, str], port: int, sandbox: Sandbox) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KINTSUGI_")}
    own_commands = str(Path(sys.executable).parent)
    return {
        **inherited,
        **environ,
        "KINTSUGI_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "KINTSUGI_SMTP_URL": f"smtp://127.0.0.1:{sandbox.smtp_port}",
        "PORT": str(port),
        "PATH": f"{own_commands}:{inherited.get('PATH', '')}",
    }


def _start(name: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A process by its line in the Procfile. What it says goes to stderr: stdout is for the report alone."""
    lines = (CHECKOUT / "Procfile").read_text(encoding="utf-8").splitlines()
    commands = dict(line.split(": ", 1) for line in lines if ": " in line)
    return subprocess.Popen(["sh", "-c", f"exec {commands[name]}"], cwd=CHECKOUT, env=dict(env), stdout=sys.stderr)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)


class _Kept:
    """A process that is started again whenever it dies; its pid is in a file, for whoever wants to kill it."""

    def __init__(self, name: str, env: Mapping[str, str], pid_file: Path) -> None:
        self._name, self._env, self._pid_file = name, env, pid_file
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name=f"keep-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _keep(self) -> None:
        for _ in range(MOST_WORKERS):
            with self._starting:
                if self._stopping.is_set():
                    return
                self._process = process = _start(self._name, self._env)
            self._pid_file.write_text(str(process.pid), encoding="ascii")
            process.wait()
            self._stopping.wait(BETWEEN_STARTS)

    def stop(self) -> None:
        with self._starting:
            self._stopping.set()
        if self._process is not None:
            _end(self._process)
        self._thread.join(20)
        self._pid_file.unlink(missing_ok=True)


def _await_ready(url: str, web: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline:
        if web.poll() is not None:
            raise replay.ReplayError(f"the web process ended with {web.returncode}")
        try:
            if requests.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise replay.ReplayError(f"the web process was not ready within {READY:g} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
