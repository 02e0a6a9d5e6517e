"""The sandbox as a whole: start, stop, restart, being killed, and connecting an app to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from connectors.sandbox import Sandbox
from connectors.sandbox.store import File, FileInUse
from tests.connectors.sandbox.parts import Api, Clock, Play, Receiver, wait_until

PROGRAM = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from connectors.sandbox import Sandbox

sandbox = Sandbox(file=Path(sys.argv[1]), now=lambda: datetime.now(UTC), smtp_port=None)
sandbox.start()
sys.stdout.write(sandbox.url + "\\n")
sys.stdout.flush()
time.sleep(60)
"""


def test_a_restart_keeps_account_tickets_webhooks_and_settings(file: Path, clock: Clock, receiver: Receiver) -> None:
    before = Sandbox(file=file, now=clock, smtp_port=None)
    before.start()
    connection = before.connect(endpoint=receiver.url, sidebar_url="http://127.0.0.1:9/sidebar")
    with Play(before) as play:
        ticket_id = play.ticket(tags=["kept"])
        play("limits", account=123)
        state = play.state(ticket_id)
    before.stop()

    after = Sandbox(file=file, now=clock, smtp_port=None)
    after.start()

    try:
        with Play(after) as play:
            assert (after.account, play.state(ticket_id)) == (before.account, state)
            assert play.read("limits")["account"] == 123
            assert play.read("settings")["sidebar_url"] == "http://127.0.0.1:9/sidebar"
            assert after.connect(endpoint=receiver.url) == connection
            assert play.ticket() == ticket_id + 1
    finally:
        after.stop()


def test_calls_are_counted_across_a_restart(file: Path, clock: Clock) -> None:
    for _ in range(2):
        sandbox = Sandbox(file=file, now=clock, smtp_port=None)
        sandbox.start()
        with Api(sandbox) as api, Play(sandbox) as play:
            ticket_id = play.ticket()
            api.read(f"tickets/{ticket_id}")
            api("PUT", f"tickets/{ticket_id}", ticket={"priority": "low"})
            stats = play.read("stats")
        sandbox.stop()

    assert (stats["reads"], stats["writes"]) == (2, 2)
    assert stats["by_call"] == {"GET tickets/<int:ticket_id>": 2, "PUT tickets/<int:ticket_id>": 2}


def test_what_was_not_delivered_before_a_stop_is_delivered_after_it(
    file: Path, clock: Clock, receiver: Receiver
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        before = Sandbox(file=file, now=clock, smtp_port=None)
        before.connect(endpoint=f"http://127.0.0.1:{closed.getsockname()[1]}/hooks/x")
        before.start()
        with Play(before) as play:
            play.ticket()
        before.stop()
    after = Sandbox(file=file, now=clock, smtp_port=None)
    after.connect(endpoint=receiver.url)

    after.start()

    try:
        assert len(receiver.wait_for(1)) == 1
    finally:
        after.stop()


def test_a_kill_loses_nothing_that_was_answered(file: Path, clock: Clock, receiver: Receiver) -> None:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(file)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    body = {"email": "customer@example.com", "subject": "Parcel", "text": "Where is it?"}
    with requests.Session() as session:
        answered = [session.post(f"{url}/sandbox/tickets", json=body, timeout=5).json()["id"] for _ in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()

    sandbox = Sandbox(file=file, now=clock, smtp_port=None)
    sandbox.start()

    try:
        with Play(sandbox) as play:
            assert [ticket["id"] for ticket in play.read("tickets")["tickets"]] == answered
    finally:
        sandbox.stop()


def test_two_sandboxes_on_one_file_are_refused(sandbox: Sandbox, file: Path, clock: Clock) -> None:
    with pytest.raises(FileInUse, match=r"sandbox\.sqlite"):
        Sandbox(file=file, now=clock)


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    first = File(path)
    with first.reading() as db:
        db.execute("PRAGMA user_version = 99")
    first.close()

    with pytest.raises(RuntimeError, match="another version"):
        File(path)


def test_a_taken_port_is_an_error_and_leaves_the_file_free(file: Path, clock: Clock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        sandbox = Sandbox(file=file, now=clock, port=taken.getsockname()[1])

        with pytest.raises(OSError, match="in use"):
            sandbox.start()

    Sandbox(file=file, now=clock).stop()


def test_a_taken_smtp_port_is_an_error_and_leaves_the_port_free(file: Path, clock: Clock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        sandbox = Sandbox(file=file, now=clock, smtp_port=taken.getsockname()[1])

        with pytest.raises(OSError, match="in use"):
            sandbox.start()

    with socket.socket() as free:
        assert free.connect_ex(("127.0.0.1", sandbox.port)) != 0


def test_stopping_twice_or_without_a_start_is_harmless(file: Path, clock: Clock) -> None:
    sandbox = Sandbox(file=file, now=clock)

    sandbox.stop()
    sandbox.stop()


def test_a_write_that_fails_leaves_nothing(sandbox: Sandbox) -> None:
    def fail() -> None:
        with sandbox.helpdesk.file.writing() as db:
            db.execute("INSERT INTO counter VALUES ('x', 1)")
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    with sandbox.helpdesk.file.reading() as db:
        assert db.execute("SELECT count(*) FROM counter WHERE name = 'x'").fetchone()[0] == 0


def test_many_callers_at_once_lose_no_change(sandbox: Sandbox, play: Play) -> None:
    ticket_id = play.ticket()
    play("limits", unlimited=True)

    def add(number: int) -> int:
        with Api(sandbox) as api:
            return api("PUT", f"tickets/{ticket_id}/tags", tags=[f"tag_{number:02}"]).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(add, range(40)))

    assert statuses == {200}
    assert len(play.state(ticket_id)["tags"]) == 40


def test_connecting_again_moves_the_webhook(api: Api, sandbox: Sandbox) -> None:
    sandbox.connect(endpoint="http://127.0.0.1:9/old")

    sandbox.connect(endpoint="http://127.0.0.1:9/new")

    assert [webhook["endpoint"] for webhook in api.read("webhooks")["webhooks"]] == ["http://127.0.0.1:9/new"]


def test_connecting_only_a_sidebar_makes_no_webhook(api: Api, sandbox: Sandbox) -> None:
    assert sandbox.connect(sidebar_url="http://127.0.0.1:9/sidebar") is None
    assert api.read("webhooks")["webhooks"] == []


def test_times_are_business_time_and_never_run_backwards(play: Play, clock: Clock) -> None:
    ticket_id = play.ticket()
    clock.step(hours=-1)

    play(f"tickets/{ticket_id}/comments", text="From the past")

    state = play.state(ticket_id)
    assert (state["updated_at"], state["comments"][-1]["at"]) == ("2026-01-05T12:00:00Z", "2026-01-05T12:00:00Z")


def test_secrets_do_not_show_when_the_account_is_printed(sandbox: Sandbox) -> None:
    account = sandbox.account

    shown = repr(account)

    secrets = (account.api_token, account.oauth_token, account.webhook_secret, "PRIVATE KEY")
    assert not any(secret in shown for secret in secrets)


def test_an_effect_and_its_events_are_one_transaction(play: Play, hooked: Receiver, sandbox: Sandbox) -> None:
    seen: list[int] = []

    def look() -> None:
        with sandbox.helpdesk.file.reading() as db:
            seen.append(db.execute("SELECT count(*) FROM delivery").fetchone()[0])

    remember: Callable[[], None] = look
    sandbox.helpdesk.file.after_commit(remember)

    play.ticket()

    assert seen[0] == 1
    wait_until(lambda: len(hooked.requests) == 1)
