"""What is made for us at a helpdesk, and the interface of what makes it. Nothing of any vendor lives here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from connectors.ticket import Write


class Thing(StrEnum):
    """What can be made at a helpdesk for us, in the order of making; it is taken away in the other order."""

    WEBHOOK = "webhook"
    RULE = "rule"  # a trigger or automation that calls the webhook
    FIELD = "field"
    VIEW = "view"
    MACRO = "macro"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a desk should have at the helpdesk. Everything is named so that people there see whose it is."""

    endpoint: str  #: the address that webhooks have to call
    secret: str = field(repr=False)  #: what they prove themselves by, where that is ours to choose
    by_rule: bool = False  #: a webhook called by rules instead of one subscribed to events
    marker: str  #: stands in every title or description; tells our things of this desk from all others
    state_tags: Mapping[str, str]  #: the tag dictionary: tag -> what people read, as in "Poor, worsening"
    open_tag: str  #: marks an open recovery case
    worst_tag: str  #: the state in which a ticket asks for attention most
    fields: Mapping[str, str]  #: "score", "state" and "cause" -> title
    views: Mapping[str, str]  #: tag -> title of the view of unsolved tickets that have it
    macros: Mapping[str, Write]  #: title -> what it does


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One thing of ours at the helpdesk."""

    thing: Thing
    key: str  #: which one of its sort, as in "score" or "created"; ours
    id: str  #: the helpdesk's
    title: str
    fingerprint: str  #: of its contents as we left them, so that somebody else's edit is noticed
    secret: str | None = field(default=None, repr=False)  #: a webhook's, where the helpdesk chose it


class Doing(StrEnum):
    """What a change of an installation does."""

    MAKE = "make"
    MEND = "mend"  # ours, but not as it should be
    KEEP = "keep"
    BY_HAND = "by hand"  # no call does it here, so a person has to


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of an installation's plan."""

    doing: Doing
    thing: Thing
    key: str
    title: str
    made: Made | None = None  #: what is there already; None where it has to be made
    note: str = ""  #: what a person has to do, exactly


class Installer(ABC):
    """Makes what we need at the helpdesk and takes it away again. Works on one `Wanted`, of one opened desk."""

    @abstractmethod
    def plan(self, known: Sequence[Made]) -> Sequence[Change]:
        """Everything that is wanted, and what has to be done for it, in the order of doing. Changes nothing.

        A thing is ours if its id is `known` and still there, or if it carries our marker.
        """

    @abstractmethod
    def apply(self, change: Change) -> Made:
        """Do one change of the plan; one that keeps a thing only reads. Raises Refused with what is missing, and for
        what is to be done by hand."""

    @abstractmethod
    def remove(self, made: Made) -> str:
        """Take one thing away. Empty when it is gone, else why it was left, as where somebody has changed it since."""
