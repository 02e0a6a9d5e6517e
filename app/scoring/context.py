"""What scoring knows of a desk beside the conversation: its hours, its own norm, its learned text features.

Values only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Hours(Protocol):
    """When a desk works."""

    def between(self, start: datetime, end: datetime) -> float:
        """Working hours from `start` to `end`, both aware; 0 when the end is not later."""
        ...

    def after(self, start: datetime, hours: float) -> datetime:
        """The moment at which so many working hours have passed since `start`."""
        ...


class TextModel(Protocol):
    """Text features learned from a desk's own ratings."""

    @property
    def name(self) -> str:
        """Name and version; sums made with another one are of no use."""
        ...

    def read(self, words: str) -> tuple[float, str]:
        """The logit of satisfaction that a message's words add, and the pieces of it that weigh most, as evidence."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """The desk's own norm of reply times: medians in business hours, None while too few are known."""

    first_reply: float | None = None
    next_reply: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One desk as scoring sees it."""

    hours: Hours | None = None  #: None counts calendar hours
    usual: Usual = Usual()
    text: TextModel | None = None
    languages: tuple[str, ...] = ()  #: ISO 639-1: what customers write in; () where anything may come


PLAIN = Context()  #: a desk about which nothing is known
