"""Desks: their health, and pausing, resuming and checking them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from flask import Flask

from app.clock import real_now
from app.connect import Connections
from app.factory import create_app
from app.governor import Budget
from app.settings import Settings
from app.store import audit, desks, gaps
from app.store.database import Database, Purpose
from app.store.models import Desk, DeskState, Reconcile, Role
from connectors.base import CallLimits, Connector
from connectors.errors import Refused
from connectors.ticket import Finding
from tasks.parts import Parts
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import SignedIn, sign_in


class AnsweringDesk:
    """A connection that answers `check` as told, or refuses it."""

    def __init__(self, behind: Connections, answer: Sequence[Finding] | Exception) -> None:
        self.governor = behind.governor
        self._answer = answer

    @contextmanager
    def open(self, _desk_id: int) -> Iterator[Connector]:
        yield cast(Connector, self)

    def budget(self, desk: Desk) -> Budget:
        return Budget(desk_id=desk.id, allowances=lambda _method, _path: ())

    def check(self) -> Sequence[Finding]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def admin_of(settings: Settings, joined: Parts, answer: Sequence[Finding] | Exception) -> SignedIn:
    connections = cast(Connections, AnsweringDesk(joined.connections, answer))
    app = create_app(settings, replace(joined, connections=connections))
    return sign_in(app, seeds.add_link(joined.database, Role.ADMIN))


def test_health_tells_coverage_with_the_reasons_for_what_is_not_scored(admin: SignedIn, story: Seeded) -> None:
    page = admin.get("/desks").text

    assert "2 of 3 tickets (67 %)" in page
    assert "the customer has not written anything" in page
    assert "bad signature" in page


def test_hours_norms_and_fields_in_force_are_shown(admin: SignedIn, database: Database, story: Seeded) -> None:
    before = admin.get("/desks").text
    with database.system(Purpose.OPERATE) as session:
        row = desks.get(session, story.desk_id)
        week = dict.fromkeys(("monday", "tuesday", "wednesday"), "09:00-17:00")
        calendar = {"zone": "Europe/Berlin", "week": week, "holidays": ["2026-12-25"]}
        desks.change_settings(row, {"calendar": calendar, "fields": {"hold_minutes": "360001"}})
        row.usual = {"first_reply": 2.25, "next_reply": None}

    page = admin.get("/desks").text

    assert "none set: waits count calendar hours" in before
    assert "Monday to Wednesday 09:00-17:00 (Europe/Berlin)" in page
    assert "2026-12-25" in page
    assert "2.2 business hours" in page
    assert "not known yet: 4 h are assumed" in page
    assert "360001" in page


@pytest.mark.parametrize("secret", ["made-up-token", "made-up-secret"])
def test_nothing_secret_is_shown(admin: SignedIn, story: Seeded, secret: str) -> None:
    assert secret not in admin.get("/desks").text


def test_calls_and_allowances_of_all_processes_are_shown(admin: SignedIn, joined: Parts, desk_id: int) -> None:
    observe = joined.connections.governor.observer(desk_id)
    limits = [CallLimits(bucket="default", total=700, remaining=650, resets_in=timedelta(seconds=9))]
    observe("GET", "/api/v2/tickets/1", 200, limits)
    observe("PUT", "/api/v2/tickets/1", 503, [])

    page = admin.get("/desks").text

    assert "1 reads, 1 writes, 1 failed" in page
    assert "650 of 700 left" in page
    assert "at most 60 %" in page


def test_pausing_and_resuming(admin: SignedIn, desk_id: int, database: Database) -> None:
    admin.post(f"/desks/{desk_id}/pause")
    paused = admin.get("/desks").text

    admin.post(f"/desks/{desk_id}/resume")

    with database.system(Purpose.OPERATE, read=True) as session:
        assert desks.get(session, desk_id).state is DeskState.ACTIVE
    assert "an admin paused it" in paused
    assert "Deliveries are still stored" in paused


def test_a_check_shows_what_the_helpdesk_answered(settings: Settings, joined: Parts, desk_id: int) -> None:
    findings = [
        Finding(name="credentials", ok=True, detail="they work"),
        Finding(name="webhook", ok=False, detail="there is none", remedy="Run kintsugi desk install."),
    ]

    page = admin_of(settings, joined, findings).post(f"/desks/{desk_id}/check").text

    assert "they work" in page
    assert "Run kintsugi desk install." in page


@pytest.mark.parametrize("error", [Refused("it said no", auth=True), ValueError("api_token: is missing")])
def test_a_check_that_fails_says_why(settings: Settings, joined: Parts, desk_id: int, error: Exception) -> None:
    answer = admin_of(settings, joined, error).post(f"/desks/{desk_id}/check")

    assert answer.status_code == 200
    assert str(error) in answer.text


def test_a_helpdesk_that_asked_us_to_wait_is_said_to(admin: SignedIn, desk_id: int, database: Database) -> None:
    with database.system(Purpose.OPERATE) as session:
        session.get_one(Desk, desk_id).blocked_until = datetime.now(UTC) + timedelta(minutes=10)

    assert "asked us to wait" in admin.get("/desks").text


def test_only_desks_one_administers_are_listed(web_app: Flask, database: Database, desk_id: int) -> None:
    second = seeds.add_desk(database, "Second shop")
    seeds.add_link(database, Role.AGENT, desk_id=second)
    admin = sign_in(web_app, seeds.add_link(database, Role.ADMIN, desk_id=desk_id))

    listed = admin.get("/desks").text

    assert 'id="desk-1"' in listed
    assert f'id="desk-{second}"' not in listed


def test_health_tells_what_came_without_its_webhook(admin: SignedIn, story: Seeded, database: Database) -> None:
    now = real_now()
    with database.desk(story.desk_id) as session:
        gaps.count(session, story.desk_id, now, tickets=3, ratings=1)
        session.add(
            Reconcile(
                desk_id=story.desk_id, began_at=now, due_at=now, arrived_at=now, error="it needs an admin", fence=1
            )
        )

    page = admin.get("/desks").text

    assert "Came without a webhook" in page
    assert f"<strong>4 ×</strong> {now.date()}" in page
    assert "1 of them ratings" in page
    assert "it needs an admin" in page


def test_health_says_when_a_desk_was_never_compared(admin: SignedIn, story: Seeded) -> None:
    page = admin.get("/desks").text

    assert "Last compared with the helpdesk</dt><dd>not yet" in page
    assert "Came without a webhook" not in page


def test_health_leads_with_what_needs_somebody_and_says_what_to_do(
    admin: SignedIn, story: Seeded, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        desks.refuse(session, story.desk_id, "bad signature", real_now())

    page = admin.get("/desks").text

    health = page.split('id="health-')[1]
    assert "turned away</strong>" in health.lower()
    assert "is its signing secret ours?" in health
    assert health.index("Not right:") < health.index("Fine:")


def test_a_desk_without_trouble_says_so(admin: SignedIn, desk_id: int, database: Database) -> None:
    with database.desk(desk_id) as session:
        desks.get(session, desk_id).created_at = real_now()

    assert "Nothing needs you here." in admin.get("/desks").text


def test_what_each_kind_of_work_may_still_read_is_shown(admin: SignedIn, joined: Parts, desk_id: int) -> None:
    limits = [CallLimits(bucket="account", total=700, remaining=650, resets_in=timedelta(seconds=30))]
    joined.connections.governor.observer(desk_id)("GET", "/api/v2/tickets/1", 200, limits)

    page = admin.get("/desks").text

    assert "What a person waits for</dt>" in page
    assert page.index("What a person waits for") < page.index("History")


def test_figures_of_a_window_that_is_over_say_how_old_they_are(admin: SignedIn, joined: Parts, desk_id: int) -> None:
    limits = [CallLimits(bucket="account", total=700, remaining=650, resets_in=timedelta(minutes=-10))]
    joined.connections.governor.observer(desk_id)("GET", "/api/v2/tickets/1", 200, limits)

    assert "these figures are of the last one" in admin.get("/desks").text


def test_pausing_is_on_record(admin: SignedIn, desk_id: int, database: Database) -> None:
    admin.post(f"/desks/{desk_id}/pause")

    with database.desk(desk_id, read=True) as session:
        (entry,) = audit.page(session, audit.Wanted(did="desk.paused")).entries
    assert entry.by.startswith("account:")


def test_an_auditor_sees_health_and_no_buttons(person: Callable[..., SignedIn], desk_id: int) -> None:
    page = person(Role.AUDITOR).get("/desks").text

    assert "Health" in page
    assert "Pause all work" not in page
