"""Tables of teams: what an admin said of groups and people beside what the helpdesk knows, and who was given what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped


class TeamRow(DeskScoped, Base):
    """A group of the helpdesk that recovers."""

    __tablename__ = "team"
    __table_args__ = (UniqueConstraint("desk_id", "group_id", name="uq_team_group"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))  #: the group's, when the team was stored
    capacity: Mapped[int | None] = mapped_column(Integer)  #: open recovery cases of the whole team at once
    calendar: Mapped[dict[str, Any] | None]  #: its hours; None: the desk's
    lead_ids: Mapped[list[Any]]  #: agents' ids
    member_ids: Mapped[list[Any]]  #: agents' ids; empty: everybody in the group
    updated_at: Mapped[datetime]  #: mechanism time


class MemberRow(DeskScoped, Base):
    """An agent of the helpdesk, in whatever teams."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("desk_id", "agent_id", name="uq_member_agent"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    skills: Mapped[list[Any]]
    capacity: Mapped[int | None] = mapped_column(Integer)  #: open recovery cases at once
    senior: Mapped[bool] = mapped_column(default=False)
    calendar: Mapped[dict[str, Any] | None]  #: hours of their own; None: the team's
    away_from: Mapped[datetime | None]  #: business time; out of office from then
    away_until: Mapped[datetime | None]  #: and until then


class AssignmentRow(DeskScoped, Base):
    """Whom a step chose, on record before the helpdesk is told, so that no two tickets choose without knowing of each
    other."""

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("step_id", name="uq_assignment_step"),
        Index("ix_assignment_at", "desk_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("step.id"))
    group_id: Mapped[str | None] = mapped_column(String(64))
    agent_id: Mapped[str] = mapped_column(String(64))
    load: Mapped[int | None] = mapped_column(Integer)  #: unsolved tickets they had then; None where nobody asked
    at: Mapped[datetime]  #: mechanism time
