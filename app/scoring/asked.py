"""What was given, asked for and promised in a conversation, as far as later messages need it. No signals here.

Identifiers are kept as 16-bit hashes: enough to notice that one was given again, too little to tell which it was.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from app.scoring.promises import due_at

MOST = 12  #: identifiers remembered
LEAST_DIGITS, MOST_LENGTH = 4, 40  #: shorter numbers are counts and prices, longer runs are logs
NEAR = 45  #: characters before an identifier in which its kind is named
UNNAMED = "number"  #: the kind of an identifier that nobody has named

_NO = r"(?:number|num|no|nr|id|code|reference|ref)"
#: kind: how it is called beside the identifier, and how we ask for it
KINDS = {
    "e-mail address": (
        r"e-?mail|address",
        r"e-?mail address|what(?:['’]?s| is) your e-?mail|(?:and|or) (?:your |the )?e-?mail(?! (?:we|you|that|us))",
    ),
    "order number": (rf"order(?: {_NO})?", rf"order {_NO}"),
    "tracking number": (rf"(?:tracking|shipment|parcel)(?: {_NO})?", rf"(?:tracking|shipment|parcel) {_NO}"),
    "invoice number": (rf"invoice(?: {_NO})?", rf"invoice {_NO}"),
    "booking number": (
        rf"(?:booking|reservation|confirmation)(?: {_NO})?",
        rf"(?:booking|reservation|confirmation) {_NO}",
    ),
    "serial number": (rf"serial(?: {_NO})?|imei", rf"serial {_NO}|imei"),
    "account number": (
        rf"(?:account|customer|membership|contract)(?: {_NO})?",
        rf"(?:account|customer|membership|contract) {_NO}",
    ),
    "phone number": (r"phone|mobile|call me|cell", r"(?:tele)?phone number|mobile number|(?:contact|callback) number"),
    "postcode": (r"post ?code|postal code|zip(?: code)?", r"post ?code|postal code|zip(?: code)?"),
}
NAMED, WANTED = (
    re.compile(
        "|".join(rf"(?P<k{index}>\b(?:{words[side]})(?!\w))" for index, words in enumerate(KINDS.values())), re.I
    )
    for side in (0, 1)
)
NAMES = tuple(KINDS)
SENTENCE = re.compile(r"[^.?!\n]+")
ASKS = re.compile(
    r"\b(?:please|kindly|(?:could|can|would|will) you|(?:may|can|could) (?:i|we)|what(?:['’]?s| is| was)"
    r"|let (?:me|us) know|(?:i|we)(?:['’]ll| will| would|['’]d)? need|do you have)\b",
    re.I,
)
HAS_IT = re.compile(
    r"\b(?:thank(?:s| you) for|(?<!may )(?<!can )(?<!could )(?:i|we) (?:have|got) your|found your|to your)\b", re.I
)
EMAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}")
NUMBERS = re.compile(r"(?<![\w.,:/])[#+]?\w{0,5}[-_/]?\d(?:[-/]?\w| \d){3,24}(?!\w)")
DIGIT = re.compile(r"\d")
NOT_IDENTIFYING = re.compile(r"(?:19|20)\d\d|\d{1,2}[-/ ]\d{1,2}[-/ ]\d{2,4}|\d{4}-\d\d-\d\d(?:t.*)?", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An identifier that the customer gave."""

    kind: str
    mark: int  #: 16-bit hash
    message: str  #: id of the message it was first given in
    requested: bool = False  #: our side has asked for its kind since

    def after(self, wanted: tuple[str, ...]) -> Given:
        """After a reply of ours that asks for these kinds."""
        return self if self.requested or self.kind not in {*wanted, UNNAMED} else replace(self, requested=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was given, asked for and promised so far."""

    given: tuple[Given, ...] = ()  #: the latest last
    wanted: tuple[str, ...] = ()  #: kinds of identifier that our latest reply asked for
    again: tuple[str, ...] = ()  #: ids of the messages with the identifier that the latest customer message repeats
    again_kind: str = ""  #: its kind
    on_request: bool = False  #: our side asked for it after it had been given
    apologies: int = 0  #: replies of ours that apologise
    promises: int = 0  #: replies of ours that promise something by a time
    due: datetime | None = None  #: until when the latest open promise is to be kept

    def heard(self, text: str, message: str) -> Asked:
        """After a customer message, without quoted history."""
        given, again = list(self.given), None
        for kind, mark in _identifiers(text, self.wanted):
            known = next((one for one in given if one.mark == mark), None)
            if known is None:
                given.append(Given(kind=kind, mark=mark, message=message))
            elif known.message != message and (again is None or known.requested > again.requested):
                again = known
        if again is None and not self.again and not self.wanted and len(given) == len(self.given):
            return self
        return replace(
            self,
            given=tuple(given[-MOST:]),
            wanted=(),
            again=(again.message, message) if again else (),
            again_kind=again.kind if again else "",
            on_request=again is not None and again.requested,
        )

    def replied(self, text: str, at: datetime, found: Mapping[str, float]) -> Asked:
        """After a reply of ours, in which the service signals were `found`."""
        wanted = wanted_in(text)
        due = due_at(text, at)
        open_still = self.due if self.due and at < self.due and not found.get("service.confirmation") else None
        return Asked(
            given=tuple([one.after(wanted) for one in self.given]) if wanted else self.given,
            wanted=wanted,
            again=self.again,
            again_kind=self.again_kind,
            on_request=self.on_request,
            apologies=self.apologies + bool(found.get("service.apology")),
            promises=self.promises + (due is not None),
            due=due or open_still,
        )

    def known(self, wanted: tuple[str, ...]) -> Given | None:
        """The first identifier given already that is of one of these kinds."""
        return next((one for one in self.given if one.kind in wanted), None)

    def without_words(self) -> Asked:
        """The same without anything derived from the customer's words."""
        return replace(self, given=())

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self) | {"due": None if self.due is None else self.due.astimezone(UTC).isoformat()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | None) -> Asked:
        """The value that `to_json` wrote; an empty one for aggregates stored before there was any."""
        if document is None:
            return cls()
        due = document["due"]
        return cls(
            **{
                **document,
                "given": tuple(Given(**one) for one in document["given"]),
                "wanted": tuple(document["wanted"]),
                "again": tuple(document["again"]),
                "due": None if due is None else datetime.fromisoformat(due),
            }
        )


