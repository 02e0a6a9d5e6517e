"""Tokens for every process: one renews, what it got is on record first, and trouble is told by what one can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.settings import new_key
from app.store import access, schema
from app.store.database import Database
from app.tokens import DeskTokens
from app.vault import Vault
from connectors.base import Tokens
from connectors.errors import RateLimited, Refused, Unavailable
from tests.store.factories import add_desk

OLD = Tokens(access="old", refresh="old-refresh", expires_at=None)
NEW = Tokens(access="new", refresh="new-refresh", expires_at=None)
NEWEST = Tokens(access="newest", refresh="newest-refresh", expires_at=None)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'kintsugi.sqlite'}", vault=Vault([new_key()]))
    schema.migrate(database)
    yield database
    database.close()


@pytest.fixture
def tokens(database: Database) -> DeskTokens:
    """A desk's, with an old pair on record."""
    store = DeskTokens(database, add_desk(database))
    store.renew(None, lambda _: OLD)
    return store


def gives(result: Tokens) -> Callable[[Tokens | None], Tokens]:
    return lambda _: result


def fails(error: BaseException) -> Callable[[Tokens | None], Tokens]:
    def fetch(_: Tokens | None) -> Tokens:
        raise error

    return fetch


def never(_: Tokens | None) -> Tokens:
    raise AssertionError("nobody was to ask the helpdesk")


def test_there_are_none_before_the_first(database: Database) -> None:
    assert DeskTokens(database, add_desk(database)).current() is None


def test_new_tokens_are_fetched_for_those_on_record_and_kept(tokens: DeskTokens) -> None:
    given: list[Tokens | None] = []

    def fetch(held: Tokens | None) -> Tokens:
        given.append(held)
        return NEW

    renewed = tokens.renew(OLD, fetch)

    assert given == [OLD]
    assert renewed == tokens.current() == NEW


def test_tokens_are_on_record_before_anybody_gets_them(tokens: DeskTokens, database: Database) -> None:
    renewed = tokens.renew(OLD, gives(NEW))

    with database.desk(1, read=True) as session:
        assert access.find(session) == renewed


def test_what_another_process_put_there_is_taken_without_asking(tokens: DeskTokens) -> None:
    tokens.renew(OLD, gives(NEW))

    assert tokens.renew(OLD, never) == NEW
    assert tokens.renew(None, never) == NEW


def test_who_finds_another_renewing_is_to_come_back_soon(tokens: DeskTokens) -> None:
    def meanwhile(_: Tokens | None) -> Tokens:
        with pytest.raises(Unavailable, match="another process") as caught:
            tokens.renew(OLD, never)
        assert caught.value.retry_after == timedelta(seconds=0.5)
        assert not caught.value.sent
        return NEW

    assert tokens.renew(OLD, meanwhile) == NEW


@pytest.mark.parametrize("sent", [True, False])
def test_a_helpdesk_that_does_not_answer_is_tried_again_with_the_same_pair(tokens: DeskTokens, sent: bool) -> None:
    with pytest.raises(Unavailable, match="could not be renewed: no answer") as caught:
        tokens.renew(OLD, fails(Unavailable("no answer", sent=sent)))

    assert not caught.value.sent
    assert tokens.renew(OLD, gives(NEW)) == NEW


def test_a_spent_allowance_is_told_as_one(tokens: DeskTokens) -> None:
    with pytest.raises(RateLimited):
        tokens.renew(OLD, fails(RateLimited("spent")))

    assert tokens.renew(OLD, gives(NEW)) == NEW


def test_a_refused_pair_asks_for_a_person(tokens: DeskTokens) -> None:
    with pytest.raises(Refused, match=r"gone; connect this desk again") as caught:
        tokens.renew(OLD, fails(Refused("gone", auth=True)))

    assert caught.value.auth


def test_a_pair_refused_after_a_lost_answer_says_why(tokens: DeskTokens) -> None:
    with pytest.raises(Unavailable):
        tokens.renew(OLD, fails(Unavailable("no answer", sent=True)))

    with pytest.raises(Refused, match="the answer to an earlier renewal was lost"):
        tokens.renew(OLD, fails(Refused("gone", auth=True)))


def test_a_refusal_is_no_trouble_where_others_have_newer_tokens(database: Database) -> None:
    desk_id = add_desk(database)
    slow, quick = DeskTokens(database, desk_id), DeskTokens(database, desk_id, lease=timedelta(0))
    slow.renew(None, gives(OLD))

    def overtaken(_: Tokens | None) -> Tokens:
        quick.renew(OLD, gives(NEW))
        raise Refused("gone", auth=True)

    # A lease that is over at once stands for a process that was stopped for longer than its own.
    assert DeskTokens(database, desk_id, lease=timedelta(0)).renew(OLD, overtaken) == NEW


def test_of_two_that_renewed_all_the_same_the_first_on_record_wins(database: Database) -> None:
    store = DeskTokens(database, add_desk(database), lease=timedelta(0))
    store.renew(None, gives(OLD))

    def overtaken(_: Tokens | None) -> Tokens:
        store.renew(OLD, gives(NEW))
        return NEWEST

    assert store.renew(OLD, overtaken) == NEW


def test_a_crash_while_renewing_frees_the_turn(tokens: DeskTokens) -> None:
    with pytest.raises(KeyboardInterrupt):
        tokens.renew(OLD, fails(KeyboardInterrupt()))

    assert tokens.renew(OLD, gives(NEW)) == NEW


def test_no_transaction_is_open_while_the_helpdesk_is_asked(tokens: DeskTokens, database: Database) -> None:
    def fetch(_: Tokens | None) -> Tokens:
        # SQLite has one writer: this would wait for itself.
        add_desk(database, "Other shop")
        return NEW

    assert tokens.renew(OLD, fetch) == NEW


def test_nothing_of_a_token_is_shown_or_logged(tokens: DeskTokens, capsys: pytest.CaptureFixture[str]) -> None:
    tokens.renew(OLD, gives(NEW))

    said = capsys.readouterr()
    assert "old-refresh" not in repr(OLD)
    assert not any(secret in said.out + said.err for secret in ("old-refresh", "new-refresh"))


def test_what_was_renewed_between_the_look_and_the_turn_is_not_renewed_again(
    tokens: DeskTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens.renew(OLD, gives(NEW))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(access, "find", lambda _: OLD)

        assert tokens.renew(OLD, never) == NEW

    assert tokens.renew(NEW, gives(NEWEST)) == NEWEST
