"""What steps changed on a ticket, and how that is taken back where nobody has touched it since. Nothing is sent here.

A change is stored as `{"before": {...}, "after": {...}}` with only the fields that the step's own write set: `tags`
(before: those it took away; after: those it added), `group_id`, `assignee_id`, `priority`, `status`, and
`custom_fields` by their ids; and `said` ("note", "reply" or "alert") where it said something. A step of which nothing
is stored is given as `not_recorded`, with what it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.ticket import Priority, Ticket, TicketStatus, Write

Change = Mapping[str, Any]

PUT_BACK = "it was put back already"
TOUCHED = "it was changed since"
TOGETHER = "group and assignee go together, and the other one was changed since"
WORDS = "words cannot be taken back"
NO_STATUS = "a rollback neither solves a ticket nor makes it new again"
NOTHING: Change = {"before": {}, "after": {}}
NOT_RECORDED = "what was there before was not recorded"

_SIMPLE = ("priority", "status")
_ASSIGNMENT = ("group_id", "assignee_id")
#: What a ticket may be set back to: solving it would tell its customer, and no helpdesk makes a ticket new again.
_BACK_TO = frozenset({TicketStatus.OPEN, TicketStatus.PENDING, TicketStatus.HOLD})


def changes_of(parts: Sequence[Write], whole: Write, before: Ticket) -> dict[str, Change]:
    """By marker, what each part of a combined write changes on the ticket as it is before.

    A field that several parts set belongs to the last of them, whose word it is.
    """
    found: dict[str, Change] = {}
    taken: set[tuple[str, str]] = set()
    for part in reversed([part for part in parts if part.markers]):
        change = _change(part, whole, before, taken)
        if change is not None:
            found |= dict.fromkeys(part.markers, change)
    return found


def merged(earlier: Change | None, later: Change | None) -> Change | None:
    """Two changes of one step, of which the earlier was cut off and may have been made: the later word wins."""
    if not earlier or not later:
        return later or earlier
    found: dict[str, Any] = {**earlier, **later}
    for side in ("before", "after"):
        found[side] = {**earlier[side], **later[side]}
        tags = {*earlier[side].get("tags", ()), *later[side].get("tags", ())}
        fields = {**earlier[side].get("custom_fields", {}), **later[side].get("custom_fields", {})}
        found[side] |= ({"tags": sorted(tags)} if tags else {}) | ({"custom_fields": fields} if fields else {})
    return found


def left_by(ticket: Any, write: Write) -> dict[str, Any]:
    """Group, assignee and priority as the write leaves them on the ticket, or on our row of it."""
    return {
        "group_id": write.group_id or (None if "group_id" in write.clear else ticket.group_id),
        "assignee_id": write.assignee_id
        or (None if write.group_id or "assignee_id" in write.clear else ticket.assignee_id),
        "priority": write.priority or (None if "priority" in write.clear else ticket.priority),
    }


def _change(part: Write, whole: Write, before: Ticket, taken: set[tuple[str, str]]) -> Change | None:
    change: dict[str, Any] = {"before": {}, "after": {}}
    for name, key, was, becomes in _effects(part, whole, before):
        if (name, key) in taken or (name not in _ASSIGNMENT and was == becomes):
            continue
        taken.add((name, key))
        _put(change, name, key, was, becomes)
    if set(change["after"]) <= set(_ASSIGNMENT) and change["before"] == change["after"]:
        change = {"before": {}, "after": {}}
    if part.comment is not None:
        change["said"] = "reply" if part.comment.public else "note"
    return change if change["before"] or change["after"] or "said" in change else None


def _put(change: dict[str, Any], name: str, key: str, was: Any, becomes: Any) -> None:
    if name == "tags":
        side = "after" if becomes else "before"
        change[side]["tags"] = sorted({*change[side].get("tags", ()), key})
    elif name == "custom_fields":
        change["before"].setdefault(name, {})[key] = was
        change["after"].setdefault(name, {})[key] = becomes
    else:
        change["before"][name], change["after"][name] = was, becomes


def _effects(part: Write, whole: Write, before: Ticket) -> Iterator[tuple[str, str, Any, Any]]:
    """(field, key in it, was, becomes) of what this part brought into the whole write."""
    for tag in sorted(part.add_tags & whole.add_tags):
        yield "tags", tag, tag in before.tags, True
    for tag in sorted(part.remove_tags & whole.remove_tags):
        yield "tags", tag, tag in before.tags, False
    for name in (*_ASSIGNMENT, *_SIMPLE):
        wanted = getattr(part, name)
        if (wanted is not None or name in part.clear) and wanted == getattr(whole, name):
            yield name, "", _plain(getattr(before, name)), _plain(wanted)
    if part.group_id is not None and whole.assignee_id is None and part.group_id == whole.group_id:
        # Helpdesks take the ticket from an assignee who is not in the new group.
        yield "assignee_id", "", before.assignee_id, None
    for key, value in part.custom_fields.items():
        if whole.custom_fields.get(key) == value:
            yield "custom_fields", key, before.custom_fields.get(key), value


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Priority | TicketStatus) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverted:
    """One field that is set back."""

    field: str  #: "tags", "group_id", ..., or "custom_fields" with its key
    key: str = ""  #: the tag, or the custom field's id
    ours: Any
    back_to: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One field that stays as it is found."""

    field: str  #: as above, or "words", or "step" for one of which nothing was recorded
    key: str = ""
    ours: Any
    found: Any
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack:
    """What taking back comes to on one ticket: each field that was ours is in one of the two lists."""

    write: Write
    reverted: tuple[Reverted, ...] = ()
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Touch:
    """What one step did to one field."""

    before: Any
    after: Any


