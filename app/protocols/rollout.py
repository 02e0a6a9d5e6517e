"""Which versions of the protocols count on one ticket: published ones, canaries on a share of tickets, and shadows.

Pure, and stable: the same ticket is on the same side of a protocol's canary at every look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from app.protocols.decide import Published
from app.protocols.protocol import RecoveryProtocol

LEAST_SHARE = 0.001  #: of a canary: below one ticket in a thousand it would try nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version that is published, runs as a canary, or watches as a shadow."""

    protocol_id: int
    version_id: int
    protocol: RecoveryProtocol
    order: int = 0
    share: float | None = None  #: of a canary, above 0 and up to 1; None for all others
    shadow: bool = False

    @property
    def published(self) -> Published:
        return Published(version_id=self.version_id, protocol=self.protocol, order=self.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What counts on one ticket."""

    acting: tuple[Published, ...] = ()  #: in force, at most one version of each protocol
    watching: tuple[Published, ...] = ()  #: shadows; each decides in its own protocol's place, and nothing follows

    @property
    def all(self) -> tuple[Published, ...]:
        return self.acting + self.watching

    def beside(self, shadow: Published) -> tuple[Published, ...]:
        """What the shadow would decide among: those in force, with it in the place of its own protocol's version."""
        name = shadow.protocol.name
        return (*(one for one in self.acting if one.protocol.name != name), shadow)


def share_of(protocol_id: int, ticket_id: str) -> float:
    """Where a ticket stands among all, in [0, 1), by a stable hash; another protocol's canary draws anew."""
    digest = hashlib.sha256(f"{protocol_id}:{ticket_id}".encode()).digest()
    # 53 bits are what a float holds: with more, the last tickets would round up to 1.
    return (int.from_bytes(digest[:8]) >> 11) / 2**53


def in_canary(protocol_id: int, ticket_id: str, share: float) -> bool:
    """Whether a canary of that share acts on the ticket."""
    return share_of(protocol_id, ticket_id) < share


def on_ticket(candidates: Iterable[Candidate], ticket_id: str) -> Rollout:
    """The canary's version where the ticket is in its share, else the published one; shadows apart."""
    acting: dict[int, Candidate] = {}
    watching = []
    for one in candidates:
        if one.shadow:
            watching.append(one.published)
        elif one.share is None:
            acting.setdefault(one.protocol_id, one)
        elif in_canary(one.protocol_id, ticket_id, one.share):
            acting[one.protocol_id] = one
    return Rollout(acting=tuple(one.published for one in acting.values()), watching=tuple(watching))
