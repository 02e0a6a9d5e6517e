"""Health for machines: is the process there, can it work, and figures for Prometheus. Nothing about customers."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.broker import check_broker
from app.clock import real_now
from app.governor import Governor
from app.store import deliveries, desks, gaps, queue, schema, walks
from app.store.database import DatabaseUnavailable, Purpose
from app.store.models import DeskState
from app.web.access import public
from app.web.context import parts
from connectors.ticket import Finding
from tasks.parts import Parts

blueprint = Blueprint("health", __name__)

#: The worker beats several times a second; it is missed after this long.
BEAT_SECONDS = 15.0


class Heartbeats:
    """Whether the other parts of an embedded process are alive. `app.extensions["heartbeats"]`."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._beat_at: float | None = None
        self._sandbox: Callable[[], bool] | None = None

    def worker(self) -> None:
        """The worker's dispatcher had its turn."""
        self._beat_at = self._timer()

    def expect_sandbox(self, alive: Callable[[], bool]) -> None:
        """From now on this process runs the sandbox helpdesk too; `alive` tells whether it still does."""
        self._sandbox = alive

    def missing(self) -> Sequence[str]:
        """The parts that do not run."""
        worker = self._beat_at is not None and self._timer() - self._beat_at < BEAT_SECONDS
        sandbox = self._sandbox is None or self._sandbox()
        return [name for name, runs in (("worker", worker), ("sandbox", sandbox)) if not runs]


