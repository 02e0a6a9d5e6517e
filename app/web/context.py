"""What a handler reaches for: this process's joined parts, and who is asking. No rules; those are in `access`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app, g

from app.store.accounts import Place, reaches
from app.store.models import Role

if TYPE_CHECKING:
    from tasks.parts import Parts

EXTENSION = "kintsugi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A signed-in person on one of their desks; `place` is None while they have none."""

    account_id: int
    email: str
    session_id: int | None = None  #: of a signed-in browser; None for a program
    csrf: str
    place: Place | None
    places: tuple[Place, ...]

    def may(self, role: Role) -> bool:
        """Whether they may change what takes this role on the desk they are on."""
        return self.place is not None and reaches(self.place.role, role, reads=False)

    def sees(self, role: Role) -> bool:
        """Whether they may read what takes this role there."""
        return self.place is not None and reaches(self.place.role, role, reads=True)

    def place_on(self, desk_id: int) -> Place | None:
        return next((place for place in self.places if place.desk_id == desk_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """An agent whose sidebar was opened by their helpdesk."""

    desk_id: int
    agent_id: str


def parts() -> Parts:
    """The joined parts of this process."""
    return cast("Parts", current_app.extensions[EXTENSION])


def find_visitor() -> Visitor | None:
    """Who is signed in; None on pages that anybody may see."""
    return cast("Visitor | None", g.get("visitor"))


def visitor() -> Visitor:
    """Who is signed in; only in handlers that require it."""
    found = find_visitor()
    assert found is not None
    return found


def desk_id() -> int:
    """The desk that a signed-in person is on; only in handlers that require a role."""
    place = visitor().place
    assert place is not None
    return place.desk_id


def launched() -> Launched:
    """The agent behind a sidebar request; only in handlers that require a launch."""
    return cast(Launched, g.launched)
