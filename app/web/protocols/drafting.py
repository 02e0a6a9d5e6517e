"""What the editor holds between two clicks: the document as it stands, and what is said about it. No handlers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import current_app
from werkzeug.datastructures import MultiDict

from app.protocols.document import plain_document, read_document
from app.protocols.errors import DocumentError
from app.protocols.protocol import RecoveryProtocol
from app.protocols.yaml_text import read_yaml, write_yaml
from app.trying import NothingKnown, Trial, lint_in_place, try_on
from app.web.context import desk_id, parts
from app.web.protocols.choices import DeskChoices, Kept
from app.web.protocols.form import read_form
from app.web.protocols.widgets import Drawer, Group, Said, Sheet, locate

LONGEST_TICKET = 64
_KEPT = "kintsugi-choices"

#: What a new protocol begins with, so that a first look shows how one is built.
STARTER: Mapping[str, Any] = {
    "cause": "any",
    "criteria": {"all": [{"field": "state", "operator": "is", "value": "poor_worsening"}]},
    "actions": [{"do": "note"}],
    "follow_up": {"resurvey": {"after_hours": 24}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A document that is being written."""

    document: Mapping[str, Any]  #: as plain values; may still be wrong in any way
    base: int = 0  #: the number of the version that it began from; 0 for a new protocol
    ticket: str = ""  #: the ticket that it is tried on
    text: str | None = None  #: the YAML, where it is written as such
    broken: Sequence[Said] = ()  #: what keeps the YAML from being read at all
    mapping: bool = True  #: False where the YAML has no keys, so that no form can show what it says


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is said about a document as it stands."""

    protocol: RecoveryProtocol | None  #: None while it cannot be read
    said: Sequence[Said] = ()
    trial: Trial | None = None
    no_trial: str = ""

    @property
    def errors(self) -> Sequence[Said]:
        return [one for one in self.said if one.severity == "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The form of a document with what is said at its places."""

    sheet: Sheet
    verdict: Verdict
    at: Mapping[str, Sequence[Said]] = field(default_factory=dict)  #: by the control's id

    def opens(self, section: Group) -> bool:
        """Whether a folded section has something to show."""
        return section.filled or any(f"{place}-".startswith(f"{section.id}-") for place in self.at)


def read_work(sent: MultiDict[str, str]) -> Work:
    """What a form holds. Its document may be written as YAML, then it is read as such."""
    base = sent.get("base", "")
    work = Work(
        document={},
        base=int(base) if base.isdecimal() and len(base) < 9 else 0,
        ticket=sent.get("ticket", "").replace("\0", "").strip()[:LONGEST_TICKET],
    )
    if "document" not in sent:
        return replace(work, document=read_form(sent.lists()))
    text = sent["document"].replace("\r\n", "\n")
    try:
        found = read_yaml(text)
    except DocumentError as error:
        return replace(work, text=text, broken=errors_of(error))
    mapping = isinstance(found, dict)
    return replace(work, text=text, document=found if mapping else {}, mapping=mapping)


def of_document(text: str, base: int = 0) -> Work:
    """A stored document to go on with; as YAML where it is of a form that is not understood any more."""
    try:
        return Work(document=plain_document(read_document(text)), base=base)
    except DocumentError as error:
        return Work(document={}, base=base, text=text, broken=errors_of(error))


def as_text(work: Work) -> str:
    """The document as YAML."""
    return work.text if work.text is not None else write_yaml(work.document)


def choices() -> DeskChoices:
    """What this desk has by name."""
    kept: Kept = current_app.extensions.setdefault(_KEPT, Kept())
    return kept.of(parts(), desk_id())


def judge(work: Work, desk: DeskChoices) -> Verdict:
    """Everything there is to say about the document, and what it says of its ticket."""
    if work.broken:
        return Verdict(protocol=None, said=work.broken)
    try:
        protocol = read_document(work.document if work.text is None else work.text)
    except DocumentError as error:
        return Verdict(protocol=None, said=errors_of(error))
    findings = lint_in_place(parts(), desk_id(), protocol, desk.names)
    said = [Said(severity=str(one.severity), path=one.path, message=one.message) for one in findings]
    trial, why = _try(protocol, work.ticket)
    return Verdict(protocol=protocol, said=said, trial=trial, no_trial=why)


def draw(work: Work, desk: DeskChoices, verdict: Verdict, *, fixed_name: bool) -> Drawn:
    """The document as a form, with what is said beside what it concerns."""
    drawer = Drawer(document=work.document, desk=desk, fixed_name=fixed_name)
    sheet = drawer.sheet()
    said = locate(verdict.said, drawer.drawn)
    at: dict[str, list[Said]] = {}
    for one in said:
        at.setdefault(one.anchor, []).append(one)
    return Drawn(sheet=sheet, verdict=replace(verdict, said=said), at=at)


def _try(protocol: RecoveryProtocol, ticket: str) -> tuple[Trial | None, str]:
    if not ticket:
        return None, ""
    try:
        return try_on(parts(), desk_id(), protocol, ticket), ""
    except NothingKnown as error:
        return None, str(error)


def errors_of(error: DocumentError) -> list[Said]:
    """What keeps a document from being read or stored, at its places."""
    return [Said(severity="error", path=one.path, message=_told(one.message, one.value)) for one in error.errors]


def _told(message: str, value: str | None) -> str:
    return message if value is None else f"{message} (got {value})"
