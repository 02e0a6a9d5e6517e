"""Protocols from documents to being in force on a desk: read, checked, stored as drafts, published.

What is wrong comes back as verdicts, one per document, so that all of it is told at once. No deciding here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.clock import real_now
from app.inventory import names_in, take_inventory
from app.library import Kept, Library
from app.protocols import moments, rules
from app.protocols.document import read_document
from app.protocols.errors import DocumentError
from app.protocols.lint import DeskNames, Severity, lint_one, lint_together
from app.protocols.packs import UnknownPack, documents_in, load_pack
from app.protocols.protocol import RecoveryProtocol
from app.protocols.rollout import LEAST_SHARE
from app.protocols.tags import TagDictionary
from app.publishing import import_documents, record
from app.reasons import checked_reason
from app.store import audit, desks, protocol_events, protocols, tracked_tickets
from app.store.models import Desk, ProtocolRow, ProtocolVersion, VersionState
from connectors.errors import ConnectorError
from tasks.parts import Parts

PACK = "pack:"
LIBRARY = "library:"
MAX_FILE = 64 << 20  #: bytes; every document in it has its own, smaller bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One document and where it came from."""

    name: str  #: a file, a pack, or a protocol's name; with the document's number where there are several
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong with one document; every line reads `path: message`."""

    source: str
    protocol: str | None  #: its name, where it can be read
    errors: tuple[str, ...]
    warnings: tuple[str, ...] = ()


class NotSound(Exception):
    """Documents that must not be stored or published; nothing was."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        super().__init__("; ".join(error for verdict in verdicts for error in verdict.errors))
        self.verdicts = tuple(verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A version that is stored now."""

    protocol: str
    version: int
    state: str
    new: bool


def read_sources(words: Sequence[str], library: Library | None = None) -> list[Source]:
    """The documents of files, of packs (`pack:NAME`) and of the library (`library:NAME`), in order.

    Raises ValueError that names what cannot be read.
    """
    found = []
    for word in words:
        if word.startswith(PACK):
            texts = _pack(word.removeprefix(PACK))
        elif word.startswith(LIBRARY) and library is not None:
            texts = [find_kept(library, word.removeprefix(LIBRARY)).text]
        else:
            texts = documents_in(_file(Path(word)))
        several = len(texts) > 1
        for number, text in enumerate(texts, start=1):
            found.append(Source(name=f"{word}, document {number}" if several else word, text=text))
    return found


def find_kept(library: Library, name: str, number: int | None = None) -> Kept:
    """A version of the library's, by default the newest. Raises ValueError that lists what there is."""
    found = library.find(name, number)
    if found is None:
        known = ", ".join(f'"{one.name}" {one.number}' for one in library.all()) or "none"
        raise ValueError(f'the library has no "{name[:60]}"{"" if number is None else f" {number}"}; there are {known}')
    return found


def store_in_library(library: Library, sources: Sequence[Source]) -> list[Stored]:
    """Keep documents as drafts of the installation. Raises NotSound; then nothing is kept.

    Repeating it changes nothing.
    """
    verdicts = [check(source) for source in sources]
    if any(verdict.errors for verdict in verdicts):
        raise NotSound(verdicts)
    kept = [library.keep(read_document(source.text).name, source.text) for source in sources]
    return [Stored(protocol=one.name, version=one.number, state=VersionState.DRAFT.value, new=new) for one, new in kept]


def _pack(name: str) -> Sequence[str]:
    try:
        return load_pack(name)
    except UnknownPack as error:
        raise ValueError(str(error)) from error


def _file(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE:
            raise ValueError(f"{path}: must be at most {MAX_FILE >> 20} MiB")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from error


def check(source: Source, desk: DeskNames | None = None, dictionary: TagDictionary | None = None) -> Verdict:
    """Everything that is wrong with one document by itself; with `desk`, also what that desk does not have."""
    try:
        protocol = read_document(source.text)
    except DocumentError as error:
        return Verdict(source=source.name, protocol=None, errors=tuple(str(one) for one in error.errors))
    found = lint_one(protocol, desk, dictionary)
    return Verdict(
        source=source.name,
        protocol=protocol.name,
        errors=tuple(one.line for one in found if one.severity is Severity.ERROR),
        warnings=tuple(one.line for one in found if one.severity is Severity.WARNING),
    )


def check_together(sources: Sequence[Source]) -> Verdict:
    """What is wrong with documents beside each other, those left out that cannot be read.

    That nobody is in charge of a cause is not said: the others of a desk may be.
    """
    found = [one for one in lint_together(_readable(sources)) if one.protocol]
    return Verdict(
        source="all of them together",
        protocol=None,
        errors=tuple(f"{one.protocol}: {one.line}" for one in found if one.severity is Severity.ERROR),
        warnings=tuple(f"{one.protocol}: {one.line}" for one in found if one.severity is Severity.WARNING),
    )


def _readable(sources: Sequence[Source]) -> list[RecoveryProtocol]:
    readable = []
    for source in sources:
        with suppress(DocumentError):
            readable.append(read_document(source.text))
    return readable


def ask_desk(parts: Parts, desk: Desk) -> DeskNames:
    """What the desk has, asked at the helpdesk, with the people and tags known here. Raises ValueError where it does
    not answer; what its role may not see is not compared.
    """
    try:
        found = take_inventory(parts, desk)
    except ConnectorError as error:
        raise ValueError(f"the helpdesk could not be asked about groups and macros: {error}") from error
    return names_in(parts, desk, found)


def store(
    parts: Parts,
    desk_id: int,
    sources: Sequence[Source],
    *,
    names: DeskNames | None = None,
    publish_as: str | None,
    first: bool = False,
) -> list[Stored]:
    """Store documents as drafts, or put them in force together. Raises NotSound; then nothing is stored.

    Repeating it changes nothing. `names` is what the desk has, or None where it is not to be compared. Protocols that
    are new are asked after all others, or with `first` before them.
    """
    verdicts = [check(source) for source in sources]
    if any(verdict.errors for verdict in verdicts):
        raise NotSound(verdicts)
    with parts.database.desk(desk_id) as session:
        texts = [source.text for source in sources]
        stored = import_documents(session, desk_id, texts, publish_as=publish_as, first=first, who=audit.OPERATOR)
        if publish_as is not None:
            _require_sound(session, desk_id, [name for name, _, _ in stored], names)
            published = [find_version(session, name, number) for name, number, _ in stored]
            watch_clocks(session, desk_id, published, parts.clock.now())
        return [
            Stored(protocol=name, version=number, state=_state(session, name, number), new=new)
            for name, number, new in stored
        ]


class Overtaken(Exception):
    """Somebody else changed what is in force of the protocol meanwhile; nothing was changed now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Who puts a version in force, why, and how far it reaches. Raises ValueError for no such share, or no reason."""

    by: str
    who: str = audit.OPERATOR  #: the same, as the audit log names them
    reason: str = "published from the command line"
    reach: protocols.Reach = protocols.WHOLE
    seen: int | None = None  #: the newest event of the protocol that they saw, 0 for none; None: whatever happened

    def __post_init__(self) -> None:
        share = self.reach.share
        if share is not None and not LEAST_SHARE <= share < 1:
            raise ValueError(f"share: must be at least {LEAST_SHARE:g} and below 1 (got {share:g})")
        if share is not None and self.reach.shadow:
            raise ValueError("share: must be left out for a version that only watches")
        object.__setattr__(self, "reason", checked_reason(self.reason))


def publish(
    parts: Parts,
    desk_id: int,
    name: str,
    publication: Publication,
    *,
    number: int | None = None,
    names: DeskNames | None = None,
) -> Stored:
    """Put a stored version in force, as far as the publication says: that number, else the newest.

    Raises ValueError, NotSound or Overtaken; then nothing changed.
    """
    with parts.database.desk(desk_id) as session:
        version, reach = find_version(session, name, number), publication.reach
        protocols.lock(session, version.protocol_id)
        _require_unchanged(session, version.protocol_id, publication.seen)
        new = (version.state, version.share) != (reach.state, reach.share)
        if new and version.state is VersionState.PUBLISHED:
            raise ValueError(f'"{name[:60]}" {version.number} is in force on all tickets already; try another version')
        if new:
            said = {"by": publication.by, "reason": publication.reason}
            protocols.publish(session, version, **said, now=real_now(), reach=reach)
        _require_sound(session, desk_id, [name], names, watching=reach.shadow)
        if new:
            watch_clocks(session, desk_id, [version], parts.clock.now())
            record(session, "protocol.published", version, publication.who)
        return Stored(protocol=name, version=version.number, state=version.state.value, new=new)


def _require_unchanged(session: Session, protocol_id: int, seen: int | None) -> None:
    """Of two who publish at once, the second has not seen what the first did, and is told so."""
    if seen is None:
        return
    if protocol_events.newest_id(session, protocol_id) != seen:
        newest = protocol_events.of_protocol(session, protocol_id)[0]
        raise Overtaken(
            f"{newest.by} changed what is in force of this protocol meanwhile ({newest.kind}, version "
            f"{newest.number or 'none'}: {newest.reason}); look at it, then publish again"
        )


def find_version(session: Session, name: str, number: int | None = None) -> ProtocolVersion:
    """That version of a protocol, or its newest. Raises ValueError that lists what there is."""
    row = protocols.find_by_name(session, name)
    if row is None:
        known = ", ".join(f'"{one.name}"' for one, _ in protocols.all_of(session)) or "none"
        raise ValueError(f'there is no protocol "{name[:60]}"; there are {known}')
    return _numbered(session, row, number)


def _numbered(session: Session, row: ProtocolRow, number: int | None) -> ProtocolVersion:
    versions = protocols.versions_of(session, row.id)
    found = versions[0] if number is None else next((one for one in versions if one.number == number), None)
    if found is None:
        raise ValueError(f'"{row.name}" has no version {number}; its newest is {versions[0].number}')
    return found


def _state(session: Session, name: str, number: int) -> str:
    return find_version(session, name, number).state.value


def watch_clocks(session: Session, desk_id: int, versions: Sequence[ProtocolVersion], now: datetime) -> None:
    """Where one of these has a condition on a clock, have it watched on tickets that nobody may write to any more."""
    criteria = [read_document(version.document).criteria for version in versions]
    if rules.named(criteria) & set(moments.GROWING):
        tracked_tickets.score_unsolved(session, desk_id, now)


def _require_sound(
    session: Session, desk_id: int, changed: Sequence[str], names: DeskNames | None, *, watching: bool = False
) -> None:
    """Look at everything that would be in force: the changed ones whole, and all of them beside each other, unless
    what changed is only `watching`."""
    dictionary = TagDictionary(**desks.get(session, desk_id).settings.get("tags", {}))
    counting = [(row, read_document(row.document)) for row in protocols.counting(session)]
    verdicts = [
        check(Source(name=protocol.name, text=row.document), names, dictionary)
        for row, protocol in counting
        if protocol.name in changed
    ]
    lines = {one.line: None for beside in _side_by_side(counting) if not watching for one in lint_together(beside)
             if one.severity is Severity.ERROR}  # fmt: skip
    verdicts.append(Verdict(source="all protocols in force together", protocol=None, errors=tuple(lines)))
    if any(verdict.errors for verdict in verdicts):
        raise NotSound([verdict for verdict in verdicts if verdict.errors])


def _side_by_side(counting: Sequence[tuple[protocols.InForce, RecoveryProtocol]]) -> list[list[RecoveryProtocol]]:
    """What decides on one ticket at once: the published versions, and each canary in its own protocol's place."""
    published = [(row, protocol) for row, protocol in counting if row.share is None and not row.shadow]
    together = [[protocol for _, protocol in published]]
    for canary, trial in counting:
        if canary.share is not None:
            others = [protocol for row, protocol in published if row.protocol_id != canary.protocol_id]
            together.append([*others, trial])
    return together
