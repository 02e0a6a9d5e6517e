"""What we make in a Zendesk account: webhook, triggers, ticket fields, views and macros. zenpy makes every call.

https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/ and views, macros; ticket_fields
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from zenpy import Zenpy
from zenpy.lib.api_objects import Macro, TicketField, Trigger, View, Webhook

from connectors.answers import named
from connectors.errors import NotFound, Refused
from connectors.installing import Change, Doing, Installer, Made, Thing, Wanted
from connectors.zendesk import wanted as plans
from connectors.zendesk.answers import sensible
from connectors.zendesk.wanted import Item

_MOST = 2_000  #: things of one sort that are looked through for ours


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sort:
    """How zenpy and the vendor name one sort of thing."""

    api: Callable[[Zenpy], Any]
    make: Callable[..., Any]
    title: str  #: the member that people see
    marked: str  #: the member that carries our marker


_SORTS: Mapping[Thing, _Sort] = {
    Thing.WEBHOOK: _Sort(api=lambda z: z.webhooks, make=Webhook, title="name", marked="description"),
    Thing.RULE: _Sort(api=lambda z: z.triggers, make=Trigger, title="title", marked="description"),
    Thing.FIELD: _Sort(api=lambda z: z.ticket_fields, make=TicketField, title="title", marked="agent_description"),
    Thing.VIEW: _Sort(api=lambda z: z.views, make=View, title="title", marked="description"),
    Thing.MACRO: _Sort(api=lambda z: z.macros, make=Macro, title="title", marked="description"),
}


class ZendeskInstaller(Installer):
    """See `connectors.installing.Installer`."""

    def __init__(self, zenpy: Zenpy, wanted: Wanted) -> None:
        self._zenpy, self._wanted = zenpy, wanted
        self._items = {(item.thing, item.key): item for item in plans.items(wanted)}
        self._there: dict[tuple[Thing, str], dict[str, Any]] = {}

    def plan(self, known: Sequence[Made]) -> Sequence[Change]:
        stored = {(made.thing, made.key): made for made in known}
        self._there = self._find(stored)
        self._require_same_connection()
        return [self._change(item, stored.get(place)) for place, item in self._items.items()]

    def apply(self, change: Change) -> Made:
        place = (change.thing, change.key)
        item = self._items[place]
        body = self._there.get(place)
        if change.doing is Doing.MAKE or body is None:
            body = self._make(item)
        elif change.doing is Doing.MEND:
            body = self._mend(item, body)
        self._there[place] = body
        made = _made(item, body)
        if change.doing is Doing.KEEP and change.made is not None:
            made = change.made  # with the print of what we left, so that a later edit stays noticed
        if item.thing is Thing.WEBHOOK:
            return replace(made, secret=self._told_secret(made.id, fresh=change.doing is Doing.MAKE))
        return made

    def remove(self, made: Made) -> str:
        sort = _SORTS[made.thing]
        try:
            with sensible(), named(f"{made.thing} {made.title!r}"):
                found = self._read(made.thing, made.id)
                if fingerprint(made.thing, found) != made.fingerprint:
                    return "somebody has changed it since it was made, so it stays"
                sort.api(self._zenpy).delete(sort.make(id=_id(made.thing, made.id)))
        except NotFound:
            return ""
        except Refused as error:
            if error.auth:
                raise
            return str(error)
        return ""

    def _find(self, stored: Mapping[tuple[Thing, str], Made]) -> dict[tuple[Thing, str], dict[str, Any]]:
        """What is there of the wanted things: by the id we know, else by our marker and the key beside it."""
        found: dict[tuple[Thing, str], dict[str, Any]] = {}
        for thing in dict.fromkeys(item.thing for item in self._items.values()):
            rows = self._list(thing)
            by_id = {str(row.get("id")): row for row in rows}
            for place in (place for place in self._items if place[0] is thing):
                row = by_id.get(stored[place].id) if place in stored else None
                row = row or next((one for one in rows if self._marked(place, one)), None)
                if row is not None:
                    found[place] = row
        return found

    def _marked(self, place: tuple[Thing, str], row: Mapping[str, Any]) -> bool:
        said = str(row.get(_SORTS[place[0]].marked) or "")
        return plans.mark(self._wanted.marker, place[1]) in said

    def _list(self, thing: Thing) -> list[dict[str, Any]]:
        with sensible(), named(f"{thing}s"):
            return [row.to_dict() for row in islice(_SORTS[thing].api(self._zenpy)(), _MOST)]

    def _read(self, thing: Thing, thing_id: str) -> dict[str, Any]:
        body: dict[str, Any] = _SORTS[thing].api(self._zenpy)(id=_id(thing, thing_id)).to_dict()
        return body

    def _change(self, item: Item, stored: Made | None) -> Change:
        body = self._there.get((item.thing, item.key))
        if body is None:
            return Change(doing=Doing.MAKE, thing=item.thing, key=item.key, title=item.title)
        known = stored if stored is not None and stored.id == str(body.get("id")) else _made(item, body)
        doing = Doing.KEEP if item.fits(body, self._webhook_id()) else Doing.MEND
        return Change(doing=doing, thing=item.thing, key=item.key, title=known.title, made=known)

    def _webhook_id(self) -> str:
        """The id of our webhook; empty while there is none."""
        return str(self._there.get((Thing.WEBHOOK, plans.WEBHOOK), {}).get("id") or "")

    def _require_same_connection(self) -> None:
        """How a webhook is connected cannot be changed at the vendor. Raises Refused where ours is the other kind."""
        body = self._there.get((Thing.WEBHOOK, plans.WEBHOOK))
        if body is None:
            return
        by_rule = plans.TRIGGERED in (body.get("subscriptions") or ())
        if by_rule is not self._wanted.by_rule:
            has, asked = ("triggers", "events") if by_rule else ("events", "triggers")
            raise Refused(f"the webhook is connected to {has}, not {asked}, which cannot be changed: uninstall first")

    def _make(self, item: Item) -> dict[str, Any]:
        sort = _SORTS[item.thing]
        if item.thing is Thing.RULE and not self._webhook_id():
            raise Refused("there is no webhook that it could call: that one has to be made first")
        wanted = sort.make(**item.members(self._webhook_id()))
        with sensible(sent=True), named(f"{item.thing} {item.title!r}"):
            try:
                body: dict[str, Any] = sort.api(self._zenpy).create(wanted).to_dict()
            except Refused as error:
                if item.thing is Thing.WEBHOOK and not error.auth and not self._wanted.by_rule:
                    raise Refused(f"{error}; accounts without ticket events take --webhook trigger") from error
                raise
        return body

    def _mend(self, item: Item, body: Mapping[str, Any]) -> dict[str, Any]:
        sort, thing_id = _SORTS[item.thing], str(body["id"])
        api = sort.api(self._zenpy)
        members = item.members(self._webhook_id())
        with sensible(sent=True), named(f"{item.thing} {item.title!r}"):
            if item.thing is Thing.WEBHOOK:
                # Its endpoint and status alone: the rest is what somebody may have tuned.
                changed = {name: members[name] for name in ("endpoint", "status", "subscriptions")}
                api.patch(sort.make(id=thing_id, **changed))
            else:
                api.update(sort.make(id=_id(item.thing, thing_id), **members))
            return self._read(item.thing, thing_id)

    def _told_secret(self, webhook_id: str, *, fresh: bool) -> str:
        """The webhook's secret. A fresh webhook whose secret is kept from us goes again, as nobody remembers it."""
        try:
            return self._secret(webhook_id)
        except Refused as error:
            if fresh and not error.auth:
                del self._there[Thing.WEBHOOK, plans.WEBHOOK]
                with sensible(), named("the webhook whose secret is not told"):
                    self._zenpy.webhooks.delete(Webhook(id=webhook_id))
            raise

    def _secret(self, webhook_id: str) -> str:
        with sensible(), named("the webhook's signing secret"):
            told = self._zenpy.webhooks.show_secret(webhook_id)
        secret = getattr(told, "secret", None) or (told.get("secret") if isinstance(told, Mapping) else None)
        if not isinstance(secret, str) or not secret:
            raise Refused("the helpdesk does not tell the webhook's signing secret: use an admin's credentials")
        return secret


def fingerprint(thing: Thing, body: Mapping[str, Any]) -> str:
    """Of what people can change in a thing; the same for the same contents, in whatever order they are told."""
    told = json.dumps(plans.contents(thing, body), sort_keys=True)
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def _made(item: Item, body: Mapping[str, Any]) -> Made:
    title = str(body.get(_SORTS[item.thing].title) or item.title)
    return Made(
        thing=item.thing,
        key=item.key,
        id=str(body["id"]),
        title=title,
        fingerprint=fingerprint(item.thing, body),
    )


def _id(thing: Thing, thing_id: str) -> Any:
    """Webhooks have text for an id, everything else numbers."""
    return thing_id if thing is Thing.WEBHOOK else int(thing_id)
