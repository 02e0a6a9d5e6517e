"""`kintsugi serve --embedded` as a process: started, refused, stopped, killed."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.playing import own_environment
from tests.servers import free_port

START = 240.0  #: seconds a start may take on a busy machine
POISON = "This text ends the process that reads it."

#: What Python runs first in the product's processes: a ticket whose handling kills, as a crash in a library would.
SITE = f"""
import os, signal, sys
from importlib.abc import MetaPathFinder

class Poisoned(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "tasks.scoring":
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec
        spec = find_spec(name)
        run = spec.loader.exec_module
        def exec_module(module):
            run(module)
            record = module.record
            def poisoned(claim, ticket, *more):
                if any({POISON!r} in message.text for message in ticket.messages):
                    os.kill(os.getpid(), signal.SIGKILL)
                return record(claim, ticket, *more)
            module.record = poisoned
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Poisoned())
"""


@dataclass(slots=True, kw_only=True)
class Product:
    """The running product, as a person at a terminal has it."""

    process: subprocess.Popen[str]
    port: int
    data_dir: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def printed(self) -> str:
        return (self.data_dir.parent / "stdout").read_text(encoding="utf-8")

    @property
    def said(self) -> str:
        return (self.data_dir.parent / "stderr").read_text(encoding="utf-8")

    @property
    def sandbox_url(self) -> str:
        found = re.findall(r"Sandbox helpdesk\s+(http://127\.0\.0\.1:\d+)/", self.printed)
        assert found, self.printed
        return str(found[-1])  # after a restart its port may be another one

    def await_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.said[-3000:]
            if self.printed.count("Kintsugi is running") <= self.said.count("starting again"):
                return False
            with suppress(requests.RequestException):
                return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
            return False

        until(ready, "the product is ready", START)

    def stop(self) -> int:
        """Well before a supervisor would lose patience, which is 10 s at the least; twice that for a busy machine."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def write_ticket(self, name: str, text: str) -> int:
        """A new customer's new ticket at the sandbox; its number."""
        body = {"name": name, "email": f"{name}@example.com", "subject": "Help", "text": text, "external_id": name}
        answer = requests.post(f"{self.sandbox_url}/sandbox/tickets", json=body, timeout=10)
        answer.raise_for_status()
        return int(answer.json()["id"])

    def await_tagged(self, ticket_id: int) -> None:
        """Wait until the ticket carries a state tag, which only the whole way of the data brings there."""

        def tagged() -> bool:
            ticket = requests.get(f"{self.sandbox_url}/sandbox/tickets/{ticket_id}.json", timeout=10).json()
            return any(tag.startswith("sat_") for tag in ticket["tags"])

        until(tagged, f"ticket {ticket_id} is tagged", 150)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.data_dir / "kintsugi.sqlite", timeout=10)) as connection:
            return connection.execute(statement).fetchall()

    def child(self) -> int:
        """The process that the keeper keeps."""
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii").split()
        assert len(found) == 1
        return int(found[0])


def until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain until {what}"
        time.sleep(0.1)


Start = Callable[..., Product]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the product on this test's data directory; whatever still runs afterwards is ended."""
    running: list[subprocess.Popen[str]] = []

    def make(*, port: int | None = None, data_dir: Path | None = None, ready: bool = True, **settings: str) -> Product:
        port = port or free_port()
        data_dir = data_dir or tmp_path / "data"
        command = [sys.executable, "-m", "app.cli", "serve", "--embedded", "--port", str(port)]
        environment = own_environment(data_dir, KINTSUGI_DEBOUNCE_SECONDS="0", **settings)
        with (tmp_path / "stdout").open("w") as out, (tmp_path / "stderr").open("w") as err:
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=err, text=True)
        running.append(process)
        product = Product(process=process, port=port, data_dir=data_dir)
        if ready:
            product.await_ready()
        return product

    yield make
    for process in running:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def test_it_prints_its_pages_and_a_link_that_signs_in_once(start: Start):
    product = start()

    link = re.search(r"Sign in \(once\)\s+(\S+)", product.printed)
    assert link is not None
    assert f"Kintsugi is running at {product.url}" in product.printed
    origin = {"Origin": product.url}
    with requests.Session() as browser:
        signed_in = browser.post(link.group(1), headers=origin, timeout=10)
        cases = browser.get(f"{product.url}/cases", allow_redirects=False, timeout=10)
        assert (signed_in.status_code, cases.status_code) == (200, 200)
    assert requests.post(link.group(1), headers=origin, timeout=10).status_code == 404
    assert requests.get(f"{product.sandbox_url}/", timeout=10).status_code == 200
    assert requests.get(f"{product.sandbox_url}/mail", timeout=10).status_code == 200


