"""`desk change` and `deliveries`: what an operator does at a terminal after a desk was connected."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from app.cli import main
from app.clock import real_now
from app.factory import build
from app.setting_up import sandbox_desk
from app.settings import load
from app.store import deliveries, desks, schema, tracked_tickets
from app.store.database import Purpose
from app.store.models import DeliveryState, TrackedTicket
from app.words import SatState
from connectors.sandbox.server import Sandbox
from connectors.ticket import DeskEvent
from tasks.parts import Parts
from tests import seeds


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    server = Sandbox(file=tmp_path / "sandbox.sqlite", now=real_now, smtp_port=None)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def parts(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    """A house with the sandbox's desk, looked at from outside the commands."""
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(tmp_path / "house"))
    built = build(load({}, data_dir=tmp_path / "house"))
    schema.migrate(built.database)
    sandbox_desk(built, url=sandbox.url, account=sandbox.account)
    yield built
    built.database.close()


@pytest.fixture
def run(parts: Parts) -> Iterator[Callable[..., Result]]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield lambda *words: CliRunner().invoke(main, [str(word) for word in words])
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def receive(parts: Parts, ticket_id: str) -> None:
    event = DeskEvent(
        event_id=f"event-{ticket_id}", type="message.added", ticket_id=ticket_id, actor_id="7", occurred_at=None
    )
    pace = deliveries.Pace(debounce=parts.settings.debounce, max_wait=parts.settings.max_wait)
    deliveries.receive(parts.database, deliveries.Incoming(desk_id=1, event=event, sealed_body=None), real_now(), pace)


def give_up(parts: Parts, ticket_id: str) -> None:
    with parts.database.desk(1) as session:
        deliveries.dead(session, ticket_id, real_now(), "it broke")


def states(parts: Parts) -> list[DeliveryState]:
    with parts.database.desk(1, read=True) as session:
        return [row.state for row in deliveries.recent(session, deliveries.Filter()).deliveries]


def test_leads_and_webhooks_of_a_desk_can_be_set(parts: Parts, run: Callable[..., Result]) -> None:
    said = run("desk", "change", "--lead-email", "Lead@Example.com", "--webhook", "shop=https://hooks.example.com/x")

    assert said.exit_code == 0
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        settings = desks.get(session, 1).settings
    assert settings["lead_emails"] == ["lead@example.com"]
    assert settings["webhooks"] == {"shop": "https://hooks.example.com/x"}
    assert seeds.on_record(parts.database, 1) == [("operator", "desk.changed", "desk:1")]


@pytest.mark.parametrize(("said", "allowed"), [("yes", True), ("no", False)])
def test_whether_automation_may_write_to_customers_can_be_set(
    parts: Parts, run: Callable[..., Result], said: str, allowed: bool
) -> None:
    changed = run("desk", "change", "--automation-may-speak", said)

    assert changed.exit_code == 0
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        assert desks.get(session, 1).settings["automation_may_speak"] is allowed


@pytest.mark.parametrize("option", [["--webhook", "shop=ftp://x"], ["--webhook", "shop"], ["--lead-email", "nobody"]])
def test_settings_that_cannot_be_right_are_named(parts: Parts, run: Callable[..., Result], option: list[str]) -> None:
    said = run("desk", "change", *option)

    assert said.exit_code == 1
    assert option[1].split("=")[0] in said.stderr


CALENDAR = """
zone: Europe/Berlin
week:
  monday: 9:00-17:00
  saturday: [10:00-12:00, 13:00-14:00]
holidays: [2026-12-25]
"""


def settings_of(parts: Parts) -> dict[str, Any]:
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        return desks.get(session, 1).settings


