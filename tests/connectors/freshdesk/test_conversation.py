"""Which pages are read to find what was said after a known message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import Unavailable
from connectors.freshdesk import conversation
from connectors.freshdesk.conversation import read_after
from tests.connectors.freshdesk.bodies import conversation_body

START = datetime(2026, 3, 1, tzinfo=UTC)


class Shelf:
    """A ticket with conversations 1 to `count`, and the pages that were asked for."""

    def __init__(self, count: int, *, without: int = 0) -> None:
        self.bodies = [_body(number) for number in range(1, count + 1) if number != without]
        self.asked: list[int] = []

    def __call__(self, page: int) -> list[Any]:
        self.asked.append(page)
        return self.bodies[(page - 1) * 100 : page * 100]


def _body(number: int) -> dict[str, Any]:
    return conversation_body(number, created_at=(START + timedelta(minutes=number)).isoformat())


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 450, 1000])
@pytest.mark.parametrize("back", [0, 1, 99, 100, 400])
def test_everything_after_the_known_one_is_read_and_nothing_else(count: int, back: int) -> None:
    known = count - back
    if known < 1:
        return

    newer = read_after(Shelf(count), str(known))

    assert newer.known
    assert [int(one.id) for one in newer.conversations] == list(range(known + 1, count + 1))


def test_a_long_ticket_is_not_read_again_from_the_beginning() -> None:
    shelf = Shelf(5000)

    read_after(shelf, "4990")

    assert len(shelf.asked) <= 15
    assert len(set(shelf.asked)) == len(shelf.asked)


def test_where_nothing_is_known_pages_are_read_in_order() -> None:
    shelf = Shelf(250)

    newer = read_after(shelf, None)

    assert (shelf.asked, newer.known, len(newer.conversations)) == ([1, 2, 3], False, 250)


def test_where_the_known_one_is_gone_all_are_read() -> None:
    newer = read_after(Shelf(250, without=220), "220")

    assert (newer.known, len(newer.conversations)) == (False, 249)


def test_one_that_stands_on_two_pages_is_read_once() -> None:
    shelf = Shelf(150)
    shelf.bodies.insert(100, shelf.bodies[99])

    assert [int(one.id) for one in read_after(shelf, None).conversations] == list(range(1, 151))


def test_a_ticket_without_end_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "MAX_PAGES", 3)

    def endless(page: int) -> list[Any]:
        return [_body(number) for number in range((page - 1) * 100 + 1, page * 100 + 1)]

    with pytest.raises(Unavailable, match="more than"):
        read_after(endless, None)
