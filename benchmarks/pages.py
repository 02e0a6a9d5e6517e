"""How long pages take on a desk with a million tickets and five million scores, in PostgreSQL.

Which pages there are is read off the product's own map: every address that a browser, a sidebar or a program gets. Each
is asked for many times, with another ticket, case or person each time, through the whole application but without a
network. A page that does not answer 200 ends the measurement.
"""

from __future__ import annotations

import math
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app import factory
from app.clock import Clock, real_now
from app.settings import load, new_key
from app.store import launches, schema
from app.store.models import Role
from app.web.access import Proof, declared
from benchmarks.crowd import SCORES_PER_TICKET, Crowd, gather
from benchmarks.report import Aim, BenchError, Report
from tasks.parts import Parts
from tests import seeds
from tests.servers import PostgresServer
from tests.web.people import SignedIn, sign_in

TICKETS = 1_000_000
SMALL = 20_000  #: with --small
ASKED = 20  #: times each page is asked for
WARM = 2  #: before that, not counted
AIM_MS = 300.0
PLACE = re.compile(r"<(?:[^<>:]+:)?(\w+)>")  #: what stands in a path by name

#: Pages with a question in their address, beside those of the map.
ASKING = {
    "/cases?stage=recovered": "/cases?stage=recovered",
}

#: What is no page of a desk's data: another site comes in between, or it is work rather than reading.
LEFT_OUT = {
    "connecting.back": "answers whoever comes from a helpdesk",
    "connecting.form": "for admins of every desk",
    "protocols.backtest": "runs a backtest, with a time limit of its own",
    "protocols.rollback": "needs a rollback",
    "api_protocols.rollback": "needs a rollback",
    "api_protocols.difference": "needs two versions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An address of the map and how to prove who asks."""

    name: str
    rule: Rule | None
    proof: Proof

    def address(self, crowd: Crowd) -> str:
        """With something of the crowd in it. Raises BenchError where a name is new."""
        if self.rule is None:
            return self.name
        values = {name: crowd.pick(name) for name in self.rule.arguments}
        for name, value in values.items():
            if value is None:
                raise BenchError(f"{self.name}: say in benchmarks/crowd.py what may stand for <{name}>")
        return PLACE.sub(lambda found: str(values[found[1]]), self.rule.rule)


def run(*, small: bool = False) -> Report:
    """Make the crowd and ask for every page. Raises BenchError."""
    tickets = SMALL if small else TICKETS
    folder = Path(tempfile.mkdtemp(prefix="kintsugi-bench-"))
    server = PostgresServer()
    try:
        server.start()
        parts = _parts(server.new_database(), folder)
        try:
            began = time.monotonic()
            crowd = gather(parts.database, _superuser(parts), tickets=tickets)
            made_in = time.monotonic() - began
            click.echo(f"{tickets:,} tickets made in {made_in:.0f} s", err=True)
            p95 = _measure(parts, crowd)
        finally:
            parts.database.close()
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)
    figures = {"tickets": tickets, "scores": tickets * SCORES_PER_TICKET, "made_in_seconds": made_in, **p95}
    return Report(bench="pages", figures=figures, aims=dict.fromkeys(p95, Aim(aim=AIM_MS, at_least=False)))


def _parts(url: str, folder: Path) -> Parts:
    """The product on that database, at the moment of the story."""
    clock = folder / "clock"
    clock.write_text(seeds.NOW.isoformat(), encoding="utf-8")
    environ = {
        "KINTSUGI_DATABASE_URL": url,
        "KINTSUGI_BROKER_URL": "redis://127.0.0.1:1/0",  # nobody is there, and a page does not care
        "KINTSUGI_SECRET_KEYS": new_key(),
        "KINTSUGI_PUBLIC_URL": "http://localhost",
        "KINTSUGI_DATA_DIR": str(folder),
        "KINTSUGI_LOG_LEVEL": "error",
        "KINTSUGI_API_PER_MINUTE": "1000000",
    }
    parts = replace(factory.build(load(environ)), clock=Clock(clock))
    schema.migrate(parts.database)
    return parts


def _superuser(parts: Parts) -> str:
    url = parts.database.url
    return f"postgresql://superuser@{url.host}:{url.port}/{url.database}"


def _measure(parts: Parts, crowd: Crowd) -> Mapping[str, float]:
    """Page -> its 95th percentile in milliseconds."""
    app = factory.create_app(parts.settings, parts)
    lena = sign_in(app, seeds.add_link(parts.database, Role.ADMIN, desk_id=crowd.desk_id))
    agent = _Sidebar(app, parts, crowd)
    figures = {}
    for page in _pages(app):
        times = list(_times(page, crowd, agent if page.proof is Proof.LAUNCH else _Browser(lena)))
        figures[page.name] = percentile(times, 0.95) * 1000
        click.echo(f"{figures[page.name]:>9.1f} ms  {page.name}", err=True)
    return figures


def _pages(app: Flask) -> Sequence[Page]:
    found = [Page(name=path, rule=None, proof=Proof.SESSION) for path in ASKING]
    for rule in app.url_map.iter_rules():
        access = declared(app, rule.endpoint)
        if "GET" not in (rule.methods or set()) or access is None or rule.endpoint in LEFT_OUT:
            continue
        if access.proof is not Proof.NONE:
            found.append(Page(name=rule.rule, rule=rule, proof=access.proof))
    return sorted(found, key=lambda page: page.name)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed, by nearest rank."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def _times(page: Page, crowd: Crowd, caller: _Browser | _Sidebar) -> Iterator[float]:
    """Seconds of each asking."""
    for number in range(WARM + ASKED):
        address = page.address(crowd)
        began = time.perf_counter()
        status = caller.get(address)
        took = time.perf_counter() - began
        if status != 200:
            raise BenchError(f"{address}: answered {status}")
        if number >= WARM:
            yield took


class _Browser:
    """An admin's."""

    def __init__(self, lena: SignedIn) -> None:
        self._lena = lena

    def get(self, address: str) -> int:
        return self._lena.get(address).status_code


class _Sidebar:
    """An agent's, opened by the helpdesk."""

    def __init__(self, app: Flask, parts: Parts, crowd: Crowd) -> None:
        with parts.database.desk(crowd.desk_id) as session:
            bearer = launches.open_launch(session, crowd.desk_id, token_id="bench", agent_id="4001", now=real_now())
        if bearer is None:
            raise BenchError("the sidebar could not be opened")
        self._client: FlaskClient = app.test_client()
        self._headers = {"Authorization": f"Bearer {bearer}"}

    def get(self, address: str) -> int:
        return self._client.get(address, headers=self._headers).status_code
