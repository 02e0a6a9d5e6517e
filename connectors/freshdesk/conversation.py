"""A ticket's messages after a known one, found by the arithmetic of pages. Which calls that takes is the client's.

Conversations come oldest first, a hundred to a page, without a count and without another order. Their ids grow, so the
page of a known one is searched for: page by page where there are few, by doubling and halving where there are many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from connectors.answers import sensible
from connectors.errors import Unavailable
from connectors.freshdesk import mapping
from connectors.freshdesk.api import MAX_PAGES, PAGE
from connectors.freshdesk.mapping import Conversation

#: The number of a page -> the page. The client's own.
Fetch = Callable[[int], list[Any]]
#: Up to here it is as cheap to read on as to search.
_NEAR = 4


class Pages:
    """A ticket's pages of conversations, each read once."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._read: dict[int, list[Conversation]] = {}

    def __getitem__(self, number: int) -> list[Conversation]:
        if number not in self._read:
            page = self._fetch(number)
            with sensible():
                self._read[number] = [mapping.read_conversation(one) for one in page]
        return self._read[number]

    def reaches(self, number: int, known: int) -> bool:
        """Whether the known conversation stands on this page or before it, as far as ids tell."""
        page = self[number]
        return len(page) < PAGE or int(page[-1].id) >= known

    def from_page(self, number: int) -> Iterator[Conversation]:
        """All conversations from this page to the last."""
        for place in range(number, MAX_PAGES + 1):
            yield from self[place]
            if len(self[place]) < PAGE:
                return
        raise Unavailable(f"more than {MAX_PAGES * PAGE} conversations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Newer:
    """What stands after a known conversation, oldest first; everything where that is unknown or gone."""

    conversations: list[Conversation]
    known: bool  #: the known one is there


def read_after(fetch: Fetch, after: str | None) -> Newer:
    """Conversations after the one with this id."""
    pages = Pages(fetch)
    if after is None or not after.isdecimal():
        return Newer(conversations=_ordered(pages.from_page(1)), known=False)
    known = int(after)
    first = _page_of(pages, known)
    found = _ordered(pages.from_page(first))
    place = next((index for index, one in enumerate(found) if one.id == after), None)
    if place is None:
        return Newer(conversations=_ordered(pages.from_page(1)), known=False)
    return Newer(conversations=found[place + 1 :], known=True)


def _page_of(pages: Pages, known: int) -> int:
    """The page on which the known conversation stands, if it stands anywhere."""
    below, above = 0, 1
    while not pages.reaches(above, known) and above < MAX_PAGES:
        below, above = above, min(above + 1 if above < _NEAR else above * 2, MAX_PAGES)
    while above - below > 1:
        middle = (below + above) // 2
        if pages.reaches(middle, known):
            above = middle
        else:
            below = middle
    return above


def _ordered(conversations: Iterator[Conversation]) -> list[Conversation]:
    # A conversation that is added meanwhile can appear on two pages.
    unique = {one.id: one for one in conversations}
    return sorted(unique.values(), key=lambda one: (one.at, int(one.id)))
