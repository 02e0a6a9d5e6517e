"""The private servers and the browser that other tests stand on."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from urllib.request import urlopen

import psycopg
import pytest
import redis
from playwright.sync_api import Page

from tests.servers import PostgresServer, RedisServer, ServerError


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def test_databases_are_separate_and_belong_to_a_plain_role(postgres_server: PostgresServer) -> None:
    first, second = postgres_server.new_database(), postgres_server.new_database()
    with connect(first) as connection:
        connection.execute("CREATE TABLE thing (id int)")
        role = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()

    with connect(second) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'thing'").fetchone()

    assert role == (False, False, False)
    assert tables == (0,)


def test_a_prepared_database_is_made_once_and_copied(postgres_server: PostgresServer) -> None:
    prepared = []

    def prepare(url: str) -> None:
        prepared.append(url)
        with connect(url) as connection:
            connection.execute("CREATE TABLE seed AS SELECT 7 AS value")

    copies = [postgres_server.new_database(prepare) for _ in range(2)]

    assert len(prepared) == 1
    for copy in copies:
        with connect(copy) as connection:
            assert connection.execute("SELECT value FROM seed").fetchone() == (7,)


def test_a_database_can_be_dropped_under_an_open_connection(postgres_server: PostgresServer) -> None:
    url = postgres_server.new_database()
    connection = connect(url)

    postgres_server.drop_database(url)

    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()


def test_redis_refuses_rather_than_forgets(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        policy = client.config_get("maxmemory-policy")

    assert policy == {"maxmemory-policy": "noeviction"}


def test_a_killed_redis_starts_again_on_the_same_port() -> None:
    server = RedisServer("redis")
    server.start()
    first_pid = server.pid

    server.kill()
    server.start()

    try:
        assert server.answers()
        assert server.pid != first_pid
    finally:
        server.remove()
    assert not server.folder.exists()


def test_a_server_that_cannot_start_says_why(redis_server: RedisServer) -> None:
    class Broken(RedisServer):
        def command(self) -> list[str]:
            return ["/bin/sh", "-c", "echo no such luck; exit 3"]

    server = Broken("redis")
    with pytest.raises(ServerError, match="no such luck"):
        server.start()
    server.remove()


@pytest.fixture
def site() -> Iterator[str]:
    class Hello(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<button onclick=\"this.textContent='mended'\">broken</button>")

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_the_browser_shows_a_page_and_clicks(page: Page, site: str) -> None:
    page.goto(site)

    page.click("button")

    assert page.inner_text("button") == "mended"


def test_sockets_lead_nowhere_but_loopback() -> None:
    with pytest.raises(Exception, match="socket"):
        urlopen("http://192.0.2.1/", timeout=1)
