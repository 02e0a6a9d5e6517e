"""What every table is made of: types of columns, the words their states take, and the desk they belong to."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC. SQLite has no time zones and would hand back naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")


class DeliveryState(enum.StrEnum):
    RECEIVED = "received"
    SETTLED = "settled"
    ECHO = "echo"  # our own write, come back as an event
    IGNORED = "ignored"  # signed and sound, but nothing to look at: a test, an event about no ticket
    REFUSED = "refused"  # signed, but not something we can read
    DEAD = "dead"  # its ticket could not be handled; the reason is on the tracked ticket


class DeskState(enum.StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # credentials refused, or an admin paused it; deliveries are still stored


class StepState(enum.StrEnum):
    PLANNED = "planned"
    SENDING = "sending"  # the intent is committed; the call may or may not have happened
    WAITING = "waiting"  # a person's to do; ends when it is ticked off or its done-check holds
    DONE = "done"
    SKIPPED = "skipped"  # nothing to do any more
    REFUSED = "refused"  # the helpdesk said no, for good
    NEEDS_REVIEW = "needs_review"  # outcome unknown and not to be found out; a human decides
    DEAD = "dead"  # tried too often


class InvitationState(enum.StrEnum):
    SCHEDULED = "scheduled"
    SENDING = "sending"
    HANDED_OVER = "handed_over"  # a step of the ticket posts it as a public comment
    SENT = "sent"
    ANSWERED = "answered"
    CANCELLED = "cancelled"
    NOT_SENT = "not_sent"  # suppressed; the reason says why
    NEEDS_REVIEW = "needs_review"
    DEAD = "dead"


class OfferState(enum.StrEnum):
    """What became of the wish to ask by the helpdesk's own survey."""

    WANTED = "wanted"
    ASKED = "asked"  # the intent is committed; the helpdesk may or may not have made one
    MADE = "made"  # its link is to go into the message
    NOT_HERE = "not_here"  # our own survey page it is; the reason says why


class VersionState(enum.StrEnum):
    DRAFT = "draft"
    SHADOW = "shadow"  # decides on live traffic and does nothing
    CANARY = "canary"  # in force on a share of tickets
    PUBLISHED = "published"
    RETIRED = "retired"


class ModelState(enum.StrEnum):
    CHAMPION = "champion"  # in force
    CHALLENGER = "challenger"  # better by its figures, and waiting for a person
    REFUSED = "refused"  # not better, or overtaken
    RETIRED = "retired"  # was in force


class Role(enum.StrEnum):
    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"
    AUDITOR = "auditor"  # reads what an admin reads, and changes nothing


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it as a class attribute of exactly this form
        int: Id,
        datetime: UtcDateTime,
        bytes: LargeBinary,
        dict[str, Any]: Json,
        list[Any]: Json,
        enum.Enum: Enum(
            enum.Enum,
            native_enum=False,
            create_constraint=False,
            length=32,
            values_callable=lambda e: [m.value for m in e],
        ),
    }


class DeskScoped:
    """Mixed into every table that belongs to a desk."""

    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id"), sort_order=-1)
