"""Protocol documents into a desk: stored as drafts, or put in force at once."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.clock import real_now
from app.protocols.document import read_document
from app.protocols.packs import load_pack
from app.store import protocols
from app.store.models import VersionState
from tasks.parts import Parts


def publish_default_pack(parts: Parts, desk_id: int, *, by: str = "set-up") -> None:
    """Put the default pack in force on a desk that has no protocol yet."""
    with parts.database.desk(desk_id) as session:
        if not protocols.all_of(session):
            import_documents(session, desk_id, load_pack("default"), publish_as=by)


def import_documents(
    session: Session, desk_id: int, documents: Iterable[str], *, publish_as: str | None = None, first: bool = False
) -> list[tuple[str, int, bool]]:
    """Store documents as drafts, or publish them at once: (name, number, whether it was new) of each.

    They are asked in their own order after those that are there already, or with `first` before them.

    Raises DocumentError before anything of a bad document is stored.
    """
    stored = []
    for text in reversed(list(documents)) if first else documents:
        protocol = read_document(text)
        version, is_new = protocols.import_document(session, desk_id, protocol.name, text, real_now(), first=first)
        if publish_as is not None and version.state is not VersionState.PUBLISHED:
            protocols.publish(session, version, by=publish_as, reason="imported", now=real_now())
        stored.append((protocol.name, version.number, is_new))
    return stored[::-1] if first else stored
