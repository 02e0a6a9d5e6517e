"""Putting a version in force on the web: how far, with a reason, and never over somebody else's head."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from app.clock import real_now
from app.store import protocol_events, protocols
from app.store.database import Database
from app.store.models import ProtocolVersion, Role, VersionState
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import SignedIn

DEFAULT = seeds.DOCUMENT.replace("cause: shipping_delay", "cause: unknown")  #: sound by itself


@pytest.fixture
def sound(story: Seeded, database: Database) -> Seeded:
    """The story, with a protocol in force that is the default one, and a draft that changes a value."""
    with database.desk(story.desk_id) as session:
        first, _ = protocols.import_document(session, story.desk_id, "Late parcel", DEFAULT, real_now())
        protocols.publish(session, first, by="otto@example.com", reason="to begin with", now=real_now())
        newer = DEFAULT.replace("value: 40", "value: 35")
        protocols.import_document(session, story.desk_id, "Late parcel", newer, real_now())
    return story


def path(story: Seeded, number: int = 3) -> str:
    return f"/protocols/{story.protocol_id}/versions/{number}/publish"


def seen_on(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found is not None
    return found[1]


def versions(database: Database, story: Seeded) -> dict[int, ProtocolVersion]:
    with database.desk(story.desk_id, read=True) as session:
        return {one.number: one for one in protocols.versions_of(session, story.protocol_id)}


def test_the_page_shows_what_would_change(admin: SignedIn, sound: Seeded) -> None:
    page = admin.get(path(sound)).text

    assert "against version 2 in force" in page
    assert re.search(r"Added: </span>\s*value: 35", page)
    assert re.search(r"Removed: </span>\s*value: 40", page)


@pytest.mark.capability("CRI-04")
@pytest.mark.parametrize(
    ("how", "state", "before"),
    [
        ("whole", VersionState.PUBLISHED, VersionState.RETIRED),
        ("canary", VersionState.CANARY, VersionState.PUBLISHED),
        ("shadow", VersionState.SHADOW, VersionState.PUBLISHED),
    ],
)
def test_a_version_comes_into_force_as_far_as_it_should(
    admin: SignedIn, sound: Seeded, database: Database, how: str, state: VersionState, before: VersionState
) -> None:
    seen = seen_on(admin.get(path(sound)).text)

    answer = admin.post(path(sound), how=how, share="12.5", reason="a calmer threshold", seen=seen)

    assert answer.status_code == 303
    found = versions(database, sound)
    assert (found[3].state, found[2].state) == (state, before)
    assert found[3].share == (0.125 if how == "canary" else None)
    history = admin.get(f"/protocols/{sound.protocol_id}/history").text
    assert "a calmer threshold" in history
    assert "lena@example.com" in history


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": ""}, "is missing; say why"),
        ({"reason": "x" * 501}, "must have 1 to 500 characters"),
        ({"how": "loudly"}, "must be whole, canary or shadow"),
        ({"how": "canary", "share": "0"}, "must be at least 0.1 and below 100 percent"),
        ({"how": "canary", "share": "100"}, "must be at least 0.1 and below 100 percent"),
        ({"how": "canary", "share": "nan"}, "must be at least 0.1 and below 100 percent"),
        ({"how": "canary", "share": "some"}, "must be a number of percent"),
    ],
)
def test_what_is_wrong_with_publishing_is_said_and_nothing_changes(
    admin: SignedIn, sound: Seeded, database: Database, fields: dict[str, str], said: str
) -> None:
    answer = admin.post(path(sound), **{"how": "whole", "reason": "because", **fields})

    assert answer.status_code == 422
    assert said in answer.text
    assert versions(database, sound)[3].state is VersionState.DRAFT


def test_of_two_admins_who_publish_at_once_the_second_is_told(
    admin: SignedIn, person: Callable[..., SignedIn], sound: Seeded, database: Database
) -> None:
    otto = person(Role.ADMIN, email="otto@example.com")
    first, second = seen_on(admin.get(path(sound)).text), seen_on(otto.get(path(sound)).text)

    done = admin.post(path(sound), how="canary", share="10", reason="mine", seen=first)
    late = otto.post(path(sound), how="whole", reason="his", seen=second)

    assert (done.status_code, late.status_code) == (303, 409)
    assert "lena@example.com changed what is in force" in late.text
    assert versions(database, sound)[3].state is VersionState.CANARY


def test_a_version_that_would_leave_causes_without_a_protocol_is_not_published(
    admin: SignedIn, story: Seeded, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        newer = seeds.DOCUMENT.replace("value: 40", "value: 35")
        protocols.import_document(session, story.desk_id, "Late parcel", newer, real_now())

    answer = admin.post(path(story, 2), how="whole", reason="because", seen="0")

    assert answer.status_code == 422
    assert "no protocol is in charge of" in answer.text
    assert versions(database, story)[2].state is VersionState.DRAFT


def test_a_version_that_does_not_exist_cannot_be_published(admin: SignedIn, sound: Seeded) -> None:
    assert admin.get(path(sound, 9)).status_code == 404
    assert admin.post(path(sound, 9), how="whole", reason="x").status_code == 404


@pytest.mark.capability("N6")
def test_a_protocol_is_taken_back_with_a_reason(admin: SignedIn, sound: Seeded, database: Database) -> None:
    admin.post(path(sound), how="whole", reason="too bold", seen=seen_on(admin.get(path(sound)).text))

    without = admin.post(f"/protocols/{sound.protocol_id}/rollback", reason=" ")
    done = admin.post(f"/protocols/{sound.protocol_id}/rollback", reason="too many cases", undo="yes")

    assert without.status_code == 422
    assert "say why" in without.text
    report = admin.get(done.headers["Location"]).text
    assert "too many cases" in report
    found = versions(database, sound)
    assert (found[3].state, found[2].state) == (VersionState.RETIRED, VersionState.PUBLISHED)


def test_a_rollback_to_nowhere_is_refused(admin: SignedIn, sound: Seeded, database: Database) -> None:
    never = admin.post(f"/protocols/{sound.protocol_id}/rollback", reason="x", to="3")
    odd = admin.post(f"/protocols/{sound.protocol_id}/rollback", reason="x", to="three")

    assert (never.status_code, odd.status_code) == (422, 400)
    assert "was never in force" in never.text
    assert admin.get("/protocols/rollbacks/99").status_code == 404
    with database.desk(sound.desk_id, read=True) as session:
        assert protocol_events.of_protocol(session, sound.protocol_id)[0].reason == "to begin with"


def test_any_two_versions_can_be_compared(admin: SignedIn, sound: Seeded) -> None:
    page = admin.get(f"/protocols/{sound.protocol_id}/history?from=1&to=2").text

    assert "Version 1 beside version 2" in page
    assert "cause: unknown" in page
    assert admin.get(f"/protocols/{sound.protocol_id}/history?from=7").status_code == 404


@pytest.mark.capability("N5")
def test_a_backtest_shows_figures_even_where_nothing_was_seen(admin: SignedIn, sound: Seeded) -> None:
    page = admin.get(f"/protocols/{sound.protocol_id}/backtest?version=3&from=2026-03-01&to=2026-03-07").text

    assert "It would not have opened a single case" in page
    assert "Version 3, tried" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=soon&to=2026-03-07", "must be a day such as"),
        ("from=2026-03-07&to=2026-03-01", "must be before to"),
        ("from=2020-01-01&to=2026-03-01", "by at most 92 days"),
        ("from=2026-03-01&to=9998-12-31", "by at most 92 days"),
        ("from=9999-12-31&to=9999-12-31", "must be a day such as"),
    ],
)
def test_a_span_that_is_none_is_told(admin: SignedIn, sound: Seeded, query: str, said: str) -> None:
    answer = admin.get(f"/protocols/{sound.protocol_id}/backtest?{query}")

    assert answer.status_code == 422
    assert said in answer.text


def test_the_list_tells_of_trials_and_newer_drafts(admin: SignedIn, sound: Seeded) -> None:
    draft = admin.get("/protocols").text
    admin.post(path(sound), how="canary", share="20", reason="a trial", seen=seen_on(admin.get(path(sound)).text))

    assert "version=3" in draft
    assert "In force on a share: 20 %" in admin.get("/protocols").text


@pytest.mark.parametrize("seen", [None, "", "-1", "many", "9" * 30])
def test_a_form_that_does_not_say_what_it_saw_publishes_nothing(
    admin: SignedIn, sound: Seeded, database: Database, seen: str | None
) -> None:
    fields = {} if seen is None else {"seen": seen}

    answer = admin.post(path(sound), how="whole", reason="because", **fields)

    assert answer.status_code == 409
    assert "publish again" in answer.text
    assert versions(database, sound)[3].state is VersionState.DRAFT


def test_what_has_errors_beside_others_may_still_watch(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        newer = seeds.DOCUMENT.replace("value: 40", "value: 35")
        protocols.import_document(session, story.desk_id, "Late parcel", newer, real_now())
    page = admin.get(path(story, 2)).text

    answer = admin.post(path(story, 2), how="shadow", reason="to watch", seen=seen_on(page))

    assert "<button>Publish</button>" in page
    assert answer.status_code == 303
    assert versions(database, story)[2].state is VersionState.SHADOW