@dataclass(slots=True, kw_only=True)
class _Result:
    reverted: list[Reverted] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    write: dict[str, Any] = field(default_factory=dict)
    clear: set[str] = field(default_factory=set)


def take_back(changes: Sequence[Change], current: Ticket) -> TakeBack:
    """What sets the ticket back to before these changes, which are given oldest first.

    Each field is walked back change by change for as long as it shows what we set; the first that somebody else set is
    where it stays. Group and assignee go together: a colleague who took the ticket keeps it, and its group.
    """
    result = _Result()
    for (name, key), touches in _touches(changes).items():
        if name == "assignment":
            _walk_assignment(touches, current, result)
        else:
            _walk(name, key, touches, _found(name, key, current), result)
    result.kept += _never(changes)
    write = Write(**result.write, clear=frozenset(result.clear))
    return TakeBack(write=write, reverted=tuple(result.reverted), kept=tuple(result.kept))


def stays(changes: Sequence[Change], reason: str) -> TakeBack:
    """Nothing of it can be taken back, for one reason."""
    kept = []
    for (name, key), touches in _touches(changes).items():
        newest = touches[-1]
        names = [one for one in _ASSIGNMENT if one in newest.after] if name == "assignment" else [name]
        for one in names:
            ours = newest.after[one] if name == "assignment" else newest.after
            kept.append(Kept(field=one, key=key, ours=ours, found=None, reason=reason))
    return TakeBack(write=Write(), kept=(*kept, *_never(changes)))


def _never(changes: Sequence[Change]) -> list[Kept]:
    """What nobody can take back: words, and what a step of an earlier release did without remembering it."""
    said = [Kept(field="words", ours=one["said"], found=one["said"], reason=WORDS) for one in changes if "said" in one]
    lost = [one["not_recorded"] for one in changes if "not_recorded" in one]
    return said + [Kept(field="step", ours=name, found=None, reason=NOT_RECORDED) for name in lost]


