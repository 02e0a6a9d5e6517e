"""Private PostgreSQL and Redis servers for tests and benches: on loopback, on a free port, gone when the test run is.

They never touch a server that the machine runs for somebody else. No fixtures here; see tests/conftest.py.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import psycopg
from psycopg import sql
from redis import Redis

from app.setup_machine import find_postgresql

START_SECONDS = 30.0
OWNER = "kintsugi"
DATABASES = 16  #: of a Redis server that nobody configured


class ServerError(Exception):
    """A private server is not to be had; the message says why."""


def free_port() -> int:
    """A port on loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PrivateServer:
    """A server process with a folder of its own. Start, stop and start again as often as a test likes."""

    stop_signal = signal.SIGTERM

    def __init__(self, name: str) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"kintsugi-{name}-", dir="/tmp"))
        self.user: str | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """The program and its arguments."""
        raise NotImplementedError

    def answers(self) -> bool:
        """True once the server takes work."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise ServerError("the server is not running")
        return self._process.pid

    @property
    def log(self) -> str:
        """What the server wrote so far."""
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start and wait until it answers. Raises ServerError with the server's own last words."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=self._end_with_parent,
                **as_user(self.user),
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerError(f"{self.command()[0]} did not start:\n{self.log[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it in order; what a server keeps on disk stays for the next start."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """Stop it as a power cut would."""
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """Stop it and take its folder away."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _end_with_parent(self) -> None:
        # A test run that is killed cannot stop its servers; the kernel does (PR_SET_PDEATHSIG).
        ctypes.CDLL(None).prctl(1, int(self.stop_signal))


class RunAs(TypedDict, total=False):
    """The part of Popen's arguments that picks a user."""

    user: int
    group: int
    extra_groups: list[int]


def as_user(name: str | None) -> RunAs:
    """Arguments for Popen that run a program as another user; PostgreSQL refuses to run as root."""
    if name is None:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class PostgresServer(PrivateServer):
    """A PostgreSQL server. The tests' databases belong to a role that is no superuser, so row-level security holds."""

    # "Fast" shutdown: SIGTERM would wait for pooled connections for ever.
    stop_signal = signal.SIGINT

    def __init__(self) -> None:
        programs = find_postgresql()
        if programs is None:
            raise ServerError("no PostgreSQL server on this machine: apt-get install postgresql")
        super().__init__("postgresql")
        self._programs = programs
        self._count = 0
        self._templates: dict[Callable[[str], None], str] = {}
        if os.geteuid() == 0:
            self.user = _first_user("postgres", "nobody")
            shutil.chown(self.folder, self.user)
        self._initialise()

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            # Durability costs time and buys a test run nothing.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._programs / "postgres"), "-D", str(self.folder / "data"), *options]

    def answers(self) -> bool:
        try:
            self.admin("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def start(self) -> None:
        super().start()
        if not self.admin(f"SELECT 1 FROM pg_roles WHERE rolname = '{OWNER}'"):
            self.admin(f"CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")

    def admin(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement as superuser, outside a transaction; returns its rows, if it has any."""
        url = f"postgresql://superuser@127.0.0.1:{self.port}/{database}"
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def new_database(self, prepare: Callable[[str], None] | None = None) -> str:
        """A fresh database; returns its SQLAlchemy URL, for the role that owns it.

        `prepare(url)` fills a template once (migrations, say); every database made with the same function is a quick
        copy of that template.
        """
        if prepare is None:
            return self._create("template0")
        if prepare not in self._templates:
            url = self._create("template0")
            prepare(url)
            self._templates[prepare] = url.rpartition("/")[2]
        return self._create(self._templates[prepare])

    def drop_database(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        name = sql.Identifier(url.rpartition("/")[2]).as_string(None)
        self.admin(f"DROP DATABASE {name} WITH (FORCE)")

    def _create(self, template: str) -> str:
        self._count += 1
        name = f"test_{os.getpid()}_{self._count}"
        # A template that anybody is connected to cannot be copied: end what `prepare` left behind.
        self.admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'")
        self.admin(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}")
        return f"postgresql+psycopg://{OWNER}@127.0.0.1:{self.port}/{name}"

    def _initialise(self) -> None:
        command = [str(self._programs / "initdb"), "-D", str(self.folder / "data"), "-U", "superuser", "-A", "trust"]
        command += ["--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, **as_user(self.user))
        if done.returncode:
            raise ServerError(f"initdb failed:\n{done.stderr}")


class RedisServer(PrivateServer):
    """A Redis server that keeps nothing on disk and evicts nothing, as our broker should."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._databases = itertools.cycle(range(1, DATABASES))

    @property
    def url(self) -> str:
        """Where clients find it, on the database that many tests share."""
        return f"redis://127.0.0.1:{self.port}/0"

    def new_database(self) -> str:
        """The URL of a database that is empty now and that no other of the next ones uses.

        What one product left there, hints and what is known of a desk's allowances, would mean something to another,
        whose desks have the same numbers.
        """
        url = f"redis://127.0.0.1:{self.port}/{next(self._databases)}"
        with Redis.from_url(url) as client:
            client.flushdb()
        return url

    def command(self) -> list[str]:
        program = shutil.which("redis-server")
        if program is None:
            raise ServerError("no Redis server on this machine: apt-get install redis-server")
        options = {"bind": "127.0.0.1", "port": str(self.port), "save": "", "appendonly": "no"}
        options |= {"maxmemory-policy": "noeviction", "dir": str(self.folder)}
        return [program, *(part for name, value in options.items() for part in (f"--{name}", value))]

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _first_user(*names: str) -> str:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in names if name in known)