def test_it_stops_when_asked_and_finds_everything_again(start: Start):
    first = start()
    ticket_id = first.write_ticket("mira", "Where is my parcel? I have waited for two weeks.")
    first.await_tagged(ticket_id)

    code = first.stop()

    assert code == 0
    second = start()
    kept = requests.get(f"{second.sandbox_url}/sandbox/tickets/{ticket_id}.json", timeout=10).json()
    assert kept["external_id"] == "mira"
    assert second.rows("SELECT count(*) FROM desk") == [(1,)]
    second.await_tagged(second.write_ticket("noah", "Thanks, all is well."))


def test_a_second_process_on_the_same_data_is_refused(start: Start, tmp_path: Path):
    product = start()

    second = subprocess.run(
        [sys.executable, "-m", "app.cli", "serve", "--embedded", "--port", str(free_port())],
        env=own_environment(product.data_dir),
        capture_output=True,
        text=True,
        timeout=START,
    )

    assert second.returncode == 1
    assert f"another Kintsugi runs on {product.data_dir}" in second.stderr
    assert "Traceback" not in second.stderr
    assert requests.get(f"{product.url}/readyz", timeout=10).status_code == 200


def test_a_busy_port_is_refused(start: Start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        product = start(port=taken.getsockname()[1], ready=False)

        code = product.process.wait(START)

    assert code == 1
    assert f"port {product.port} is in use; choose another one with --port" in product.said
    assert "Traceback" not in product.said


def test_a_setting_that_cannot_be_right_is_named(start: Start):
    product = start(ready=False, KINTSUGI_MAX_ATTEMPTS="many")

    assert product.process.wait(START) == 2
    assert "KINTSUGI_MAX_ATTEMPTS" in product.said


def test_a_process_that_is_killed_starts_again_and_goes_on(start: Start):
    product = start()
    before = product.write_ticket("mira", "Where is my parcel?")
    product.await_tagged(before)
    killed = product.child()

    subprocess.run(["kill", "-9", str(killed)], check=True)
    until(lambda: product.said.count("starting again") == 1, "the keeper has noticed", 30)
    product.await_ready()

    assert product.child() != killed
    product.await_tagged(product.write_ticket("noah", "Nobody answers me. Cancel my order."))


def test_a_ticket_that_kills_the_process_is_given_up_while_others_go_on(start: Start, tmp_path: Path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    product = start(
        PYTHONPATH=str(tmp_path / "site"),
        KINTSUGI_MAX_ATTEMPTS="2",
        KINTSUGI_LEASE_SECONDS="3",
        KINTSUGI_HTTP_TIMEOUT_SECONDS="1",
    )

    product.write_ticket("poison", POISON)
    until(lambda: product.said.count("starting again") == 2, "the process was killed as often as allowed", 180)
    product.await_ready()

    def given_up() -> list[tuple[Any, ...]]:
        return product.rows("SELECT ticket_id, last_error FROM tracked_ticket WHERE dead_at IS NOT NULL")

    until(lambda: given_up() != [], "the ticket is given up", 60)
    assert given_up() == [("1", "the worker died while handling it")]
    assert product.rows("SELECT state, reason FROM delivery WHERE ticket_id = '1'") == [
        ("dead", "its ticket could not be handled")
    ]
    product.await_tagged(product.write_ticket("noah", "Thanks for the quick help."))
    assert product.said.count("starting again") == 2
