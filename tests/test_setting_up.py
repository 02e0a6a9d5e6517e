"""People whom the operator adds: a further desk is not open to whoever was shown an earlier link."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import setting_up
from app.clock import real_now
from app.factory import build
from app.settings import load
from app.store import accounts, schema, sign_ins
from app.store.database import Purpose
from app.web import passwords
from tasks.parts import Parts
from tests import seeds

BOB = "bob@example.com"


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    built = build(load({}, data_dir=tmp_path))
    schema.migrate(built.database)
    yield built
    built.database.close()


def add(parts: Parts, desk_id: int | None, password: str | None = None) -> str:
    """The link's token; nothing where a password was given."""
    link = setting_up.add_person(parts, email=BOB, role="agent", desk_id=desk_id, password=password)
    return (link or "").rpartition("/")[2]


def works(parts: Parts, token: str) -> bool:
    with parts.database.system(Purpose.SIGN_IN, read=True) as session:
        return sign_ins.find_link(session, token, real_now()) is not None


@pytest.mark.parametrize("password", [None, "a long and made up phrase"])
def test_a_further_desk_ends_links_that_are_out(parts: Parts, password: str | None) -> None:
    out = add(parts, seeds.add_desk(parts.database))

    add(parts, seeds.add_desk(parts.database, "Second shop"), password)

    assert not works(parts, out)


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_further_desk_ends_a_password_that_was_chosen_by_a_link(parts: Parts, everywhere: bool) -> None:
    add(parts, seeds.add_desk(parts.database), "chosen by somebody else")
    further = seeds.add_desk(parts.database, "Second shop")

    fresh = add(parts, None if everywhere else further)

    with parts.database.system(Purpose.SIGN_IN, read=True) as session:
        account = accounts.find_by_email(session, BOB)
        assert account is not None
        assert not passwords.matches(account.password_hash, "chosen by somebody else")
    assert works(parts, fresh)
