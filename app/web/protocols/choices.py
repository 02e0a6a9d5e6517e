"""What a desk has by name, for the editor's choices: asked at the helpdesk, kept for a minute. Nothing is judged here.

Where the helpdesk cannot be asked, names are typed instead of chosen, and the page says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.inventory import Inventory, names_in, take_inventory
from app.protocols.lint import DeskNames
from app.store import desks, samples, teams
from connectors.errors import ConnectorError
from tasks.parts import Parts

KEPT_SECONDS = 60.0

#: Key of a document, or fact -> what of the desk it names.
NOUNS: Mapping[str, str] = {
    "team": "groups",
    "group": "groups",
    "return_group": "groups",
    "macro": "macros",
    "member": "agents",
    "field": "fields",
    "skill": "skills",
    "webhook": "webhooks",
    "slack": "webhooks",
    "tags": "tags",
    "add": "tags",
    "remove": "tags",
}
#: What is chosen from a list where the list is known; the rest is typed, with the known ones at hand.
CHOSEN = frozenset({"groups", "macros", "agents", "fields"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice: what the document says, and what people read."""

    value: str
    label: str
    id: str = ""  #: the helpdesk's own, where it has one


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskChoices:
    """Everything of a desk that a protocol may name."""

    by_noun: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)
    names: DeskNames | None = None  #: for the linter; None where the desk was not asked
    problem: str = ""  #: why the desk could not be asked

    def named(self, key: str) -> tuple[Option, ...]:
        """The choices for a key or fact that names something of the desk; empty where they are not known."""
        noun = NOUNS.get(key)
        return self.by_noun.get(noun, ()) if noun in CHOSEN else ()

    def suggested(self, key: str) -> tuple[Option, ...]:
        """What may be typed there, as far as it is known."""
        noun = NOUNS.get(key)
        return self.by_noun.get(noun, ()) if noun and noun not in CHOSEN else ()


class Kept:
    """The last answers of each desk, for a minute: an editor asks again with every keystroke."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._lock = now, threading.Lock()
        self._kept: dict[int, tuple[float, DeskChoices]] = {}

    def of(self, parts: Parts, desk_id: int) -> DeskChoices:
        """What the desk has; asked anew when the last answer is older than a minute."""
        with self._lock:
            kept = self._kept.get(desk_id)
        if kept is not None and self._now() - kept[0] < KEPT_SECONDS:
            return kept[1]
        read = read_choices(parts, desk_id)
        with self._lock:
            self._kept[desk_id] = (self._now(), read)
        return read


def read_choices(parts: Parts, desk_id: int) -> DeskChoices:
    """What the desk has, asked at the helpdesk now."""
    with parts.database.desk(desk_id, read=True) as session:
        desk = desks.get(session, desk_id)
        tags, members = samples.common_tags(session), teams.all_members(session)
    skills = sorted({skill for member in members for skill in member.skills})
    own = {
        "webhooks": tuple(Option(value=name, label=name) for name in sorted(desk.settings.get("webhooks", {}))),
        "tags": tuple(Option(value=tag, label=tag) for tag in tags),
        "skills": tuple(Option(value=skill, label=skill) for skill in skills),
    }
    try:
        found = take_inventory(parts, desk)
    except ConnectorError as error:
        return DeskChoices(by_noun=own, problem=str(error))
    return DeskChoices(by_noun={**own, **_chosen(found)}, names=names_in(parts, desk, found))


def _chosen(found: Inventory) -> Mapping[str, tuple[Option, ...]]:
    titles = _by_name([*(found.fields or {}).items()])
    return {
        "groups": _options([(group.id, group.name) for group in found.groups]),
        "macros": _options([(macro.id, macro.title) for macro in found.macros]),
        "agents": _options([(one.id, one.name or one.email or one.id) for one in found.agents or ()]),
        "fields": tuple(Option(value=key, label=title, id=key) for key, title in titles),
    }


def _options(found: Sequence[tuple[str, str]]) -> tuple[Option, ...]:
    """By name; a name that several have is told by its id."""
    names = [name.strip().casefold() for _, name in found]
    return tuple(
        Option(value=name, label=name, id=id_)
        if names.count(name.strip().casefold()) == 1
        else Option(value=id_, label=f"{name} (no. {id_})", id=id_)
        for id_, name in _by_name(found)
    )


def _by_name(found: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(found, key=lambda one: one[1].casefold())
