"""Probes tell whether requests can be served; the rest is for those who run the machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app.clock import real_now
from app.factory import create_app
from app.settings import Settings
from app.store import desks, gaps, schema
from app.store.database import Database, DatabaseUnavailable, Purpose
from app.store.models import Reconcile, TrackedTicket
from app.web.health import Heartbeats
from connectors.base import CallLimits
from tasks.parts import Parts
from tests.seeds import Seeded
from tests.servers import free_port
from tests.web.conftest import OPERATOR_TOKEN

ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}
BEARER = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}


@pytest.fixture
def beats(web_app: Flask) -> Heartbeats:
    """The embedded process's other parts, all alive."""
    heartbeats: Heartbeats = web_app.extensions["heartbeats"]
    heartbeats.worker()
    return heartbeats


def checks(client: FlaskClient) -> dict[str, tuple[bool, str]]:
    return {one["name"]: (one["ok"], one["detail"]) for one in client.get("/readyz").get_json()["checks"]}


def figures(client: FlaskClient) -> dict[tuple[str, tuple[str, ...]], float]:
    text = client.get("/metrics").get_data(as_text=True)
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("kintsugi_")
    }


def test_process_is_there(stranger: FlaskClient) -> None:
    answer = stranger.get("/healthz", environ_overrides=ELSEWHERE)

    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_process_is_there_without_a_database(
    stranger: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "engine", None)

    assert stranger.get("/healthz").status_code == 200


def test_ready_when_database_and_worker_are(stranger: FlaskClient, beats: Heartbeats) -> None:
    answer = stranger.get("/readyz")

    assert answer.status_code == 200
    assert answer.get_json()["status"] == "ready"
    assert checks(stranger)["database"] == (True, "answers, at the newest schema")


def test_not_ready_without_tables(settings: Settings, joined: Parts, beats: Heartbeats, stranger: FlaskClient) -> None:
    with joined.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")

    answer = stranger.get("/readyz")

    assert answer.status_code == 503
    assert checks(stranger)["database"][0] is False


def test_not_ready_while_the_database_is_away(
    stranger: FlaskClient, beats: Heartbeats, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_database: Database) -> str:
        raise DatabaseUnavailable("made up")

    monkeypatch.setattr(schema, "current", away)

    answer = stranger.get("/readyz")

    assert answer.status_code == 503
    assert checks(stranger)["database"] == (False, "the database does not answer")


def test_embedded_process_is_not_ready_before_its_worker_runs(stranger: FlaskClient) -> None:
    assert stranger.get("/readyz").status_code == 503
    assert checks(stranger)["worker"] == (False, "does not run")


def test_embedded_process_is_not_ready_without_the_sandbox_it_runs(stranger: FlaskClient, beats: Heartbeats) -> None:
    alive = [True]
    beats.expect_sandbox(lambda: alive[0])
    before = stranger.get("/readyz").status_code

    alive[0] = False

    assert (before, stranger.get("/readyz").status_code) == (200, 503)


def test_worker_that_stopped_beating_is_missed() -> None:
    now = [100.0]
    beats = Heartbeats(lambda: now[0])
    beats.worker()

    now[0] = 114.0
    soon = beats.missing()
    now[0] = 116.0

    assert (soon, beats.missing()) == ([], ["worker"])


def test_web_process_of_production_has_no_worker_to_wait_for(settings: Settings, joined: Parts) -> None:
    production = replace(joined, settings=replace(settings, embedded=False))

    answer = create_app(production.settings, production).test_client().get("/readyz")

    assert answer.status_code == 200
    assert "worker" not in {one["name"] for one in answer.get_json()["checks"]}


def test_broker_that_is_away_is_told_and_turns_nothing_red(settings: Settings, joined: Parts) -> None:
    broker_url = f"redis://127.0.0.1:{free_port()}/0"
    production = replace(joined, settings=replace(settings, embedded=False, broker_url=broker_url))
    client = create_app(production.settings, production).test_client()

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert checks(client)["broker"][0] is False


def test_paused_desk_is_told_and_turns_nothing_red(
    stranger: FlaskClient, beats: Heartbeats, database: Database, desk_id: int
) -> None:
    with database.desk(desk_id) as session:
        desks.pause(session, desk_id, "the helpdesk refused our credentials")

    answer = stranger.get("/readyz")

    assert answer.status_code == 200
    assert checks(stranger)[f"desk {desk_id}"] == (False, "paused")


