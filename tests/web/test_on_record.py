"""The audit log knows who wrote, published and took back protocols, on pages, by programs and at a terminal."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app import protocol_setup, rolling_back
from app.clock import real_now
from app.protocol_setup import Source
from app.store import accounts, api_tokens, audit, protocol_events
from app.store.database import Database, Purpose
from app.store.models import AuditEntry
from tasks.parts import Parts
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import ORIGIN, SignedIn

SOUND = seeds.DOCUMENT.replace("cause: shipping_delay", "cause: unknown")
ALL = {"withdrawn": [2], "to": 1, "undo": True}


def details(database: Database, story: Seeded) -> list[Any]:
    with database.desk(story.desk_id, read=True) as session:
        return list(session.scalars(select(AuditEntry.detail).order_by(AuditEntry.id)))


def told_by(who: str, story: Seeded) -> list[tuple[str, str, str]]:
    """What somebody's draft, publication and rollback leave in the log."""
    return [
        (who, did, f"protocol:{story.protocol_id}")
        for did in ("protocol.drafted", "protocol.published", "protocol.rolled_back")
    ]


def seen(database: Database, story: Seeded) -> str:
    with database.desk(story.desk_id, read=True) as session:
        return str(protocol_events.newest_id(session, story.protocol_id))


def test_on_pages(admin: SignedIn, database: Database, story: Seeded) -> None:
    own = f"/protocols/{story.protocol_id}"

    admin.post(f"{own}/edit", base="1", document=SOUND, do="save")
    admin.post(f"{own}/versions/2/publish", how="whole", reason="better", seen=seen(database, story))
    admin.post(f"{own}/rollback", reason="worse", undo="yes")

    assert seeds.on_record(database, story.desk_id) == told_by("account:1", story)
    assert details(database, story) == [
        {"version": 2, "state": "draft", "share": None},
        {"version": 2, "state": "published", "share": None},
        {"rollback": 1, **ALL},
    ]


def test_what_was_refused_or_changed_nothing_is_not_there(admin: SignedIn, database: Database, story: Seeded) -> None:
    own = f"/protocols/{story.protocol_id}"

    admin.post(f"{own}/edit", base="1", document=seeds.DOCUMENT, do="save")
    admin.post(f"{own}/versions/1/publish", how="whole", reason="", seen=seen(database, story))
    admin.post(f"{own}/rollback", reason="")

    assert seeds.on_record(database, story.desk_id) == []


def test_by_a_program(admin: SignedIn, database: Database, story: Seeded) -> None:
    headers = {**ORIGIN, "Authorization": f"Bearer {_token(database, story.desk_id)}"}
    own = f"/api/v1/protocols/{story.protocol_id}"

    for path, body in (
        ("versions", {"document": SOUND, "base": 1}),
        ("publish", {"version": 2, "how": "whole", "reason": "better"}),
        ("rollback", {"reason": "worse", "undo": True}),
    ):
        answer = admin.client.post(f"{own}/{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text

    assert seeds.on_record(database, story.desk_id) == told_by("token:1", story)


def _token(database: Database, desk_id: int) -> str:
    with database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_by_email(session, "lena@example.com")
        assert account is not None
        new = api_tokens.NewToken(
            account_id=account.id, desk_id=desk_id, name="made up", scopes=frozenset(api_tokens.Scope), expires_at=None
        )
        return api_tokens.make(session, new, real_now())[1]


def test_at_a_terminal(joined: Parts, story: Seeded) -> None:
    sources = [Source(name="a file", text=SOUND)]

    protocol_setup.store(joined, story.desk_id, sources, publish_as=None)
    protocol_setup.store(joined, story.desk_id, sources, publish_as="command line")
    protocol_setup.store(joined, story.desk_id, sources, publish_as="command line")
    rolling_back.start(joined, story.desk_id, "Late parcel", undo=True, by="command line", reason="worse")

    assert seeds.on_record(joined.database, story.desk_id) == told_by("operator", story)


def test_an_entry_belongs_to_a_desk(database: Database, desk_id: int) -> None:
    with database.system(Purpose.OPERATE) as session:
        with pytest.raises(ValueError, match="belongs to a desk"):
            audit.record(session, by="operator", did="desk.changed", what="desk", at=real_now())
        audit.record(session, by="operator", did="desk.changed", what="desk", at=real_now(), on=desk_id)

    assert seeds.on_record(database, desk_id) == [("operator", "desk.changed", "desk")]
