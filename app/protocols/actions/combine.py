"""Several wanted changes to one ticket as few writes as possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.ticket import Comment, Write

SEPARATOR = "\n\n"


def combine(writes: Iterable[Write]) -> tuple[Write, ...]:
    """The writes of one run, in step order, as one; as none when they change nothing.

    The last word on a tag, a field or the assignment wins. Notes are joined into one note, public comments into one
    comment. Both kinds together make two writes, since a helpdesk takes one comment at a time: the first holds all
    changes and the note, the second the public comment alone. A step's marker goes with its words, so that what is
    found again was said.
    """
    wanted = [write for write in writes if not write.empty]
    speaking = [write for write in wanted if write.comment and write.comment.public]
    quiet = [write for write in wanted if not (write.comment and write.comment.public)]
    notes = _joined(quiet, public=False)
    words = _joined(speaking, public=True)
    if notes is None or words is None:
        merged = _merged(wanted, notes or words, _markers(wanted))
        return () if merged.empty else (merged,)
    return _merged(wanted, notes, _markers(quiet)), Write(comment=words, markers=_markers(speaking))


def _merged(writes: Sequence[Write], comment: Comment | None, markers: tuple[str, ...]) -> Write:
    add, remove = _tags(writes)
    group_id, assignee_id = _assignment(writes)
    custom: dict[str, str | int | float | bool | None] = {}
    for write in writes:
        custom.update(write.custom_fields)
    priority = next((write.priority for write in reversed(writes) if write.priority), None)
    given = {"group_id": group_id, "assignee_id": assignee_id, "priority": priority}
    return Write(
        add_tags=add,
        remove_tags=remove,
        group_id=group_id,
        assignee_id=assignee_id,
        priority=priority,
        clear=frozenset(name for write in writes for name in write.clear if given[name] is None),
        status=next((write.status for write in reversed(writes) if write.status), None),
        custom_fields=custom,
        comment=comment,
        markers=markers,
    )


def _tags(writes: Sequence[Write]) -> tuple[frozenset[str], frozenset[str]]:
    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    for write in writes:
        add = (add - write.remove_tags) | write.add_tags
        remove = (remove - write.add_tags) | write.remove_tags
    return add, remove


def _assignment(writes: Sequence[Write]) -> tuple[str | None, str | None]:
    """A later group drops an earlier assignee, who may not be a member of it."""
    group_id: str | None = None
    assignee_id: str | None = None
    for write in writes:
        if write.group_id:
            group_id, assignee_id = write.group_id, write.assignee_id
        elif write.assignee_id:
            assignee_id = write.assignee_id
    return group_id, assignee_id


def _joined(writes: Sequence[Write], *, public: bool) -> Comment | None:
    texts = [write.comment.text for write in writes if write.comment]
    return Comment(text=SEPARATOR.join(texts), public=public) if texts else None


def _markers(writes: Sequence[Write]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(marker for write in writes for marker in write.markers))
