"""What we make in a Freshdesk account: automation rules, ticket fields and canned responses. Members are `wanted`'s.

What the account refuses to have made by API comes back as Refused, with what an admin has to do by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.answers import number, sensible
from connectors.errors import Conflict, NotFound, Refused
from connectors.freshdesk import wanted as plans
from connectors.freshdesk.api import Api
from connectors.freshdesk.wanted import Item
from connectors.installing import Change, Doing, Installer, Made, Thing, Wanted

#: The member that people see.
_TITLES: Mapping[Thing, str] = {Thing.RULE: "name", Thing.FIELD: "label", Thing.MACRO: "title"}
#: The member that carries our mark.
_MARKED: Mapping[Thing, str] = {
    Thing.RULE: "name",
    Thing.FIELD: "label_for_customers",
    Thing.MACRO: "content_html",
}
#: What people can change, and what is compared to find out whether they have.
_CONTENTS: Mapping[Thing, tuple[str, ...]] = {
    Thing.RULE: ("name", "actions", "events"),
    Thing.FIELD: ("label", "type"),
    Thing.MACRO: ("title", "content_html"),
}
#: Between a rule's fingerprint and the digest of the secret that it was left with.
_AND_SECRET = ":"
#: This part of the API was never confirmed, so what came out is looked at.
_WITHOUT_ADDRESS = "Freshdesk made it without our address in it"


class FreshdeskInstaller(Installer):
    """See `connectors.installing.Installer`."""

    def __init__(self, api: Api, wanted: Wanted) -> None:
        self._api, self._wanted = api, wanted
        self._items = {(item.thing, item.key): item for item in plans.items(wanted)}
        self._there: dict[tuple[Thing, str], dict[str, Any]] = {}

    def plan(self, known: Sequence[Made]) -> Sequence[Change]:
        stored = {(made.thing, made.key): made for made in known}
        self._there = {}
        return [self._plan_for(item, stored.get(place)) for place, item in self._items.items()]

    def apply(self, change: Change) -> Made:
        place = (change.thing, change.key)
        item = self._items[place]
        row = self._there.get(place)
        if change.doing is Doing.KEEP and change.made is not None:
            return change.made
        if row is None:
            row = self._make(item)
        elif change.doing is Doing.MEND:
            row = self._mend(item, row)
        self._there[place] = row
        return self._made(item, row)

    def remove(self, made: Made) -> str:
        item = self._items.get((made.thing, made.key))
        path = item.path if item else ""
        if not path:
            return "no call takes it away: see to it by hand"
        try:
            row = next((row for row in self._rows(made.thing, path) if _id(made.thing, row) == made.id), None)
            if row is None:
                return ""
            if fingerprint(made.thing, row) != made.fingerprint.partition(_AND_SECRET)[0]:
                return "somebody has changed it since it was made, so it stays"
            self._api.delete(f"{path}/{number(str(row['id']))}", of=f"{made.thing} {made.title!r}")
        except NotFound:
            return ""
        except Refused as error:
            if error.auth:
                raise
            return str(error)
        return ""

    def _plan_for(self, item: Item, stored: Made | None) -> Change:
        """One line of the plan; what this account does not even list is for a person to do."""
        by_hand = Change(doing=Doing.BY_HAND, thing=item.thing, key=item.key, title=item.title, note=item.by_hand)
        if not item.path:
            return by_hand
        try:
            row = self._find(item, stored)
        except (NotFound, Refused) as error:
            if isinstance(error, Refused) and error.auth:
                raise
            return by_hand
        if row is not None:
            self._there[item.thing, item.key] = row
        return self._change(item, stored)

    def _find(self, item: Item, stored: Made | None) -> dict[str, Any] | None:
        """What is there of the wanted thing: by the id we know, else by our mark in it."""
        rows = self._rows(item.thing, item.path)
        by_id = {_id(item.thing, row): row for row in rows}
        found = by_id.get(stored.id) if stored else None
        return found or next((row for row in rows if item.mark in str(row.get(_MARKED[item.thing]))), None)

    def _rows(self, thing: Thing, path: str) -> list[dict[str, Any]]:
        if not path:
            return []
        paths = [path]
        if thing is Thing.MACRO:
            paths = [f"canned_response_folders/{folder}/responses" for folder in self._folders()]
        pages = (page for path in paths for page in self._api.pages(path, of=f"{thing}s"))
        return [row for page in pages for row in page if isinstance(row, dict)]

    def _folders(self) -> list[int]:
        """The folders of canned responses that all agents share."""
        folders = self._api.rows("canned_response_folders", of="canned responses")
        with sensible():
            return [int(row["id"]) for row in folders if not row.get("personal")]

    def _change(self, item: Item, stored: Made | None) -> Change:
        row = self._there.get((item.thing, item.key))
        if row is None:
            return Change(doing=Doing.MAKE, thing=item.thing, key=item.key, title=item.title)
        made = stored if stored is not None and stored.id == _id(item.thing, row) else self._made(item, row)
        doing = Doing.KEEP if self._fits(item, row) and self._proves(item, row, stored) else Doing.MEND
        return Change(doing=doing, thing=item.thing, key=item.key, title=made.title, made=made)

    def _fits(self, item: Item, row: Mapping[str, Any]) -> bool:
        """Whether what is there does what it is for. Only a rule can miss that: by calling another address."""
        return item.thing is not Thing.RULE or _holds(row, self._wanted.endpoint)

    def _proves(self, item: Item, row: Mapping[str, Any], stored: Made | None) -> bool:
        """Whether a rule's deliveries prove themselves by the secret of today.

        An account may hide the secret when it lists rules. Then the rule has to be as we left it, and left with this
        secret.
        """
        if item.thing is not Thing.RULE or _holds(row, self._wanted.secret):
            return True
        return stored is not None and stored.fingerprint == self._made(item, row).fingerprint

    def _made(self, item: Item, row: Mapping[str, Any]) -> Made:
        left = fingerprint(item.thing, row)
        if item.thing is Thing.RULE:
            left += _AND_SECRET + _digest(self._wanted.marker, self._wanted.secret)
        return Made(
            thing=item.thing,
            key=item.key,
            id=_id(item.thing, row),
            title=str(row.get(_TITLES[item.thing]) or item.title),
            fingerprint=left,
        )

    def _make(self, item: Item) -> dict[str, Any]:
        if not item.path:
            raise Refused(f"no call of Freshdesk's makes this. By hand: {item.by_hand}")
        members = item.members | ({"folder_id": self._shared_folder()} if item.thing is Thing.MACRO else {})
        row = self._send(item, self._api.post, item.path, members)
        if not self._fits(item, row):
            raise Refused(f"{_WITHOUT_ADDRESS}{self._take_back(item, row)}. By hand: {item.by_hand}")
        return row

    def _take_back(self, item: Item, row: Mapping[str, Any]) -> str:
        """Delete what came out useless, as nobody remembers it; says so where it stays."""
        try:
            self._api.delete(f"{item.path}/{number(str(row['id']))}", of=f"{item.thing} {item.title!r}")
        except NotFound:
            return ""
        except Refused as error:
            return f", and does not delete it ({error})"
        return ""

    def _mend(self, item: Item, row: Mapping[str, Any]) -> dict[str, Any]:
        path = f"{item.path}/{number(str(row['id']))}"
        mended = self._send(item, self._api.put, path, item.members)
        if not self._fits(item, mended):
            raise Refused(f"{_WITHOUT_ADDRESS}. By hand: {item.by_hand}")
        return mended

    def _send(self, item: Item, send: Callable[..., Any], path: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """What came out. Raises Refused with what to do by hand where the account does not take it."""
        try:
            return _row(send(path, members, of=f"{item.thing} {item.title!r}"))
        except (Conflict, NotFound, Refused) as error:
            if isinstance(error, Refused) and error.auth:
                raise
            raise Refused(f"{error}. By hand: {item.by_hand}") from error

    def _shared_folder(self) -> int:
        """Where a canned response goes. None is made for it, as no call takes a folder away again."""
        folders = self._folders()
        if not folders:
            raise Refused("there is no folder of canned responses that all agents share")
        return folders[0]


def _row(answer: Any) -> dict[str, Any]:
    """A thing as it came out. Raises Unavailable for an answer that does not say which one it is."""
    with sensible(sent=True):
        return {str(name): value for name, value in answer.items()} | {"id": answer["id"]}


def _holds(row: Mapping[str, Any], text: str) -> bool:
    """Whether a rule's actions hold this text, wherever an account puts it."""
    return json.dumps(text)[1:-1] in json.dumps(row.get("actions"))


def _digest(marker: str, secret: str) -> str:
    return hashlib.sha256(f"{marker}\n{secret}".encode("utf-8", "replace")).hexdigest()[:16]


def fingerprint(thing: Thing, row: Mapping[str, Any]) -> str:
    """Of what people can change in a thing, a rule's secret included, as far as it is shown, without being told."""
    told = json.dumps({name: row.get(name) for name in _CONTENTS[thing]}, sort_keys=True)
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def _id(thing: Thing, row: Mapping[str, Any]) -> str:
    """A field is known by its name, since that is what stands in tickets; anything else by its number."""
    return str(row.get("name") if thing is Thing.FIELD else row.get("id"))
