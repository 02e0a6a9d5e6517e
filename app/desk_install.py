"""What Kintsugi needs at a connected helpdesk: planned, made, remembered, and taken away again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.clock import real_now
from app.protocols.tags import TagDictionary
from app.store import desks, installed
from app.store.database import Purpose
from app.store.models import Desk
from app.words import SatState
from connectors.errors import ConnectorError, Refused
from connectors.installing import Change, Doing, Installer, Made, Thing, Wanted
from connectors.ticket import Comment, TicketStatus, Write
from tasks.parts import Parts
from tasks.showing import SHOWN, in_words

#: What a helpdesk calls the fields that show how a ticket stands.
FIELDS = {"score": "Satisfaction score", "state": "Satisfaction state", "cause": "Satisfaction cause"}

MACROS = {
    "Recovery: say sorry and stay with it": Write(
        comment=Comment(
            text="I am sorry that this went wrong. I have read everything you wrote to us, and I stay with it until it "
            "is put right. You will hear from me again today, also if there is nothing new to tell.",
            public=True,
        )
    ),
    "Recovery: put right": Write(
        comment=Comment(
            text="This should be put right now. If anything about it is not, please just answer; it comes straight "
            "back to me.",
            public=True,
        ),
        status=TicketStatus.SOLVED,
    ),
    "Recovery: hand on with care": Write(
        comment=Comment(
            text="Please read the whole thread before you answer. What was promised, and what the customer still waits "
            "for:\n- ",
            public=False,
        )
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What came of an installation."""

    made: Sequence[Made]
    refused: Sequence[Change]  #: what the helpdesk would not do, each with its reason in `note`: left to a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What became of one thing that was to be taken away."""

    made: Made
    note: str  #: why it stayed; empty when it is gone


def plan(parts: Parts, desk_id: int, *, by_rule: bool) -> Sequence[Change]:
    """What an installation would do. Raises ConnectorError, and ValueError for an address nobody can reach."""
    with parts.connections.open(desk_id) as connector:
        return connector.installer(_wanted(parts, desk_id, by_rule=by_rule)).plan(_known(parts, desk_id))


def install(parts: Parts, desk_id: int, *, by_rule: bool, tell: Callable[[Change], None] = lambda _: None) -> Installed:
    """Make what is missing and mend what is not as it should be; `tell` is called before each change.

    Each thing is remembered as soon as it is made, so an installation that is cut off goes on where it stopped. What
    the helpdesk refuses stays undone, and the rest is made all the same. Raises ConnectorError where nothing more can
    be done now, and ValueError for an address nobody can reach.
    """
    wanted = _wanted(parts, desk_id, by_rule=by_rule)
    with parts.connections.open(desk_id) as connector:
        installer = connector.installer(wanted)
        changes = installer.plan(_known(parts, desk_id))
        try:
            return _carry_out(parts, desk_id, installer, changes, tell)
        finally:
            _show_fields(parts, desk_id)


def _carry_out(
    parts: Parts, desk_id: int, installer: Installer, changes: Sequence[Change], tell: Callable[[Change], None]
) -> Installed:
    made: list[Made] = []
    refused: list[Change] = []
    for change in changes:
        tell(change)
        if change.doing is Doing.BY_HAND:
            continue  # whoever reads the plan does it
        try:
            made.append(_apply(parts, desk_id, installer, change))
        except Refused as error:
            if error.auth:
                raise
            refused.append(replace(change, doing=Doing.BY_HAND, note=str(error)))
    return Installed(made=made, refused=refused)


def _show_fields(parts: Parts, desk_id: int) -> None:
    """Have every field filled that is there by now, however far the installation came."""
    with parts.database.system(Purpose.OPERATE) as session:
        fields = {one.key: one.id for one in installed.of(session, desk_id) if one.thing is Thing.FIELD}
        desks.change_settings(desks.get(session, desk_id), {SHOWN: fields or None})


def _apply(parts: Parts, desk_id: int, installer: Installer, change: Change) -> Made:
    made = installer.apply(change)
    with parts.database.system(Purpose.OPERATE) as session:
        installed.keep(session, desk_id, made, real_now())
        desk = desks.get(session, desk_id)
        if made.secret is not None and made.secret != desks.webhook_secrets(session, desk)[0]:
            desks.rotate_webhook_secret(session, desk, made.secret)
    return made


def uninstall(parts: Parts, desk_id: int) -> Sequence[Left]:
    """Take away what was made, the newest first; what has been changed since stays. Raises ConnectorError."""
    wanted = _wanted(parts, desk_id, by_rule=False, reachable=False)
    done: list[Left] = []
    with parts.connections.open(desk_id) as connector:
        installer = connector.installer(wanted)
        for made in reversed(_known(parts, desk_id)):
            note = installer.remove(made)
            done.append(Left(made=made, note=note))
            if not note:
                with parts.database.system(Purpose.OPERATE) as session:
                    installed.forget(session, desk_id, made)
    with parts.database.system(Purpose.OPERATE) as session:
        desks.change_settings(desks.get(session, desk_id), {SHOWN: None})
    return done


def clear(parts: Parts, desk_id: int) -> list[str]:
    """Take away what can be, before a desk is removed; what stays at the helpdesk and why, a line each."""
    known = _known(parts, desk_id)
    if not known:
        return []
    try:
        return [f"{one.made.thing} {one.made.title}: {one.note}" for one in uninstall(parts, desk_id) if one.note]
    except (ConnectorError, ValueError) as error:
        # The desk is removed all the same: an account that is gone or refuses us will not get better by waiting.
        return [f"{one.thing} {one.title}: {error}" for one in _known(parts, desk_id)]


def _known(parts: Parts, desk_id: int) -> list[Made]:
    with parts.database.desk(desk_id, read=True) as session:
        return installed.of(session, desk_id)


def _wanted(parts: Parts, desk_id: int, *, by_rule: bool, reachable: bool = True) -> Wanted:
    with parts.database.desk(desk_id, read=True) as session:
        desk = desks.get(session, desk_id)
        secret = desks.webhook_secrets(session, desk)[0]
    if reachable and desk.base_url is None and parts.settings.loopback:
        raise ValueError("the helpdesk cannot reach this machine: set KINTSUGI_PUBLIC_URL to its https address")
    tags = TagDictionary(**desk.settings.get("tags", {}))
    return Wanted(
        endpoint=f"{parts.settings.public_url}/hooks/{desk.key}",
        secret=secret,
        by_rule=by_rule,
        marker=marker(desk),
        state_tags={tags.state(state): in_words(state) for state in SatState},
        open_tag=tags.open,
        worst_tag=tags.state(SatState.POOR_WORSENING),
        fields=FIELDS,
        views={tags.state(SatState.POOR_WORSENING): "Poor and worsening", tags.open: "Recovery queue"},
        macros=MACROS,
    )


def marker(desk: Desk) -> str:
    """What tells this desk's things from another's; says nothing about the webhook's key, of which it is a digest."""
    return f"kintsugi:{hashlib.sha256(desk.key.encode()).hexdigest()[:12]}"