@pytest.mark.parametrize(
    ("headers", "environ"),
    [
        ({}, ELSEWHERE),
        ({"Authorization": "Bearer wrong"}, {}),
        ({"Authorization": "Bearer é"}, {}),
        ({"Authorization": "Bearer"}, ELSEWHERE),
        ({"X-Forwarded-For": "127.0.0.1"}, {}),
        ({"Forwarded": "for=127.0.0.1"}, {}),
        ({}, {"REMOTE_ADDR": ""}),
    ],
    ids=["stranger", "wrong token", "odd token", "no token", "through a proxy", "through a new proxy", "no address"],
)
def test_details_and_figures_are_not_for_strangers(
    stranger: FlaskClient, beats: Heartbeats, headers: dict[str, str], environ: dict[str, str]
) -> None:
    ready = stranger.get("/readyz", headers=headers, environ_overrides=environ)
    metrics = stranger.get("/metrics", headers=headers, environ_overrides=environ)

    assert (ready.status_code, ready.get_json()) == (200, {"status": "ready"})
    assert metrics.status_code == 404


def test_operator_sees_details_from_anywhere(stranger: FlaskClient, beats: Heartbeats) -> None:
    ready = stranger.get("/readyz", headers=BEARER, environ_overrides=ELSEWHERE)
    metrics = stranger.get("/metrics", headers=BEARER, environ_overrides=ELSEWHERE)

    assert "checks" in ready.get_json()
    assert metrics.status_code == 200


def test_no_token_is_set_means_no_token_fits(settings: Settings, joined: Parts) -> None:
    bare = replace(joined, settings=replace(settings, operator_token=None))
    client = create_app(bare.settings, bare).test_client()

    for given in ("Bearer ", "Bearer None", f"Bearer {OPERATOR_TOKEN}"):
        answer = client.get("/metrics", headers={"Authorization": given}, environ_overrides=ELSEWHERE)
        assert answer.status_code == 404


def test_figures_tell_how_the_work_stands(stranger: FlaskClient, database: Database, story: Seeded) -> None:
    found = figures(stranger)

    assert found["kintsugi_deliveries", ("dead",)] == 1
    assert found["kintsugi_deliveries", ("ignored",)] == 0
    assert found["kintsugi_database_up", ()] == 1
    assert found["kintsugi_dead_tickets", ()] >= 0
    assert found["kintsugi_oldest_due_seconds", ()] >= 0


def test_figures_tell_the_age_of_the_oldest_work(stranger: FlaskClient, database: Database, story: Seeded) -> None:
    with database.system(Purpose.OPERATE) as session:
        for ticket in session.query(TrackedTicket):
            ticket.due_at = datetime(2026, 1, 1, tzinfo=UTC)

    assert figures(stranger)["kintsugi_oldest_due_seconds", ()] > 86400


def test_figures_tell_our_calls_and_what_is_left(stranger: FlaskClient, joined: Parts) -> None:
    observe = joined.connections.governor.observer(3)
    limits = [
        CallLimits(bucket="account", total=700, remaining=699, resets_in=None),
        CallLimits(bucket="odd", total=None, remaining=None, resets_in=None),
    ]
    observe("GET", "/api/v2/tickets/7", 200, limits)
    observe("PUT", "/api/v2/tickets/7", 409, limits)

    found = figures(stranger)

    assert found["kintsugi_helpdesk_calls_total", ("3", "read", "200")] == 1
    assert found["kintsugi_helpdesk_calls_total", ("3", "write", "409")] == 1
    assert found["kintsugi_helpdesk_allowance", ("account", "3")] == 699
    assert ("kintsugi_helpdesk_allowance", ("odd", "3")) not in found


@pytest.mark.capability("SCO-01")
def test_figures_tell_how_many_tickets_have_a_score_and_why_others_have_none(
    stranger: FlaskClient, database: Database, story: Seeded
) -> None:
    found = figures(stranger)

    desk = str(story.desk_id)
    without = {names: number for (name, names), number in found.items() if name == "kintsugi_tickets_unscored"}
    assert found["kintsugi_tickets_eligible", (desk,)] == 3
    assert found["kintsugi_tickets_scored", (desk,)] == 2
    assert without == {(desk, "the customer has not written anything"): 1}


def test_figures_tell_what_came_without_its_webhook(stranger: FlaskClient, database: Database, story: Seeded) -> None:
    now = real_now()
    with database.desk(story.desk_id) as session:
        gaps.count(session, story.desk_id, now, tickets=3, ratings=1)
        session.add(
            Reconcile(desk_id=story.desk_id, began_at=now, due_at=now, arrived_at=now - timedelta(minutes=2), fence=1)
        )

    found, desk = figures(stranger), str(story.desk_id)

    assert found["kintsugi_webhook_gaps_total", (desk, "ticket")] == 3
    assert found["kintsugi_webhook_gaps_total", (desk, "rating")] == 1
    assert 120 <= found["kintsugi_reconcile_age_seconds", (desk,)] < 180


def test_scrape_survives_a_database_that_is_away(
    stranger: FlaskClient, joined: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object, **_kwargs: object) -> None:
        raise DatabaseUnavailable("made up")

    monkeypatch.setattr(type(joined.database), "system", away)

    assert figures(stranger)["kintsugi_database_up", ()] == 0
