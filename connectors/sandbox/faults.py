"""Faults on demand: which call to spoil, how, and how often. How an answer is spoiled lives in `zendesk.gate`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from connectors.sandbox.refusals import Invalid

#: Before the call takes effect: an error status, a wait, a dropped connection. After it took effect: the same three,
#: and an answer that makes no sense.
KINDS = (
    "status",
    "slow",
    "drop",
    "status_after_write",
    "slow_after_write",
    "drop_after_write",
    "garbage",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    fault: str  #: one of KINDS
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 1.0
    method: str = ""  #: empty = any
    path_prefix: str = "/api/"
    times: int = 1

    @property
    def early(self) -> bool:
        """Spoils the call before it takes effect."""
        return self.fault in ("status", "slow", "drop")


_TYPES: Mapping[str, tuple[type, ...]] = {
    "fault": (str,),
    "status": (int,),
    "headers": (dict,),
    "seconds": (int, float),
    "method": (str,),
    "path_prefix": (str,),
    "times": (int,),
}


def read(wanted: Mapping[str, Any]) -> Fault:
    """Raises Invalid, naming every field that is wrong."""
    wrong = {
        name: f"{name}: {value!r} is not right for it"
        for name, value in wanted.items()
        if name not in _TYPES or not isinstance(value, _TYPES[name]) or isinstance(value, bool)
    }
    if wanted.get("fault") not in KINDS:
        wrong["fault"] = f"fault: must be one of {', '.join(KINDS)}"
    if wrong:
        raise Invalid(wrong)
    return Fault(**wanted)


class Faults:
    """Faults that are still to happen, first in first out; kept in memory, since a restart should heal."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: list[Fault] = []

    def plant(self, fault: Fault) -> None:
        with self._mutex:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._mutex:
            self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        with self._mutex:
            return [asdict(fault) for fault in self._waiting]

    def find(self, method: str, path: str) -> Fault | None:
        """The first fault for this call; uses up one of its times."""
        with self._mutex:
            for place, fault in enumerate(self._waiting):
                if fault.method.upper() in ("", method) and path.startswith(fault.path_prefix):
                    self._use(place, fault)
                    return fault
        return None

    def _use(self, place: int, fault: Fault) -> None:
        if fault.times > 1:
            self._waiting[place] = replace(fault, times=fault.times - 1)
        else:
            del self._waiting[place]