def test_opening_hours_are_set_and_taken_away(parts: Parts, run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "hours.yaml"
    file.write_text(CALENDAR, encoding="utf-8")
    with parts.database.system(Purpose.OPERATE) as session:
        desks.get(session, 1).usual = {"first_reply": 30.0, "next_reply": None}

    said = run("desk", "change", "--calendar", file)

    assert (said.exit_code, said.stderr) == (0, "Changed: calendar.\n")
    assert settings_of(parts)["calendar"] == {
        "zone": "Europe/Berlin",
        "week": {"monday": ["09:00-17:00"], "saturday": ["10:00-12:00", "13:00-14:00"]},
        "holidays": ["2026-12-25"],
    }
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        assert desks.get(session, 1).usual is None, "what was counted in calendar hours is no norm any more"
    assert run("desk", "change", "--no-calendar").exit_code == 0
    assert "calendar" not in settings_of(parts)


def test_new_hours_have_waiting_tickets_scored_again(parts: Parts, run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "hours.yaml"
    file.write_text(CALENDAR, encoding="utf-8")
    later = real_now() + timedelta(days=3)
    with parts.database.desk(1) as session:
        session.add(TrackedTicket(desk_id=1, ticket_id="waiting", rescore_at=later))
        session.add(TrackedTicket(desk_id=1, ticket_id="answered"))

    run("desk", "change", "--calendar", file)

    with parts.database.desk(1, read=True) as session:
        due = {ticket.ticket_id: ticket.rescore_at for ticket in session.query(TrackedTicket)}
    assert due["answered"] is None
    assert due["waiting"] is not None
    assert due["waiting"] < later


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zone: Berlin\nweek: {monday: late}", "calendar.zone: not the name of a time zone"),
        ("zone: Berlin\nweek: {monday: late}", "calendar.week.monday: not hours such as 09:00-17:00: 'late'"),
        ("zone: [", "--calendar: document: is not YAML"),
    ],
)
def test_hours_that_cannot_be_right_are_named(
    parts: Parts, run: Callable[..., Result], tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "hours.yaml"
    file.write_text(text, encoding="utf-8")

    said = run("desk", "change", "--calendar", file)

    assert said.exit_code == 1
    assert message in said.stderr
    assert "calendar" not in settings_of(parts)


def test_hours_are_not_set_and_taken_away_at_once(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "hours.yaml"
    file.write_text(CALENDAR, encoding="utf-8")

    assert "not together with --no-calendar" in run("desk", "change", "--calendar", file, "--no-calendar").stderr


def test_fields_are_mapped_one_by_one_and_unmapped(parts: Parts, run: Callable[..., Result]) -> None:
    run("desk", "change", "--field", "hold_minutes=360001", "--field", "tier=360002")
    run("desk", "change", "--field", "vendor=360003", "--field", "tier=")

    assert settings_of(parts)["fields"] == {"hold_minutes": "360001", "vendor": "360003"}


def test_a_survey_of_the_helpdesk_is_chosen_and_let_go(parts: Parts, run: Callable[..., Result]) -> None:
    chosen = run("desk", "change", "--survey-id", "01SURVEY").exit_code, settings_of(parts).get("survey_id")

    run("desk", "change", "--survey-id", "")

    assert chosen == (0, "01SURVEY")
    assert "survey_id" not in settings_of(parts)


@pytest.mark.parametrize("pair", ["colour=1", "vendor", "vendor=abc"])
def test_a_field_that_cannot_be_right_is_named(parts: Parts, run: Callable[..., Result], pair: str) -> None:
    said = run("desk", "change", "--field", pair)

    assert said.exit_code == 1
    assert f"--field: '{pair}' must be given as NAME=ID, NAME one of vendor, order_vendor" in said.stderr


def test_a_new_webhook_secret_is_accepted_beside_the_old_one(
    parts: Parts, run: Callable[..., Result], tmp_path: Path, sandbox: Sandbox
) -> None:
    file = tmp_path / "new.json"
    file.write_text(json.dumps({"webhook_secret": "a-new-made-up-secret"}), encoding="utf-8")

    said = run("desk", "change", "--secret-file", file)

    assert (said.exit_code, said.stderr) == (0, "Changed: webhook secret.\n")
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        accepted = desks.webhook_secrets(session, desks.get(session, 1))
    assert accepted == ["a-new-made-up-secret", sandbox.account.webhook_secret]


def test_credentials_that_the_helpdesk_refuses_are_not_stored(
    parts: Parts, run: Callable[..., Result], tmp_path: Path, sandbox: Sandbox
) -> None:
    file = tmp_path / "new.json"
    file.write_text(json.dumps({"email": "integration@example.com", "api_token": "wrong-token"}), encoding="utf-8")

    said = run("desk", "change", "--secret-file", file)

    assert said.exit_code == 1
    assert "wrong-token" not in said.output
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        assert desks.credentials(session, desks.get(session, 1))["client_secret"] == sandbox.account.oauth_client_secret


def test_dead_letters_are_listed_and_replayed_after_a_dry_run(parts: Parts, run: Callable[..., Result]) -> None:
    receive(parts, "1")
    receive(parts, "2")
    give_up(parts, "2")

    listed = json.loads(run("deliveries", "list", "--state", "dead", "--json").stdout)
    rehearsed = json.loads(run("deliveries", "replay", "--dead", "--dry-run", "--json").stdout)
    before = states(parts)
    replayed = json.loads(run("deliveries", "replay", "--dead", "--json").stdout)

    assert [(one["ticket"], one["reason"]) for one in listed] == [("2", "it broke")]
    assert rehearsed == replayed
    assert before == [DeliveryState.DEAD, DeliveryState.RECEIVED]
    assert states(parts) == [DeliveryState.RECEIVED, DeliveryState.RECEIVED]
    with parts.database.desk(1, read=True) as session:
        ticket = session.query(TrackedTicket).filter_by(ticket_id="2").one()
    assert ticket.dirty > ticket.done


def test_replaying_nothing_in_particular_is_a_matter_of_usage(run: Callable[..., Result]) -> None:
    assert run("deliveries", "replay").exit_code == 2


@pytest.mark.capability("TEA-08")
def test_where_tier_and_value_stand_is_set_one_by_one(run: Callable[..., Result], parts: Parts) -> None:
    run("desk", "change", "--customer", "tier=organization.plan", "--customer", "value=user.revenue")
    run("desk", "change", "--customer", "value=", "--customer", "tier=ticket.360002")

    with parts.database.desk(1, read=True) as session:
        assert desks.get(session, 1).settings["customer"] == {"tier": "ticket.360002"}


@pytest.mark.parametrize("pair", ["tier", "rank=user.x", "tier=shop.plan", "tier=user", "tier=user.a b", "=user.x"])
def test_a_place_that_no_customers_field_has_is_refused(run: Callable[..., Result], pair: str) -> None:
    said = run("desk", "change", "--customer", pair)

    assert said.exit_code == 1
    assert f"--customer: {pair!r} must be given as NAME=OWNER.FIELD" in said.stderr


def test_where_good_begins_languages_and_the_share_of_calls_are_set_and_taken_away(
    parts: Parts, run: Callable[..., Result]
) -> None:
    run("desk", "change", "--good-from", "55", "--languages", "de, fr", "--call-share", "0.25")
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        chosen = dict(desks.get(session, 1).settings)

    run("desk", "change", "--good-from", "", "--languages", "")

    with parts.database.system(Purpose.OPERATE, read=True) as session:
        left = desks.get(session, 1).settings
    wanted = {"good_from": 55, "languages": ["de", "fr"], "call_share": 0.25}
    assert {name: chosen[name] for name in wanted} == wanted
    assert set(wanted) & set(left) == {"call_share"}


@pytest.mark.parametrize(
    ("option", "text", "told"),
    [
        ("--good-from", "19", "--good-from: must be a whole number from 20 to 90 (got '19')"),
        ("--good-from", "\u00b2\u00b2", "--good-from: must be a whole number"),
        ("--languages", "de,klingon", "--languages: must be two-letter codes such as en, de (got 'klingon')"),
    ],
)
def test_a_slip_in_how_conversations_are_read_is_named(
    run: Callable[..., Result], option: str, text: str, told: str
) -> None:
    answer = run("desk", "change", option, text)

    assert (answer.exit_code, told in answer.output) == (1, True), answer.output


def test_open_tickets_are_scored_again_where_good_begins_elsewhere(parts: Parts, run: Callable[..., Result]) -> None:
    with parts.database.desk(1) as session:
        session.add(TrackedTicket(desk_id=1, ticket_id="7", state=SatState.POOR_WORSENING, score=60))

    run("desk", "change", "--good-from", "55")

    with parts.database.desk(1, read=True) as session:
        assert tracked_tickets.find_by_ticket(session, "7").rescore_at is not None  # type: ignore[union-attr]
