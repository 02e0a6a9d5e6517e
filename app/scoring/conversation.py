"""One conversation as scoring sees it: what was said, what the ticket says, and the running aggregates.

Values only: how they are updated stands in engine.py, what they mean in signals/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal

from app.scoring.asked import Asked
from app.scoring.language import Spoken
from app.scoring.text_sum import TextSum
from app.scoring.waits import Waits
from app.words import Direction, Level

Role = Literal["customer", "agent", "other"]

FORMAT = 1  #: version of Running's JSON form


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One message, as said."""

    id: str
    role: Role  #: "other" is everyone who is neither the requester nor an agent: people in copy, bots, rules
    public: bool
    text: str  #: as the helpdesk gives it, quoted history and all
    at: datetime  #: aware


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """What the ticket says beside its messages, at the moment of scoring."""

    solved: bool = False
    solved_at: datetime | None = None
    reopens: int = 0
    priority: str | None = None
    channel: str | None = None
    reassignments: int = 0  #: hand-overs from one agent or group to another
    hold_minutes: float | None = None  #: queue or hold time, where the desk maps a field that says it
    vendor: str | None = None  #: the vendor behind the order, where the desk maps a field that says it
    earlier_ratings: tuple[float, ...] = ()  #: this person's ratings of other tickets, each in [0, 1]
    segment_rating: float | None = None  #: mean rating of this person's organisation, in [0, 1]
    segment_ratings: int = 0  #: how many ratings that mean is of
    mild_tickets: int = 0  #: other tickets of the person with mild trouble in the last fortnight
    mild_around: int = 0  #: tickets of others in the organisation with mild trouble in the last fortnight
    earlier_failures: int = 0  #: bad experiences of this person in the rolling window, this ticket not counted
    failed: bool = False  #: this ticket has been a bad experience already; what that is stands in history.py
    same_topic_days: float | None = None  #: days from the solution of the person's latest ticket on the same topic
    rating: float | None = None  #: this ticket's newest rating, in [0, 1]
    rated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the four states have to remember between two scores, so that they do not flap."""

    level: Level | None = None
    direction: Direction = Direction.NONE
    leaning: Direction | None = None  #: the last direction that was no standing still

    def to_json(self) -> dict[str, str | None]:
        """As plain JSON."""
        return {"level": self.level, "direction": self.direction, "leaning": self.leaning}

    @classmethod
    def from_json(cls, document: Mapping[str, str | None]) -> Memory:
        """The value that `to_json` wrote."""
        level, leaning = document["level"], document["leaning"]
        return cls(
            level=Level(level) if level else None,
            direction=Direction(str(document["direction"])),
            leaning=Direction(leaning) if leaning else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregates:
    """Per signal, what its values in the customer's messages come to. A signal that is missing counts as 0."""

    last: Mapping[str, float] = field(default_factory=dict)
    fast: Mapping[str, float] = field(default_factory=dict)  #: weighted mean, the newest message weighs one half
    slow: Mapping[str, float] = field(default_factory=dict)  #: the same, the newest message weighs 0.15
    worst: Mapping[str, float] = field(default_factory=dict)  #: the strongest so far
    total: Mapping[str, float] = field(default_factory=dict)  #: the sum over messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The running aggregates of one conversation: constant size, updated per message, never computed again.

    The evidence quotes the customer, so the JSON form is to be stored sealed like the words themselves;
    `without_words` is what may stay when they are erased. Words kept for comparison are 16-bit hashes.
    """

    customer_turns: int = 0  #: customer messages that counted, with or without text
    worded_turns: int = 0  #: those of them with text
    agent_turns: int = 0
    auto_replies: int = 0
    customer_run: int = 0  #: customer messages since our last reply
    last_role: str | None = None
    last_at: datetime | None = None
    spoken: Spoken = field(default_factory=Spoken)  #: the customer's language
    waits: Waits = field(default_factory=Waits)
    seen: Aggregates = Aggregates()
    recent: tuple[Mapping[str, float], ...] = ()  #: signal values of up to three customer messages before the last
    service: Mapping[str, float] = field(default_factory=dict)  #: signal values of our side, smoothed over replies
    said: tuple[tuple[int, ...], ...] = ()  #: hashed words of the latest customer messages
    replied: tuple[tuple[int, ...], ...] = ()  #: hashed words of our latest replies
    pending: tuple[int, ...] | None = None  #: hashed words of a question that nobody has replied to
    questions: int = 0
    unanswered: int = 0
    asked: Asked = field(default_factory=Asked)  #: identifiers given, asked for and promised
    closed_by_customer: bool = False  #: the customer's latest message says that all is well or over
    evidence: Mapping[str, str] = field(default_factory=dict)  #: per signal, where it was last found
    abstained: tuple[str, ...] = ()  #: of the latest customer message
    text: TextSum = field(default_factory=TextSum)  #: what the desk's own text model made of the messages
    memory: Memory = Memory()

    @classmethod
    def start(cls, locale: str | None = None) -> Running:
        """A conversation in which nothing has been said; `locale` is the language the helpdesk has for the customer."""
        return cls(spoken=Spoken.expected(locale))

    @property
    def language(self) -> str | None:
        """ISO 639-1 code of the customer's language; None until there is enough to tell."""
        return self.spoken.language

    def without_words(self) -> Running:
        """The same numbers without anything the customer wrote."""
        return replace(
            self,
            evidence={},
            said=(),
            replied=(),
            pending=None,
            asked=self.asked.without_words(),
            spoken=self.spoken.without_words(),
            text=self.text.without_words(),
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON: dicts, lists, strings, numbers, None."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        plain |= {
            "format": FORMAT,
            "last_at": _iso(self.last_at),
            "spoken": self.spoken.to_json(),
            "waits": {item.name: getattr(self.waits, item.name) for item in fields(Waits)}
            | {"since": _iso(self.waits.since)},
            "seen": {item.name: dict(getattr(self.seen, item.name)) for item in fields(Aggregates)},
            "recent": [dict(values) for values in self.recent],
            "service": dict(self.service),
            "said": [list(words) for words in self.said],
            "replied": [list(words) for words in self.replied],
            "pending": None if self.pending is None else list(self.pending),
            "asked": self.asked.to_json(),
            "evidence": dict(self.evidence),
            "abstained": list(self.abstained),
            "text": self.text.to_json(),
            "memory": self.memory.to_json(),
        }
        return plain

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Running:
        """The value that `to_json` wrote. Raises ValueError for another format version."""
        if document.get("format") != FORMAT:
            raise ValueError(f"running aggregates of format {document.get('format')!r}, expected {FORMAT}")
        known = {item.name: document[item.name] for item in fields(cls) if item.name in document}
        waits, pending = document["waits"], document["pending"]
        return cls(
            **known
            | {
                "last_at": _moment(document["last_at"]),
                "waits": Waits(**{**waits, "since": _moment(waits["since"])}),
                "seen": Aggregates(**document["seen"]),
                "recent": tuple(document["recent"]),
                "said": tuple(tuple(words) for words in document["said"]),
                "replied": tuple(tuple(words) for words in document["replied"]),
                "pending": None if pending is None else tuple(pending),
                "asked": Asked.from_json(document.get("asked")),
                "spoken": Spoken.from_json(document.get("spoken")),
                "abstained": tuple(document["abstained"]),
                "text": TextSum.from_json(document.get("text")),
                "memory": Memory.from_json(document["memory"]),
            }
        )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
