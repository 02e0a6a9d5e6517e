"""A desk's settings as a form: stored as a whole, every slip at its field, nothing lost to somebody else's change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.store import audit, desks
from app.store.database import Database
from app.store.models import Role
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import SignedIn

WHOLE = {
    "leads": "lead@example.com\nsecond@example.com",
    "webhooks": "ops=https://hooks.example.com/made-up-secret",
    "automation_may_speak": "yes",
    "survey_cooldown_days": "0",
    "survey_id": " 4711 ",
    "calendar.zone": "Europe/Berlin",
    "calendar.week.monday": "09:00-17:00",
    "calendar.holidays": "2026-12-25\n2026-12-26",
    "fields.hold_minutes": "360001",
    "customer.tier": "organization.plan",
    "listening": "taxonomy: retail\n",
    "call_share": "0.25",
    "text_days": "30",
    "good_from": "55",
    "languages": "de, FR,de",
    "tags.state_prefix": "mood_",
    "tags.case_prefix": "recovery_",
}


def settings_of(database: Database, desk_id: int) -> dict[str, Any]:
    with database.desk(desk_id, read=True) as session:
        return dict(desks.get(session, desk_id).settings)


def send(admin: SignedIn, desk_id: int, **fields: str) -> Any:
    """Open the form, and send it with these fields and no others."""
    path = f"/desks/{desk_id}/settings"
    version = admin.get(path).text.split('name="version" value="')[1].split('"')[0]
    return admin.post(path, version=version, **fields)


def test_the_whole_form_is_stored(admin: SignedIn, desk_id: int, database: Database) -> None:
    answer = send(admin, desk_id, **WHOLE)

    assert answer.status_code == 303
    assert settings_of(database, desk_id) == {
        "lead_emails": ["lead@example.com", "second@example.com"],
        "webhooks": {"ops": "https://hooks.example.com/made-up-secret"},
        "automation_may_speak": True,
        "survey_cooldown_days": 0,
        "survey_id": "4711",
        "calendar": {
            "zone": "Europe/Berlin",
            "week": {"monday": ["09:00-17:00"]},
            "holidays": ["2026-12-25", "2026-12-26"],
        },
        "fields": {"hold_minutes": "360001"},
        "customer": {"tier": "organization.plan"},
        "taxonomy": "retail",
        "call_share": 0.25,
        "text_days": 30,
        "tags": {"state_prefix": "mood_", "case_prefix": "recovery_"},
        "good_from": 55,
        "languages": ["de", "fr"],
    }


def test_what_is_stored_is_shown_but_no_webhooks_address(admin: SignedIn, desk_id: int) -> None:
    send(admin, desk_id, **WHOLE)

    page = admin.get(f"/desks/{desk_id}/settings").text

    assert "lead@example.com" in page
    assert "Forget ops" in page
    assert "made-up-secret" not in page


def test_sending_the_form_unchanged_changes_nothing(admin: SignedIn, desk_id: int, database: Database) -> None:
    send(admin, desk_id, **WHOLE)
    before = settings_of(database, desk_id)

    send(admin, desk_id, **{name: text for name, text in WHOLE.items() if name != "webhooks"})

    assert settings_of(database, desk_id) == before
    with database.desk(desk_id, read=True) as session:
        assert len(audit.page(session, audit.Wanted(did="desk.changed")).entries) == 1


def test_what_is_emptied_is_taken_away_and_a_webhook_forgotten(
    admin: SignedIn, desk_id: int, database: Database
) -> None:
    send(admin, desk_id, **WHOLE)

    send(admin, desk_id, without="ops")

    assert settings_of(database, desk_id) == {"automation_may_speak": False}


def test_settings_of_other_places_stay(admin: SignedIn, desk_id: int, database: Database) -> None:
    with database.desk(desk_id) as session:
        desks.change_settings(desks.get(session, desk_id), {desks.OWN_NAMES: ["robot"]})

    send(admin, desk_id, leads="lead@example.com")

    assert settings_of(database, desk_id)[desks.OWN_NAMES] == ["robot"]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("leads", "nobody"),
        ("webhooks", "ops=http://example.com"),
        ("webhooks", "=https://example.com"),
        ("survey_cooldown_days", "366"),
        ("survey_cooldown_days", "soon"),
        ("survey_id", "x" * 101),
        ("calendar.week.monday", "late"),
        ("fields.vendor", "<b>"),
        ("customer.tier", "nobody.plan"),
        ("listening", "taxonomy: nowhere"),
        ("listening", "{"),
        ("call_share", "0"),
        ("call_share", "1e400"),
        ("text_days", "91"),
        ("text_days", "0"),
        ("tags.state_prefix", "Not A Tag"),
        ("good_from", "19"),
        ("good_from", "high"),
        ("languages", "klingon"),
    ],
)
def test_a_slip_is_told_at_its_field_and_nothing_is_stored(
    admin: SignedIn, desk_id: int, database: Database, field: str, text: str
) -> None:
    answer = send(admin, desk_id, **{"survey_id": "7", "calendar.zone": "UTC", field: text})

    name = field.replace(".", "-").replace("_", "-")
    assert answer.status_code == 422
    assert '<li class="error">' in answer.text.split(f'id="f-{name}-told"')[1].split("</ul>")[0]
    assert text.replace("<", "&lt;").replace(">", "&gt;") in answer.text
    assert not settings_of(database, desk_id)


def test_the_list_of_slips_calls_fields_as_their_labels_do(admin: SignedIn, desk_id: int) -> None:
    typed = {"calendar.zone": "UTC", "calendar.week.monday": "late", "webhooks": "=https://example.com"}

    page = send(admin, desk_id, **typed).text

    assert '<a href="#f-calendar-week-monday">Monday</a>' in page
    assert '<a href="#f-webhooks">Webhooks to add</a>' in page


def test_a_slip_in_a_webhook_says_its_name_and_not_its_address(admin: SignedIn, desk_id: int) -> None:
    answer = send(admin, desk_id, webhooks="ops=ftp://example.com/made-up-secret")

    told = answer.text.split('id="f-webhooks-told"')[1].split("</ul>")[0]
    assert "ops" in told
    assert "made-up-secret" not in told


def test_a_stale_form_shows_both_and_can_be_sent_again(admin: SignedIn, desk_id: int, database: Database) -> None:
    path = f"/desks/{desk_id}/settings"
    opened = admin.get(path).text.split('name="version" value="')[1].split('"')[0]
    admin.post(path, version=opened, survey_cooldown_days="3")

    stale = admin.post(path, version=opened, survey_cooldown_days="9")

    assert stale.status_code == 409
    assert '<td class="written">3</td><td class="written">9</td>' in stale.text
    assert settings_of(database, desk_id)["survey_cooldown_days"] == 3
    newest = stale.text.split('name="version" value="')[1].split('"')[0]
    assert admin.post(path, version=newest, survey_cooldown_days="9").status_code == 303
    assert settings_of(database, desk_id)["survey_cooldown_days"] == 9


def test_webhooks_that_somebody_else_added_are_told_by_name(admin: SignedIn, desk_id: int) -> None:
    path = f"/desks/{desk_id}/settings"
    opened = admin.get(path).text.split('name="version" value="')[1].split('"')[0]
    send(admin, desk_id, webhooks="ops=https://hooks.example.com/made-up-secret")

    stale = admin.post(path, version=opened, webhooks_known="")

    assert stale.status_code == 409
    assert '<th scope="row">Webhooks</th><td class="written">ops</td><td class="written">nothing</td>' in stale.text
    assert "is the same as what you typed" not in stale.text
    assert "made-up-secret" not in stale.text
    assert 'name="webhooks_known" value="ops"' in stale.text


def test_tags_that_tickets_carry_stay(admin: SignedIn, story: Seeded, database: Database) -> None:
    refused = send(admin, story.desk_id, **{"tags.state_prefix": "mood_"})
    stored = send(admin, story.desk_id, survey_id="7")

    assert refused.status_code == 422
    assert "they stay" in refused.text
    assert stored.status_code == 303


def test_other_hours_begin_the_norm_anew(admin: SignedIn, desk_id: int, database: Database) -> None:
    with database.desk(desk_id) as session:
        desks.get(session, desk_id).usual = {"first_reply": 2.0, "next_reply": None}

    send(admin, desk_id, **{"calendar.zone": "UTC", "calendar.week.monday": "09:00-17:00"})

    with database.desk(desk_id, read=True) as session:
        assert desks.get(session, desk_id).usual is None


def test_a_change_is_on_record_by_the_names_of_settings_alone(
    admin: SignedIn, desk_id: int, database: Database
) -> None:
    send(admin, desk_id, **WHOLE)

    with database.desk(desk_id, read=True) as session:
        (entry,) = audit.page(session, audit.Wanted(did="desk.changed")).entries
    assert entry.what == f"desk:{desk_id}"
    assert "webhooks" in str(entry.detail)
    assert "made-up-secret" not in str(entry.detail)


def test_another_desk_is_not_there(person: Callable[..., SignedIn], database: Database) -> None:
    other = seeds.add_desk(database, "Second shop")

    admin = person(Role.ADMIN)

    assert admin.get(f"/desks/{other}/settings").status_code == 404
    assert admin.post(f"/desks/{other}/settings", survey_id="7").status_code == 404
