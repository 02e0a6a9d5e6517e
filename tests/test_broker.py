"""The broker's doctor is quick, honest, and never names a password."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator

import pytest
from redis import Redis

from app import broker
from app.broker import check_broker
from tests.outbound.loopback import Listener, listening
from tests.servers import RedisServer, free_port


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own, which it may stop or change."""
    server = RedisServer("redis-doctor")
    server.start()
    yield server
    server.remove()


def test_broker_in_the_process_is_fine() -> None:
    (finding,) = check_broker("memory://")

    assert finding.ok


def test_good_broker_has_nothing_to_remedy(redis_server: RedisServer) -> None:
    found = check_broker(redis_server.url)

    assert [finding.name for finding in found] == ["broker", "broker version", "broker eviction"]
    assert all(finding.ok and not finding.remedy for finding in found)
    assert found[2].detail == "maxmemory-policy is noeviction"


def test_broker_that_evicts_is_found_out(server: RedisServer) -> None:
    with Redis(port=server.port) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")

    eviction = check_broker(server.url)[2]

    assert not eviction.ok
    assert "allkeys-lru" in eviction.detail
    assert "noeviction" in eviction.remedy


def test_broker_that_keeps_its_settings_secret_is_not_trusted(server: RedisServer) -> None:
    with Redis(port=server.port) as client:
        client.acl_setuser("default", enabled=True, nopass=True, categories=["+@all"], commands=["-config"], keys=["*"])

    eviction = check_broker(server.url)[2]

    assert not eviction.ok
    assert "does not tell" in eviction.detail


def test_broker_that_is_not_there_is_reported_without_its_password() -> None:
    (finding,) = check_broker(f"redis://:made-up-password@127.0.0.1:{free_port()}/0")

    assert not finding.ok
    assert "made-up-password" not in f"{finding.detail}{finding.remedy}"


@pytest.mark.parametrize("url", ["redis://127.0.0.1:notaport/0", "http://127.0.0.1/", "redis://127.0.0.1:99999/0"])
def test_url_that_cannot_be_one_is_reported(url: str) -> None:
    (finding,) = check_broker(url)

    assert not finding.ok


def test_frozen_broker_does_not_freeze_its_doctor(server: RedisServer) -> None:
    os.kill(server.pid, signal.SIGSTOP)
    started = time.monotonic()
    try:
        (finding,) = check_broker(server.url)
    finally:
        os.kill(server.pid, signal.SIGCONT)

    assert not finding.ok
    assert time.monotonic() - started < 4


def test_something_else_on_the_port_is_reported() -> None:
    def web_server(_listener: Listener, connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listening(web_server) as other:
        (finding,) = check_broker(f"redis://127.0.0.1:{other.port}/0")

    assert not finding.ok


@pytest.mark.parametrize(("version", "good"), [("5.0.14", False), ("6.0.9", False), ("6.2.0", True), ("?", False)])
def test_old_broker_is_told_to_be_replaced(version: str, good: bool) -> None:
    finding = broker._about({"redis_version": version})[1]

    assert finding.ok is good
    assert bool(finding.remedy) is not good