@blueprint.record_once
def _give_heartbeats(state: BlueprintSetupState) -> None:
    state.app.extensions["heartbeats"] = Heartbeats()


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process answers; nothing else is asked."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """200 when requests can be served: the broker and the desks may be in trouble without that being so."""
    joined = parts()
    wrong = schema.behind(joined.database)
    missing = list(_heartbeats().missing()) if joined.settings.embedded else []
    ready = wrong is None and not missing
    body: dict[str, object] = {"status": "ready" if ready else "not ready"}
    if may_see_details():
        body["checks"] = [_said(finding) for finding in _findings(joined, wrong, missing)]
    return jsonify(body), 200 if ready else 503


@blueprint.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """Figures in Prometheus' text form."""
    if not may_see_details():
        abort(404)
    registry = CollectorRegistry()
    registry.register(_Figures(parts()))
    # The library's own registry holds the process's figures, and the tasks' where they run in this process.
    return Response(generate_latest(REGISTRY) + generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def may_see_details() -> bool:
    """For the machine itself, and for bearers of the operator's token."""
    token = parts().settings.operator_token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if token is not None and scheme.lower() == "bearer":
        return hmac.compare_digest(given.strip().encode(), token.encode())
    # A proxy on this machine passes strangers on; it names them in a header, whether we trust that header or not.
    passed_on = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"))
    return not passed_on and _is_loopback(request.remote_addr or "")


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _heartbeats() -> Heartbeats:
    heartbeats: Heartbeats = current_app.extensions["heartbeats"]
    return heartbeats


def _findings(joined: Parts, wrong: str | None, missing: Sequence[str]) -> Iterable[Finding]:
    yield Finding(name="database", ok=wrong is None, detail=wrong or "answers, at the newest schema")
    if joined.settings.embedded:
        for name in ("worker", "sandbox"):
            runs = name not in missing
            yield Finding(name=name, ok=runs, detail="runs" if runs else "does not run")
    yield from check_broker(joined.settings.broker_url)
    if wrong is None:
        yield from _desks(joined)


def _desks(joined: Parts) -> Iterable[Finding]:
    with joined.database.system(Purpose.OPERATE, read=True) as session:
        for desk in desks.all_of(session):
            active = desk.state is DeskState.ACTIVE
            yield Finding(name=f"desk {desk.id}", ok=active, detail=desk.state.value)


def _said(finding: Finding) -> dict[str, object]:
    return {"name": finding.name, "ok": finding.ok, "detail": finding.detail}


class _Figures(Collector):
    """What the database and this process know, asked at the moment of the scrape."""

    def __init__(self, joined: Parts) -> None:
        self._parts = joined

    def collect(self) -> Iterable[Metric]:
        try:
            yield from self._work()
            up = 1
        except DatabaseUnavailable:
            up = 0
        yield GaugeMetricFamily("kintsugi_database_up", "1 when the database answered this scrape", value=up)
        yield from self._calls()

    def _work(self) -> Iterable[Metric]:
        with self._parts.database.system(Purpose.OPERATE, read=True) as session:
            counts, backlog = deliveries.counts(session), deliveries.backlog(session)
            coverages = queue.coverages(session)
            missed, arrivals = gaps.totals(session), walks.arrivals(session)
        stored = GaugeMetricFamily("kintsugi_deliveries", "Webhook deliveries by state", labels=["state"])
        for state, number in counts.items():
            stored.add_metric([state.value], number)
        yield stored
        oldest = backlog.oldest_due_at
        age = max(0.0, (real_now() - oldest).total_seconds()) if oldest else 0.0
        yield GaugeMetricFamily(
            "kintsugi_oldest_due_seconds", "How long the longest overdue ticket has been waiting", value=age
        )
        yield GaugeMetricFamily(
            "kintsugi_dead_tickets", "Tickets that were given up, for a person to look at", value=backlog.dead_tickets
        )

        yield from _scored(coverages)
        yield from _reconciled(missed, arrivals)

    def _calls(self) -> Iterable[Metric]:
        governor = self._parts.connections.governor
        calls = CounterMetricFamily(
            "kintsugi_helpdesk_calls",
            "Calls to helpdesks by every process; status 0 is no answer",
            labels=["desk", "direction", "status"],
        )
        for (desk_id, direction, status), number in sorted(governor.calls().items()):
            calls.add_metric([str(desk_id), direction, str(status)], number)
        yield calls
        yield from _allowances(governor)


def _allowances(governor: Governor) -> Iterable[Metric]:
    """What the helpdesks told of their limits, and how much of that we have spent."""
    names = ["desk", "bucket"]
    total = GaugeMetricFamily("kintsugi_helpdesk_allowance_total", "Calls in a window, as told", labels=names)
    left = GaugeMetricFamily("kintsugi_helpdesk_allowance", "Calls left, as far as we know", labels=names)
    ours = GaugeMetricFamily("kintsugi_helpdesk_spent", "Calls of ours in this window", labels=names)
    for desk_id in governor.desks():
        for standing in governor.standings(desk_id):
            for metric, number in ((total, standing.total), (left, standing.left), (ours, standing.ours)):
                if number is not None:
                    metric.add_metric([str(desk_id), standing.name], number)
    yield from (total, left, ours)


def _scored(coverages: Mapping[int, queue.Coverage]) -> Iterable[Metric]:
    """How many of the tickets have a score, and why the others have none."""
    eligible = GaugeMetricFamily("kintsugi_tickets_eligible", "Tickets under watch", labels=["desk"])
    scored = GaugeMetricFamily("kintsugi_tickets_scored", "Those of them that have a score", labels=["desk"])
    without = GaugeMetricFamily(
        "kintsugi_tickets_unscored", "Those that have none, by the reason", labels=["desk", "reason"]
    )
    for desk_id, coverage in coverages.items():
        eligible.add_metric([str(desk_id)], coverage.eligible)
        scored.add_metric([str(desk_id)], coverage.scored)
        for reason, number in coverage.reasons.items():
            without.add_metric([str(desk_id), reason], number)
    yield from (eligible, scored, without)


def _reconciled(
    missed: Mapping[int, tuple[int, int]], arrivals: Sequence[tuple[int, datetime | None, str | None]]
) -> Iterable[Metric]:
    """Changes that no webhook told, and how fresh the comparison is that finds them."""
    found = CounterMetricFamily("kintsugi_webhook_gaps", "Changes found without their webhook", labels=["desk", "of"])
    for desk_id, (tickets, ratings) in missed.items():
        found.add_metric([str(desk_id), "ticket"], tickets)
        found.add_metric([str(desk_id), "rating"], ratings)
    age = GaugeMetricFamily(
        "kintsugi_reconcile_age_seconds", "Since the desk's changes were last compared to the present", labels=["desk"]
    )
    for desk_id, arrived_at, _ in arrivals:
        if arrived_at is not None:
            age.add_metric([str(desk_id)], max(0.0, (real_now() - arrived_at).total_seconds()))
    yield from (found, age)
