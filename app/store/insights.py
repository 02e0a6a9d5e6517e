"""What is known of a ticket beside its state: hints gathered, causes, fault, vendor, churn risk, turning point.

Stored with the words sealed apart from the numbers. How it is read from words is `app.scoring`'s business.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.scoring.causes import Evidence, Finding, corrected
from app.scoring.churn import Churn
from app.scoring.gathering import Example, Gathered, Lens
from app.scoring.likeness import features, sentences
from app.scoring.taxonomy import DEFAULT, Taxonomy, load_taxonomy, parse_causes
from app.scoring.vendors import VendorSource, parse_vendors
from app.store.database import vault_of
from app.store.models import CauseExample, Desk, Message, TrackedTicket
from app.words import FaultSide, Level

MOST_EXAMPLES = 200  #: corrected tickets that a desk learns from, the newest
FROM_A_TICKET = 3  #: sentences of a corrected ticket's first message that are kept
LEARN = "learn_causes"  #: the desk's setting that lets corrected tickets be examples
SETTINGS = ("taxonomy", "causes", "vendors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is stored of a ticket between two looks at it."""

    gathered: Gathered = field(default_factory=Gathered)
    says: Mapping[str, str] = field(default_factory=dict)  #: values of the desk's mapped fields, by what they are for


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One circumstance of the churn risk as stored."""

    name: str
    logit: float
    evidence: str  #: empty once the words were erased


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """What pages show of it; evidence is empty once the words were erased."""

    cause_label: str
    cause: Sequence[Evidence] = ()
    fault: Sequence[Evidence] = ()
    vendor: str = ""
    churn: Sequence[Told] = ()


def lens(session: Session, desk_id: int) -> Lens:
    """What this desk listens for; made once per transaction. Raises TaxonomyError for settings that cannot be used."""
    known: Lens | None = session.info.get("lens")
    if known is not None:
        return known
    desk = session.get_one(Desk, desk_id)
    settings = json.dumps({name: desk.settings[name] for name in SETTINGS if name in desk.settings}, sort_keys=True)
    examples = _examples(session) if desk.settings.get(LEARN) else ()
    made = _lens(settings) if not examples else _make_lens(settings, examples)
    session.info["lens"] = made
    return made


def taxonomy_of(settings: Mapping[str, Any]) -> Taxonomy:
    """A desk's classes: those of its trade and its own. Raises TaxonomyError."""
    return load_taxonomy(settings.get("taxonomy", DEFAULT)).extended(parse_causes(settings.get("causes", [])))


@functools.lru_cache(maxsize=64)
def _lens(settings: str) -> Lens:
    return _make_lens(settings, ())


def _make_lens(settings: str, examples: Sequence[Example]) -> Lens:
    read = json.loads(settings)
    return Lens(taxonomy_of(read), parse_vendors(read.get("vendors", [])), examples)


def _examples(session: Session) -> Sequence[Example]:
    rows = session.scalars(select(CauseExample).order_by(CauseExample.id.desc()).limit(MOST_EXAMPLES))
    return [
        Example(cause=row.cause_class, hashes=frozenset(hashes))
        for row in rows
        for hashes in json.loads(vault_of(session).open(row.sealed_hashes))
    ]


def load(session: Session, row: TrackedTicket) -> Kept:
    """What was stored; empty for a ticket that is new to us."""
    if row.insight is None:
        return Kept()
    gathered = Gathered.from_json(row.insight["gathered"], _sealed(session, row).get("quotes"))
    return Kept(gathered=gathered, says=row.insight["says"])


def keep(session: Session, row: TrackedTicket, kept: Kept) -> None:
    """Store what was gathered, leaving what was concluded before as it is."""
    sealed = {**_sealed(session, row), "quotes": dict(kept.gathered.quotes)}
    row.insight = {**(row.insight or {}), "gathered": kept.gathered.to_json(), "says": dict(kept.says)}
    row.sealed_insight = vault_of(session).seal(json.dumps(sealed))


def record(session: Session, row: TrackedTicket, finding: Finding, churn: Churn) -> None:
    """Store what was concluded, with its evidence. What a person has corrected stays as they said."""
    row.cause, row.cause_class = finding.cause.cause, finding.cause.name
    row.cause_confidence = finding.cause.confidence
    if row.fault_by is None:
        row.fault_side = finding.fault.side
    row.vendor = finding.vendor.name if finding.vendor else None
    row.vendor_source = finding.vendor.source.value if finding.vendor else None
    row.churn_risk = churn.risk
    row.insight = {**(row.insight or {}), "churn": {reason.name: reason.logit for reason in churn.reasons}}
    sealed = {
        **_sealed(session, row),
        "cause": [[one.said, one.message_id] for one in finding.cause.evidence],
        "fault": [[one.said, one.message_id] for one in finding.fault.evidence],
        "vendor": finding.vendor.evidence if finding.vendor else "",
        "churn": {reason.name: reason.evidence for reason in churn.reasons},
    }
    row.sealed_insight = vault_of(session).seal(json.dumps(sealed))