@lru_cache(maxsize=8)  # a reply is asked twice: as a signal and for what is remembered
def wanted_in(reply: str) -> tuple[str, ...]:
    """Kinds of identifier that a reply of ours asks for."""
    kinds: dict[str, None] = {}
    for sentence in SENTENCE.finditer(reply):
        asks = ASKS.search(sentence[0])
        if asks and not HAS_IT.search(sentence[0]):
            # "Your order number, please" asks at its end.
            start = asks.start() if sentence[0][asks.end() :].strip() else 0
            kinds |= dict.fromkeys(_kind(match) for match in WANTED.finditer(sentence[0], start))
    return tuple(kinds)


def _identifiers(text: str, wanted: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Kind and hash of every identifier in a customer's words; one without a name is of the kind we asked for."""
    for match in EMAIL.finditer(text) if "@" in text else ():
        yield "e-mail address", _mark(match[0])
    for match in NUMBERS.finditer(text) if DIGIT.search(text) else ():
        digits = sum(map(str.isdigit, match[0]))
        if digits < LEAST_DIGITS or len(match[0]) > MOST_LENGTH or NOT_IDENTIFYING.fullmatch(match[0]):
            continue
        named = list(NAMED.finditer(text, max(0, match.start() - NEAR), match.start()))
        yield _kind(named[-1]) if named else wanted[0] if len(wanted) == 1 else UNNAMED, _mark(match[0])


def _kind(match: re.Match[str]) -> str:
    return NAMES[int(str(match.lastgroup)[1:])]


def _mark(identifier: str) -> int:
    plain = "".join(filter(str.isalnum, identifier.lower()))
    return zlib.crc32(plain.encode()) & 0xFFFF
