"""A ticket's new messages, read newest first until the last known one. Which calls that takes is the client's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.ticket import Message, Person, Ticket
from connectors.zendesk import mapping
from connectors.zendesk.answers import sensible
from connectors.zendesk.mapping import CommentBody

#: Path, name of the list, query, and what it is of -> pages. The client's own.
Pages = Callable[[str, str, Mapping[str, str], str], Iterator[dict[str, Any]]]


def read_messages(
    pages: Pages, ticket: Ticket, people: Mapping[str, Person], *, after: str | None, login: str, own_ids: set[str]
) -> tuple[Message, ...]:
    """Messages after the one with the id `after`, oldest first; all of them where that is unknown or gone.

    `login` and `own_ids` tell which users we are: what they write is the system's.
    """
    comments: dict[str, CommentBody] = {}
    known = dict(people)
    query = {"include": "users", "sort": "-created_at"}
    for page in pages(f"tickets/{ticket.id}/comments.json", "comments", query, ticket.id):
        with sensible():
            known |= mapping.read_people(page)
            comments |= {comment.id: comment for comment in map(mapping.read_comment, page["comments"])}
        if after in comments:
            break
    ours = own_ids | {person.id for person in known.values() if (person.email or "").lower() == login}
    # A requester's words are the customer's, whoever's credentials we use.
    ours.discard(ticket.requester.id)
    return tuple(mapping.build_message(one, ticket.requester.id, known, ours) for one in _newer(comments, after))


def _newer(comments: Mapping[str, CommentBody], after: str | None) -> list[CommentBody]:
    """In order of time. Times are whole seconds, so comments of one second are told apart by their ids."""
    known = comments.get(after or "")
    return sorted((one for one in comments.values() if known is None or _place(one) > _place(known)), key=_place)


def _place(comment: CommentBody) -> tuple[datetime, int]:
    return comment.at, int(comment.id)
