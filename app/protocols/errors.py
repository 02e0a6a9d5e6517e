"""What protocols can refuse, split by what the caller can do about it. No other code lives here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class ProtocolError(Exception):
    """Something about a protocol is not as it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One thing wrong with a document. `str()` gives the line people read, with the offending value quoted."""

    path: str  #: "criteria.all[1].operator"; empty for the document as a whole
    message: str
    value: str | None = None  #: the offending value as quoted to people, shortened; None where nothing was given

    def __str__(self) -> str:
        place = self.path or "document"
        quoted = "" if self.value is None else f" (got {self.value})"
        return f"{place}: {self.message}{quoted}"


class DocumentError(ProtocolError):
    """The document cannot become a protocol; `errors` holds everything that is wrong with it, in its own order."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors


class FactsError(ProtocolError):
    """Facts with an unknown name or a value of the wrong kind: a slip in our own code, never a customer's."""


class CannotPlan(ProtocolError):
    """This step cannot be planned on this ticket and desk; the message is the reason that people read."""


class Withheld(CannotPlan):
    """It could be planned, and is better not done; the message is the reason that people read."""


class IllegalAdvance(ProtocolError):
    """The event means nothing to a case at that stage."""

    def __init__(self, stage: Any, event: Any) -> None:
        super().__init__(f"a case that is {stage} cannot {event}")
        self.stage = stage
        self.event = event
