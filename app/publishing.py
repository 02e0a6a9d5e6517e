"""Protocol documents into a desk: stored as drafts, or put in force at once."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from sqlalchemy.orm import Session

from app.clock import real_now
from app.protocols.document import read_document
from app.protocols.packs import load_pack
from app.store import audit, protocols
from app.store.models import ProtocolVersion, VersionState
from tasks.parts import Parts


def publish_default_pack(parts: Parts, desk_id: int, *, by: str = "set-up") -> None:
    """Put the default pack in force on a desk that has no protocol yet."""
    with parts.database.desk(desk_id) as session:
        if not protocols.all_of(session):
            import_documents(session, desk_id, load_pack("default"), publish_as=by)


def import_documents(
    session: Session,
    desk_id: int,
    documents: Iterable[str],
    *,
    publish_as: str | None = None,
    first: bool = False,
    who: str | None = None,
) -> list[tuple[str, int, bool]]:
    """Store documents as drafts, or publish them at once: (name, number, whether it was new) of each.

    They are asked in their own order: those that are new stand before the next one that is there already. Where none
    follows they come after all others. With `first` they come before all others.
    `who` does it, as the audit log names them; None where it only is a part of setting up a desk.

    Raises DocumentError before anything of a bad document is stored.
    """
    known = {row.name for row, _ in protocols.all_of(session)}
    stored = []
    for text in reversed(list(documents)) if first else documents:
        protocol = read_document(text)
        version, is_new = protocols.import_document(session, desk_id, protocol.name, text, real_now(), first=first)
        if publish_as is not None and version.state is not VersionState.PUBLISHED:
            protocols.publish(session, version, by=publish_as, reason="imported", now=real_now())
            record(session, "protocol.published", version, who)
        elif is_new:
            record(session, "protocol.drafted", version, who)
        stored.append((protocol.name, version.number, is_new))
    if first:
        return stored[::-1]
    _line_up(session, [name for name, _, _ in stored], known)
    return stored


def record(session: Session, did: str, version: ProtocolVersion, who: str | None) -> None:
    """Tell the audit log what became of a version."""
    if who is not None:
        told = {"version": version.number, "state": version.state, "share": version.share}
        what = f"protocol:{version.protocol_id}"
        audit.record(session, by=who, did=did, what=what, detail=told, at=real_now())


def _line_up(session: Session, names: Sequence[str], known: Container[str]) -> None:
    """Put each run of new protocols before the known one that follows it."""
    waiting: list[str] = []
    for name in names:
        if name not in known:
            waiting.append(name)
        elif waiting:
            protocols.put_before(session, waiting, name)
            waiting = []
