"""Why the service failed and whose fault it was, with evidence; unknown where that is not sure. See docs/insight.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.scoring.gathering import CAUSE, PLAIN_LENS, SIDE, VENDOR, Gathered, Lens
from app.scoring.taxonomy import CauseClass, Taxonomy, normal
from app.scoring.vendors import VendorFound, VendorSource, identify
from app.words import Cause, FaultSide

TAG_WEIGHT, FIELD_WEIGHT = 5.0, 8.0  #: somebody at the desk said it outright
DOUBT = 0.5  #: a vote for none of the classes, so that one faint hint is not certainty
SURE = 0.5  #: share of all votes from which a cause is named


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSays:
    """What the ticket itself says beside its messages; names of tags and values of the desk's mapped fields."""

    tags: frozenset[str] = frozenset()
    reason: str | None = None  #: the field of reasons
    vendor: str | None = None
    order_vendor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What something was concluded from."""

    said: str  #: shown to agents; may quote the customer
    message_id: str | None = None  #: None where the ticket's own fields say it


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseFound:
    """Why it failed."""

    cause: Cause
    name: str  #: the class, the same word as the cause or a narrower one
    confidence: float  #: share of the votes, in [0, 1]; 0 where the cause is unknown
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultFound:
    """Whose fault it was."""

    side: FaultSide
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """All of it for one ticket."""

    cause: CauseFound
    fault: FaultFound
    vendor: VendorFound | None


UNKNOWN = CauseFound(cause=Cause.UNKNOWN, name=Cause.UNKNOWN.value, confidence=0.0)


def conclude(gathered: Gathered, lens: Lens = PLAIN_LENS, says: TicketSays | None = None) -> Finding:
    """Cause, fault side and vendor of a ticket as it stands."""
    says = says or TicketSays()
    cause = find_cause(gathered, lens.taxonomy, says)
    vendor = identify(field=says.vendor, order=says.order_vendor, named=_named_vendor(gathered), vendors=lens.vendors)
    return Finding(cause=cause, fault=find_fault(gathered, lens.taxonomy, cause, vendor), vendor=vendor)


def find_cause(gathered: Gathered, taxonomy: Taxonomy, says: TicketSays) -> CauseFound:
    """The shared cause with the most votes, then the class in it with the most; unknown below half of the votes."""
    votes = dict(_votes(gathered, taxonomy, says))
    by_cause: dict[Cause, float] = {}
    for name, weight in votes.items():
        cause = taxonomy.parent(name)
        by_cause[cause] = by_cause.get(cause, 0.0) + weight
    by_cause.pop(Cause.UNKNOWN, None)
    if not by_cause:
        return UNKNOWN
    best = max(sorted(by_cause), key=lambda cause: by_cause[cause])
    confidence = by_cause[best] / (sum(by_cause.values()) + DOUBT)
    if confidence < SURE:
        return UNKNOWN
    within = [name for name in votes if taxonomy.parent(name) is best]
    # Of classes that are as likely, the narrower one says more.
    name = max(sorted(within), key=lambda one: (votes[one], one != best.value))
    evidence = [_evidence(gathered, taxonomy.classes[one], says) for one in (name, *within)]
    shown = tuple(dict.fromkeys(one for found in evidence for one in found))
    return CauseFound(cause=best, name=name, confidence=confidence, evidence=shown[:3])


def corrected(name: str, taxonomy: Taxonomy) -> CauseFound:
    """The cause that a person named; certain."""
    said = (Evidence(said="named by a person"),)
    return CauseFound(cause=taxonomy.parent(name), name=name, confidence=1.0, evidence=said)


def find_fault(gathered: Gathered, taxonomy: Taxonomy, cause: CauseFound, vendor: VendorFound | None) -> FaultFound:
    """Whose fault it was. What the customer admits comes first, then a courier or vendor that the cause can be laid to,
    then what the class says by itself."""
    known = taxonomy.classes.get(cause.name)
    if FaultSide.CUSTOMER in _sides(gathered):
        return _fault(FaultSide.CUSTOMER, _said_side(gathered, FaultSide.CUSTOMER))
    if known is None:
        return FaultFound(side=FaultSide.UNKNOWN)
    if known.courier_fault and FaultSide.COURIER in _sides(gathered):
        return _fault(FaultSide.COURIER, _said_side(gathered, FaultSide.COURIER), *cause.evidence)
    if known.vendor_fault and vendor is not None:
        said = Evidence(said=vendor.evidence, message_id=vendor.message_id)
        return _fault(FaultSide.VENDOR, said, *cause.evidence)
    if known.vendor_fault and FaultSide.VENDOR in _sides(gathered):
        return _fault(FaultSide.VENDOR, _said_side(gathered, FaultSide.VENDOR), *cause.evidence)
    if known.fault is not FaultSide.UNKNOWN:
        return _fault(known.fault, *cause.evidence)
    if FaultSide.PLATFORM in _sides(gathered):
        return _fault(FaultSide.PLATFORM, _said_side(gathered, FaultSide.PLATFORM))
    return FaultFound(side=FaultSide.UNKNOWN)


def _votes(gathered: Gathered, taxonomy: Taxonomy, says: TicketSays) -> Iterable[tuple[str, float]]:
    tags, reason = {normal(tag) for tag in says.tags}, normal(says.reason or "")
    for name, known in taxonomy.classes.items():
        weight = gathered.weights.get(CAUSE + name, 0.0)
        weight += TAG_WEIGHT if tags & known.tags else 0.0
        weight += FIELD_WEIGHT if _is_reason(known, reason) else 0.0
        if weight:
            yield name, weight


def _is_reason(known: CauseClass, reason: str) -> bool:
    return bool(reason) and reason in {normal(known.name), normal(known.label), *known.fields}


def _evidence(gathered: Gathered, known: CauseClass, says: TicketSays) -> Iterable[Evidence]:
    if _is_reason(known, normal(says.reason or "")):
        yield Evidence(said=f"field of reasons: {says.reason}")
    yield from (Evidence(said=f"tag: {tag}") for tag in sorted(says.tags) if normal(tag) in known.tags)
    if CAUSE + known.name in gathered.where:
        yield _said(gathered, CAUSE + known.name)


def _sides(gathered: Gathered) -> set[FaultSide]:
    return {FaultSide(key.removeprefix(SIDE)) for key in gathered.weights if key.startswith(SIDE)}


def _said_side(gathered: Gathered, side: FaultSide) -> Evidence:
    return _said(gathered, SIDE + side)


def _said(gathered: Gathered, key: str) -> Evidence:
    return Evidence(said=gathered.quotes.get(key, ""), message_id=gathered.where.get(key))


def _fault(side: FaultSide, *evidence: Evidence) -> FaultFound:
    return FaultFound(side=side, evidence=tuple(dict.fromkeys(evidence))[:3])


def _named_vendor(gathered: Gathered) -> VendorFound | None:
    """The vendor that the customer names; none where several are named."""
    named = [key for key in gathered.weights if key.startswith(VENDOR)]
    if len(named) != 1:
        return None
    said, name = _said(gathered, named[0]), named[0].removeprefix(VENDOR)
    return VendorFound(name=name, source=VendorSource.WORDS, evidence=said.said, message_id=said.message_id)