def _touches(changes: Sequence[Change]) -> dict[tuple[str, str], list[_Touch]]:
    """By field and key, what was done to it, oldest first."""
    found: dict[tuple[str, str], list[_Touch]] = {}
    for change in changes:
        before, after = change.get("before", {}), change.get("after", {})
        for tag in after.get("tags", ()):
            found.setdefault(("tags", tag), []).append(_Touch(before=False, after=True))
        for tag in before.get("tags", ()):
            found.setdefault(("tags", tag), []).append(_Touch(before=True, after=False))
        for name in _SIMPLE:
            if name in after:
                found.setdefault((name, ""), []).append(_Touch(before=before.get(name), after=after[name]))
        for key, value in after.get("custom_fields", {}).items():
            touch = _Touch(before=before.get("custom_fields", {}).get(key), after=value)
            found.setdefault(("custom_fields", key), []).append(touch)
        if any(name in after for name in _ASSIGNMENT):
            theirs = {name: before.get(name) for name in _ASSIGNMENT if name in after}
            ours = {name: after[name] for name in _ASSIGNMENT if name in after}
            found.setdefault(("assignment", ""), []).append(_Touch(before=theirs, after=ours))
    return found


def _found(name: str, key: str, current: Ticket) -> Any:
    if name == "tags":
        return key in current.tags
    if name == "custom_fields":
        return current.custom_fields.get(key)
    return _plain(getattr(current, name))


def _walk(name: str, key: str, touches: Sequence[_Touch], found: Any, result: _Result) -> None:
    value, ours = found, touches[-1].after
    for touch in reversed(touches):
        if value != touch.after:
            break
        value = touch.before
    if value == found:
        reason = PUT_BACK if found == touches[0].before else TOUCHED
        result.kept.append(Kept(field=name, key=key, ours=ours, found=found, reason=reason))
    elif name == "status" and value not in _BACK_TO:
        result.kept.append(Kept(field=name, key=key, ours=ours, found=found, reason=NO_STATUS))
    else:
        result.reverted.append(Reverted(field=name, key=key, ours=ours, back_to=value))
        _want(name, key, value, result)


def _want(name: str, key: str, value: Any, result: _Result) -> None:
    if name == "tags":
        side = "add_tags" if value else "remove_tags"
        result.write[side] = result.write.get(side, frozenset()) | {key}
    elif name == "custom_fields":
        result.write.setdefault(name, {})[key] = value
    elif value is None:
        result.clear.add(name)
    else:
        kinds = {"priority": Priority, "status": TicketStatus}
        result.write[name] = kinds[name](value) if name in kinds else value


def _walk_assignment(touches: Sequence[_Touch], current: Ticket, result: _Result) -> None:
    found = {name: getattr(current, name) for name in _ASSIGNMENT}
    value, ours = dict(found), touches[-1].after
    walked = False
    for touch in reversed(touches):
        if not _is_ours(touch, value):
            break
        value |= touch.before
        walked = True
    for name in _ASSIGNMENT:
        if name not in {one for touch in touches for one in touch.after}:
            continue
        left = ours.get(name, found[name])
        if not walked:
            reason = PUT_BACK if _is_before(touches[0], found) else TOUCHED if left != found[name] else TOGETHER
            result.kept.append(Kept(field=name, ours=left, found=found[name], reason=reason))
        elif value[name] != found[name]:
            result.reverted.append(Reverted(field=name, ours=left, back_to=value[name]))
            _want(name, "", value[name], result)


def _is_ours(touch: _Touch, value: Mapping[str, Any]) -> bool:
    """Whether group and assignee are as the touch left them; one who stayed the assignee through it counts as that."""
    if "group_id" in touch.after and value["group_id"] != touch.after["group_id"]:
        return False
    if "assignee_id" not in touch.after:
        return True
    left_with = {touch.after["assignee_id"]} | (
        {touch.before["assignee_id"]} if not touch.after["assignee_id"] else set()
    )
    return value["assignee_id"] in left_with


def _is_before(touch: _Touch, value: Mapping[str, Any]) -> bool:
    return all(value[name] == was for name, was in touch.before.items())
