"""Rated conversations in numbers, from which a desk's model is learned, and what the learning needs beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import ExampleRow, Label, Message, RatingRow, TrackedTicket

PAGE = 2_000  #: rows in memory at a time
BUCKETS = 10  #: of scores, by tens


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One example or one label, without the words."""

    at: datetime
    tracked_id: int
    inputs: Mapping[str, float]
    value: float  #: the rating in [0, 1]; of a label 0 or 1
    score: int | None  #: shown just before; None for a label
    label: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A conversation in numbers."""

    inputs: Mapping[str, float]
    customer_turns: int
    score: int | None


def record(session: Session, rating: RatingRow, snapshot: Snapshot) -> ExampleRow | None:
    """Keep a ticket's first rating with the conversation as it was then.

    A later rating changes the value only while the customer has not written since: then it corrects the first one.
    None where it does not count.
    """
    known = session.scalar(select(ExampleRow).where(ExampleRow.tracked_id == rating.tracked_id))
    if known is None:
        row = ExampleRow(
            desk_id=rating.desk_id,
            tracked_id=rating.tracked_id,
            rating_id=rating.id,
            value=rating.value,
            at=rating.at,
            score=snapshot.score,
            customer_turns=snapshot.customer_turns,
            inputs=dict(snapshot.inputs),
        )
        session.add(row)
        return row
    if known.customer_turns != snapshot.customer_turns:
        return None
    known.value, known.rating_id = rating.value, rating.id
    return known


def count(session: Session) -> int:
    """How many rated conversations there are to learn from."""
    return session.scalar(select(func.count()).select_from(ExampleRow)) or 0


def dissatisfied(session: Session) -> int:
    """How many of them were rated below the middle."""
    return session.scalar(select(func.count()).select_from(ExampleRow).where(ExampleRow.value < 0.5)) or 0


def oldest_first(session: Session) -> Iterator[Stored]:
    """Examples and labels merged in the order of time, a page in memory at a time."""
    rated, labelled = _ratings(session), _labels(session)
    rating, label = next(rated, None), next(labelled, None)
    while rating is not None or label is not None:
        if label is None or (rating is not None and rating.at <= label.at):
            assert rating is not None
            yield rating
            rating = next(rated, None)
        else:
            yield label
            label = next(labelled, None)


def _ratings(session: Session) -> Iterator[Stored]:
    columns = (ExampleRow.at, ExampleRow.id, ExampleRow.tracked_id, ExampleRow.inputs, ExampleRow.value)
    for row in _pages(session, select(*columns, ExampleRow.score), ExampleRow):
        yield Stored(
            at=row.at, tracked_id=row.tracked_id, inputs=row.inputs, value=row.value, score=row.score, label=False
        )


def _labels(session: Session) -> Iterator[Stored]:
    for row in _pages(session, select(Label.at, Label.id, Label.tracked_id, Label.inputs, Label.satisfied), Label):
        value = float(row.satisfied)
        yield Stored(at=row.at, tracked_id=row.tracked_id, inputs=row.inputs, value=value, score=None, label=True)


def _pages(session: Session, query: Select[Any], table: type[ExampleRow | Label]) -> Iterator[Row[Any]]:
    """Rows by time and id, a page in memory at a time, each page found by where the one before ended."""
    query = query.order_by(table.at, table.id).limit(PAGE)
    page = session.execute(query).all()
    while page:
        yield from page
        last = page[-1]
        after = or_(table.at > last.at, and_(table.at == last.at, table.id > last.id))
        page = session.execute(query.where(after)).all() if len(page) == PAGE else []


def words(session: Session, tracked_id: int, until: datetime | None) -> Sequence[str]:
    """What the customer has written on a ticket, or had until then, oldest first; without what was erased."""
    said = select(Message.sealed_text).where(
        Message.tracked_id == tracked_id,
        Message.author == "customer",
        Message.public,
        Message.sealed_text.is_not(None),
    )
    if until is not None:
        said = said.where(Message.at <= until)
    vault = vault_of(session)
    return [vault.open(sealed) for sealed in session.scalars(said.order_by(Message.at, Message.id)) if sealed]


def rated_by_score(session: Session) -> Sequence[int]:
    """Rated conversations by the tens of the score that was shown just before."""
    return _by_tens(session.execute(
        select(ExampleRow.score, func.count()).where(ExampleRow.score.is_not(None)).group_by(ExampleRow.score)
    ).all())  # fmt: skip


def solved_by_score(session: Session) -> Sequence[int]:
    """Conversations that could have been rated, by the same tens: those that were, and solved ones that were not."""
    rated = select(ExampleRow.tracked_id)
    unrated = select(TrackedTicket.score, func.count()).where(
        TrackedTicket.solved_at.is_not(None), TrackedTicket.score.is_not(None), TrackedTicket.id.not_in(rated)
    )
    others = _by_tens(session.execute(unrated.group_by(TrackedTicket.score)).all())
    return [mine + theirs for mine, theirs in zip(rated_by_score(session), others, strict=True)]


def _by_tens(rows: Sequence[tuple[int | None, int]]) -> list[int]:
    found = [0] * BUCKETS
    for score, number in rows:
        if score is not None:
            found[min(score // 10, BUCKETS - 1)] += number
    return found
