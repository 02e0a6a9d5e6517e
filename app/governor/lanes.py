"""The lanes of a desk's calls, and how much of an allowance each may take. Pure; no time and no memory lives here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from connectors.base import Allowance

#: Calls that may be under way before the helpdesk has told an allowance: what a first discovery can cost.
PROBES = 4
PROBE_WAIT = timedelta(milliseconds=300)
#: Allowances come in whole seconds, rounded as the vendor likes; a window is taken to end this much later.
MARGIN = timedelta(seconds=1)
#: A window that ends this much later than ours was believed to is another one.
ANOTHER = timedelta(seconds=5)


class Lane(StrEnum):
    """What a call is for, the most urgent first."""

    SIDEBAR = "sidebar"  # a person waits for the answer
    MONEY = "money"  # a gesture that was promised
    LIVE = "live"  # a ticket with a case, and the writes of recovery
    RESCORING = "rescoring"  # a ticket on which somebody wrote
    RECONCILE = "reconcile"  # what no webhook told
    BACKFILL = "backfill"  # history


#: Up to which part of our share a lane may have it spent: what is above is left to the lanes before it. Judgement.
CEILINGS: Mapping[Lane, float] = {
    Lane.SIDEBAR: 1.0,
    Lane.MONEY: 0.95,
    Lane.LIVE: 0.9,
    Lane.RESCORING: 0.65,
    Lane.RECONCILE: 0.45,
    Lane.BACKFILL: 0.3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A call's claim on one allowance: `share` of its total is ours, and `ceiling` of that its lane may have spent."""

    allowance: Allowance
    share: float
    ceiling: float

    @property
    def name(self) -> str:
        """The allowance's name in the memory."""
        return name_of(self.allowance.bucket, self.allowance.key)

    def cap(self, total: int) -> int:
        """Calls in a window until which this lane may go on; at least one, and never more than our share."""
        return max(1, math.ceil(math.floor(total * self.share + 1e-9) * self.ceiling - 1e-9))

    def reserve(self, total: int) -> int:
        """What has to be left at the helpdesk for the lanes before this one."""
        return math.floor(math.floor(total * self.share + 1e-9) * (1 - self.ceiling) + 1e-9)


def name_of(bucket: str, key: str) -> str:
    """One allowance of a desk as one word."""
    return f"{bucket}/{key}" if key else bucket


def draw(allowance: Allowance, lane: Lane, share: float) -> Draw:
    """An allowance that is counted for our own user alone is shared with nobody."""
    return Draw(allowance=allowance, share=1.0 if allowance.ours else share, ceiling=CEILINGS[lane])
