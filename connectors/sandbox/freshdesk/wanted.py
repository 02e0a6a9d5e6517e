"""Reads the ticket object of a request into a `Change`, with Freshdesk's own validation of fields, types and values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from connectors.sandbox import people, statuses
from connectors.sandbox.changes import Change, NewComment
from connectors.sandbox.freshdesk import markup
from connectors.sandbox.freshdesk.codes import PRIORITIES, SOURCE_CODES, channel_of
from connectors.sandbox.freshdesk.errors import Fault, Wrong
from connectors.sandbox.freshdesk.fields import VALUES, kind_of, name_of, own_fields
from connectors.sandbox.people import Person
from connectors.sandbox.store import Db

UPDATABLE = frozenset(
    {"subject", "type", "status", "priority", "requester_id", "responder_id", "group_id", "tags", "custom_fields"}
)
CREATABLE = UPDATABLE | {"email", "name", "description", "source", "cc_emails"}
_LONGEST_TAG = 32

_WORDS: Mapping[type, str] = {str: "String", int: "Integer", list: "Array", dict: "key/value pair", bool: "Boolean"}


class Reading:
    """One object being read; collects everything that is wrong with it."""

    def __init__(self, db: Db, given: Mapping[str, Any], known: Collection[str]) -> None:
        self._db, self.given = db, given
        text = "Unexpected/invalid field in request"
        self.faults = [Fault(field=name, message=text, code="invalid_field") for name in given if name not in known]
        self.values: dict[str, Any] = {}
        self.fields: dict[str, Any] = {}

    def ticket(self) -> Reading:
        """The attributes of a ticket. Raises Wrong."""
        for name, (attribute, read) in _READERS.items():
            if name in self.given:
                value = read(self, name, self.given[name])
                self.values[attribute] = value
        if "custom_fields" in self.given and self.typed("custom_fields", self.given["custom_fields"], dict):
            for name, value in self.given["custom_fields"].items():
                self._custom(name, value)
        self.stop_if_wrong()
        return self

    def stop_if_wrong(self) -> None:
        if self.faults:
            raise Wrong(self.faults)

    def typed(self, name: str, value: Any, kind: type) -> bool:
        """Whether the value is of this type; a fault where it is not."""
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return True
        message = f"Value set is of type {_named(value)}.It should be a/an {_WORDS[kind]}"
        self.faults.append(Fault(field=name, message=message, code="datatype_mismatch"))
        return False

    def required(self, name: str) -> str:
        """Text that has to be there."""
        value = self.given.get(name)
        if value is None or value == "":
            self.faults.append(Fault(field=name, message="It should be a/an String", code="missing_field"))
            return ""
        return str(value) if self.typed(name, value, str) else ""

    def fault(self, name: str, message: str) -> None:
        self.faults.append(Fault(field=name, message=message))

    def _custom(self, name: str, value: Any) -> None:
        field = next((one for one in own_fields(self._db) if name_of(one.title) == name), None)
        if field is None:
            text = "Unexpected/invalid field in request"
            self.faults.append(Fault(field=name, message=text, code="invalid_field"))
            return
        kinds = VALUES[kind_of(field)]
        if value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
            message = f"Value set is of type {_named(value)}.It should be a/an {_WORDS.get(kinds[0], 'Number')}"
            self.faults.append(Fault(field=name, message=message, code="datatype_mismatch"))
        self.fields[str(field.id)] = value

    def text(self, name: str, value: Any) -> str | None:
        return value if self.typed(name, value, str) else None

    def kind(self, name: str, value: Any) -> str | None:
        return None if value is None else (self.text(name, value) or "").lower()

    def status(self, name: str, value: Any) -> str | None:
        if not self.typed(name, value, int):
            return None
        found = statuses.find_by_code(self._db, value)
        if found is None:
            codes = ",".join(str(one.code) for one in statuses.everything(self._db))
            self.fault(name, f"It should be one of these values: '{codes}'")
            return None
        return found.word

    def priority(self, name: str, value: Any) -> str | None:
        if self.typed(name, value, int) and value not in PRIORITIES:
            self.fault(name, "It should be one of these values: '1,2,3,4'")
        return PRIORITIES.get(value) if isinstance(value, int) else None

    def group(self, name: str, value: Any) -> int | None:
        return self._reference(name, value, self._is_group, "group")

    def agent(self, name: str, value: Any) -> int | None:
        return self._reference(name, value, self._is_agent, "agent")

    def requester(self, name: str, value: Any) -> int | None:
        return self._reference(name, value, lambda number: people.find(self._db, number) is not None, "contact")

    def tags(self, name: str, value: Any) -> tuple[str, ...]:
        """The whole list: what is not in it is gone."""
        if not self.typed(name, value, list):
            return ()
        if not all(isinstance(tag, str) for tag in value):
            self.faults.append(
                Fault(field=name, message="It should contain elements of type String only", code="datatype_mismatch")
            )
            return ()
        if any(len(tag) > _LONGEST_TAG for tag in value):
            self.fault(name, f"It should only contain elements that have maximum of {_LONGEST_TAG} characters")
        return tuple(sorted({tag.strip() for tag in value if tag.strip()}))

    def source(self, value: Any) -> str:
        """The channel behind a source's code."""
        channel = channel_of(value) if self.typed("source", value, int) else None
        if channel is None:
            self.fault("source", f"It should be one of these values: '{','.join(str(one) for one in SOURCE_CODES)}'")
        return channel or "web"

    def _is_group(self, number: int) -> bool:
        return people.find_group_name(self._db, number) is not None

    def _is_agent(self, number: int) -> bool:
        person = people.find(self._db, number) if number > 0 else None
        return person is not None and person.is_staff and not person.suspended

    def _reference(self, name: str, value: Any, there: Callable[[int], bool], what: str) -> int | None:
        if value is None or not self.typed(name, value, int):
            return None
        if not there(value):
            self.fault(name, f"There is no {what} matching the given {name}")
        return int(value)


#: Member of the request -> attribute of a ticket, and its reader.
_READERS: Mapping[str, tuple[str, Callable[[Reading, str, Any], Any]]] = {
    "subject": ("subject", Reading.text),
    "type": ("type", Reading.kind),
    "status": ("status", Reading.status),
    "priority": ("priority", Reading.priority),
    "requester_id": ("requester_id", Reading.requester),
    "responder_id": ("assignee_id", Reading.agent),
    "group_id": ("group_id", Reading.group),
    "tags": ("tags", Reading.tags),
}


def change(db: Db, given: Mapping[str, Any], actor: Person, client: str) -> Change:
    """What an update asks for. Raises Wrong."""
    reading = Reading(db, given, UPDATABLE).ticket()
    return Change(actor_id=actor.id, client=client, values=reading.values, fields=reading.fields)


def words(markup_text: str, *, public: bool, author_id: int, note: bool) -> tuple[NewComment, dict[str, Any]]:
    """A body as a comment, and what is kept of it: the HTML as the filter leaves it."""
    kept = markup.filtered(markup_text)
    custom: dict[str, Any] = {"html": kept, **({"note": True} if note else {})}
    return NewComment(text=markup.as_text(kept), public=public, author_id=author_id), custom


def _named(value: Any) -> str:
    return next((word for kind, word in _WORDS.items() if type(value) is kind), "Null")
