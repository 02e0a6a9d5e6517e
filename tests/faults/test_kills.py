"""The worker is killed at random points of a replay and Redis is emptied: nothing may be lost, nothing said twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis

from tests.e2e.outcome import differences, open_sandbox, read_outcome, said_twice
from tests.e2e.playing import Servers, replay, report_of, start_replay, stop_replay, words_of
from tests.servers import PostgresServer, RedisServer

SEED = 20260105
VARYING = ("deliveries", "helpdesk", "seconds")  #: of one run, whatever its end


@dataclass(slots=True, kw_only=True)
class Trouble:
    """Kills the worker and empties Redis once the helpdesk has been called so and so often.

    Calls are the clock, since a run's length in seconds says little on a busy machine.
    """

    data_dir: Path
    redis_url: str
    kills: list[int]
    flushes: list[int]
    killed: list[int] = field(default_factory=list)
    flushed: int = 0

    def make(self, process: subprocess.Popen[str], within: float) -> int:
        """Watch until the replay ends; its exit code."""
        deadline = time.monotonic() + within
        draw = random.Random(f"jitter:{SEED}")
        while (code := process.poll()) is None:
            assert time.monotonic() < deadline, f"not done in time; killed {len(self.killed)} workers"
            calls = self._calls()
            if self.kills and calls >= self.kills[0]:
                time.sleep(draw.uniform(0, 0.05))
                if self._kill():
                    self.kills.pop(0)
            if self.flushes and calls >= self.flushes[0]:
                self.flushes.pop(0)
                with Redis.from_url(self.redis_url) as broker:
                    broker.flushdb()
                self.flushed += 1
            time.sleep(0.01)
        return code

    def _kill(self) -> bool:
        """False while the worker that was killed last has no successor yet."""
        try:
            pid = int((self.data_dir / "replay" / "worker.pid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return False
        if pid in self.killed:
            return False
        os.kill(pid, signal.SIGKILL)
        self.killed.append(pid)
        return True

    def _calls(self) -> int:
        try:
            with closing(open_sandbox(self.data_dir)) as sandbox:
                return count_calls(sandbox)
        except sqlite3.OperationalError:
            return 0  # it is not there yet


def count_calls(sandbox: sqlite3.Connection) -> int:
    """Calls of the helpdesk's API, and mails."""
    calls = sandbox.execute("SELECT coalesce(sum(value), 0) FROM counter WHERE name IN ('reads', 'writes')").fetchone()
    mails = sandbox.execute("SELECT count(*) FROM mail").fetchone()
    return int(calls[0]) + int(mails[0])


def points(draw: random.Random, number: int, calls: int) -> list[int]:
    """Random points of a run that makes so many calls, in order and one per stretch, so that no two fall together."""
    edges: Sequence[float] = [calls * (0.05 + 0.9 * share / number) for share in range(number + 1)]
    return [round(draw.uniform(edges[place], edges[place + 1])) for place in range(number)]


def first_of(conversations: Path, few: Path) -> Path:
    """A file of the first four conversations, for the short form."""
    few.write_text("".join(conversations.read_text(encoding="utf-8").splitlines(keepends=True)[:4]), encoding="utf-8")
    return few


@pytest.fixture
def servers(postgres_server: PostgresServer, redis_server: RedisServer) -> Servers:
    return Servers(database_url=postgres_server.new_database(), broker_url=redis_server.new_database())


def test_a_replay_whose_worker_is_killed_ends_like_an_undisturbed_one(
    tmp_path: Path, servers: Servers, conversations: Path, long: bool
):
    calm, disturbed = tmp_path / "calm", tmp_path / "disturbed"
    conversations = conversations if long else first_of(conversations, tmp_path / "few.jsonl")
    calm_report = replay(conversations, calm, within=3600)
    with closing(open_sandbox(calm)) as sandbox:
        calls = count_calls(sandbox)
    draw = random.Random(SEED)
    number = 10 if long else 2
    trouble = Trouble(
        data_dir=disturbed, redis_url=servers.broker_url, kills=points(draw, number, calls), flushes=[calls // 2]
    )

    process = start_replay(conversations, disturbed, servers)
    try:
        code = trouble.make(process, within=7200 if long else 300)
    finally:
        stop_replay(process)

    assert code == 0, words_of(disturbed)[-3000:]
    assert (len(trouble.killed), trouble.flushed) == (number, 1)
    assert said_twice(disturbed) == []
    report = report_of(disturbed)
    assert {**report, **dict.fromkeys(VARYING)} == {**calm_report, **dict.fromkeys(VARYING)}
    assert differences(read_outcome(disturbed, servers.database_url), read_outcome(calm)) == []
