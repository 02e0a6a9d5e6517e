"""Protocols as admins write them: drafts that overwrite nobody, and how two admins' changes come together.

Pages and API call this; putting a version in force is `protocol_setup`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.clock import real_now
from app.protocols import merging
from app.protocols.document import plain_document, read_document
from app.protocols.errors import DocumentError, FieldError
from app.protocols.protocol import RecoveryProtocol
from app.publishing import record
from app.store import drafts, protocols
from app.store.desks import NotFound
from app.store.models import ProtocolVersion
from tasks.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A version that is stored now."""

    protocol_id: int
    version_id: int
    name: str
    number: int
    new: bool  #: False where the newest version says the same already


class Stale(Exception):
    """Somebody stored a newer version meanwhile, `newest`; nothing was stored. `parts` is what the two changed."""

    def __init__(self, newest: int, parts: tuple[merging.Part, ...]) -> None:
        super().__init__(f"there is a newer version meanwhile, {newest}")
        self.newest = newest
        self.parts = parts


def save(
    parts: Parts, desk_id: int, document: str, *, protocol_id: int | None = None, base: int | None = None, who: str
) -> Draft:
    """Store a document as a draft: of a new protocol, or of one that is there, upon its version number `base`.
    `who` saves it, as the audit log names them.

    Raises DocumentError with everything that is wrong, Stale, NotFound; nothing is stored then.
    """
    protocol = read_document(document)
    with parts.database.desk(desk_id) as session:
        if protocol_id is None:
            draft = _first(session, desk_id, protocol, document)
        else:
            draft = _next(session, protocol_id, protocol, document, base or 0)
        if draft.new:
            record(session, "protocol.drafted", protocols.version(session, draft.version_id), who)
        return draft


def _first(session: Session, desk_id: int, protocol: RecoveryProtocol, document: str) -> Draft:
    try:
        version = drafts.add_first(session, desk_id, protocol.name, document, real_now())
    except drafts.NameTaken as error:
        raise _at_name("is the name of another protocol of this desk", protocol.name) from error
    return _draft(version, protocol.name, new=True)


def _next(session: Session, protocol_id: int, protocol: RecoveryProtocol, document: str, base: int) -> Draft:
    row = drafts.find_protocol(session, protocol_id)
    if row is None:
        raise NotFound(f"protocol {protocol_id}")
    if row.name != protocol.name:
        # Cases, cooldowns and reports go by the name; another name is another protocol.
        raise _at_name(f'must stay "{row.name}"; make a copy to have another name', protocol.name)
    newest = protocols.versions_of(session, protocol_id)[0]
    if newest.number == base and plain_or_nothing(newest.document) == plain_document(protocol):
        return _draft(newest, row.name, new=False)  # laid out in another way, it says the same
    try:
        version = drafts.add_next(session, protocol_id, document, base, real_now())
    except drafts.Outdated as error:
        raise _stale(session, protocol_id, base, plain_document(protocol)) from error
    return _draft(version, row.name, new=version.number != base)


def _draft(version: ProtocolVersion, name: str, *, new: bool) -> Draft:
    return Draft(protocol_id=version.protocol_id, version_id=version.id, name=name, number=version.number, new=new)


def _at_name(message: str, name: str) -> DocumentError:
    return DocumentError((FieldError(path="name", message=message, value=f'"{name}"'),))


def _stale(session: Session, protocol_id: int, base: int, mine: Mapping[str, Any]) -> Stale:
    versions = {version.number: version for version in protocols.versions_of(session, protocol_id)}
    newest = max(versions)
    theirs = plain_or_nothing(versions[newest].document)
    before = plain_or_nothing(versions[base].document) if base in versions else {}
    return Stale(newest, merging.parts(before, theirs, mine))


def plain_or_nothing(document: str) -> dict[str, Any]:
    """The document as plain values; nothing where it is of a form that is not understood any more."""
    try:
        return plain_document(read_document(document))
    except DocumentError:
        return {}
