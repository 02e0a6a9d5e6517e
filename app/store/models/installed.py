"""The table of what was made for us at the helpdesks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped


class InstalledThing(DeskScoped, Base):
    """One webhook, rule, field, view or macro of ours at a desk's helpdesk."""

    __tablename__ = "installed_thing"
    __table_args__ = (UniqueConstraint("desk_id", "thing", "key", name="uq_installed_thing_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    thing: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(80))  #: which one of its sort; ours
    remote_id: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(300))
    fingerprint: Mapped[str] = mapped_column(String(64))  #: of its contents as we left them
    made_at: Mapped[datetime]