def of_ticket(session: Session, row: TrackedTicket) -> Insight:
    """What pages show."""
    sealed = _sealed(session, row)
    said = sealed.get("churn", {})
    taxonomy = lens(session, row.desk_id).taxonomy
    return Insight(
        cause_label=taxonomy.label(row.cause_class) if row.cause_class else "",
        cause=[Evidence(said=words, message_id=id_) for words, id_ in sealed.get("cause", [])],
        fault=[Evidence(said=words, message_id=id_) for words, id_ in sealed.get("fault", [])],
        vendor=sealed.get("vendor", "") if row.vendor_source == VendorSource.WORDS else "",
        churn=[
            Told(name=name, logit=logit, evidence=said.get(name, ""))
            for name, logit in (row.insight or {}).get("churn", {}).items()
        ],
    )


def classes(session: Session, desk_id: int) -> Mapping[str, str]:
    """The desk's classes of causes with their labels, to choose from; the unknown one last."""
    known = {one.name: one.label for one in lens(session, desk_id).taxonomy.classes.values()}
    return dict(sorted(known.items(), key=lambda item: item[1])) | {"unknown": "Not known"}


def correct(session: Session, row: TrackedTicket, name: str, side: FaultSide | None, *, by: str) -> None:
    """A person says what it was; that wins over every reading. `side` None leaves the fault as it was read.

    Raises ValueError for a class that the desk does not have.
    """
    taxonomy = lens(session, row.desk_id).taxonomy
    if name not in taxonomy.classes and name != "unknown":
        raise ValueError(f"cause: must be one of {', '.join(taxonomy.classes)}, unknown: {name[:60]!r}")
    row.cause, row.cause_class = taxonomy.parent(name), name
    row.cause_confidence, row.cause_by = 1.0, by[:100]
    if side is not None:
        row.fault_side, row.fault_by = side, by[:100]
    sealed = {**_sealed(session, row), "cause": [[one.said, None] for one in corrected(name, taxonomy).evidence]}
    row.sealed_insight = vault_of(session).seal(json.dumps(sealed))


def learn(session: Session, row: TrackedTicket, now: datetime) -> bool:
    """Keep a corrected ticket as an example, where the desk's admin allows that; True when it was kept.

    What is kept are sealed hashes of the first sentences; they go when the ticket's words go.
    """
    desk = session.get_one(Desk, row.desk_id)
    first = session.scalar(
        select(Message)
        .where(Message.tracked_id == row.id, Message.author == "customer", Message.public)
        .order_by(Message.at, Message.id)
        .limit(1)
    )
    if not desk.settings.get(LEARN) or first is None or first.sealed_text is None or row.cause_class is None:
        return False
    told = sentences(vault_of(session).open(first.sealed_text))[:FROM_A_TICKET]
    sealed = vault_of(session).seal(json.dumps([sorted(features(one)) for one in told]))
    known = session.scalar(select(CauseExample).where(CauseExample.tracked_id == row.id))
    if known is None:
        known = CauseExample(desk_id=row.desk_id, tracked_id=row.id, cause_class="", sealed_hashes=b"", at=now)
        session.add(known)
    known.cause_class, known.sealed_hashes, known.at = row.cause_class, sealed, now
    session.info.pop("lens", None)
    return True


def earlier_trouble(session: Session, row: TrackedTicket) -> str | None:
    """The helpdesk's id of this person's newest earlier ticket that was a bad experience, or stands poor."""
    if row.person_id is None or row.opened_at is None:
        return None
    return session.scalar(
        select(TrackedTicket.ticket_id)
        .where(
            TrackedTicket.person_id == row.person_id,
            TrackedTicket.id != row.id,
            TrackedTicket.opened_at < row.opened_at,
            or_(TrackedTicket.level == Level.POOR, TrackedTicket.failed_at.is_not(None)),
        )
        .order_by(TrackedTicket.opened_at.desc(), TrackedTicket.id.desc())
        .limit(1)
    )


def count_corrected(session: Session) -> int:
    """Tickets whose cause a person has named."""
    corrected = select(func.count()).select_from(TrackedTicket).where(TrackedTicket.cause_by.is_not(None))
    return session.scalar(corrected) or 0


def _sealed(session: Session, row: TrackedTicket) -> dict[str, Any]:
    if row.sealed_insight is None:
        return {}
    opened: dict[str, Any] = json.loads(vault_of(session).open(row.sealed_insight))
    return opened
