"""What people changed back of what our steps had set."""

from __future__ import annotations

from typing import Any

import pytest

from app.protocols.overrides import overrides
from connectors.ticket import Priority
from tests.protocols.make import ticket

OURS = {"before": {"priority": "normal", "tags": ["calm"]}, "after": {"priority": "high", "tags": ["late"]}}


def found(changes: list[dict[str, Any]], **shown: Any) -> dict[str, tuple[str | None, str | None]]:
    return {one.field: (one.ours, one.theirs) for one in overrides(changes, ticket(**shown))}


def test_a_ticket_as_we_left_it_shows_none() -> None:
    assert found([OURS], priority=Priority.HIGH, tags=frozenset({"late", "theirs"})) == {}


def test_what_was_set_otherwise_is_told_with_both_values() -> None:
    assert found([OURS], priority=Priority.LOW, tags=frozenset({"calm"})) == {
        "priority": ("high", "low"),
        "tag:late": ("set", "not set"),
        "tag:calm": ("not set", "set"),
    }


def test_the_newest_word_of_ours_counts() -> None:
    later = {"before": {"priority": "high"}, "after": {"priority": "low"}}

    (only,) = overrides([OURS, later], ticket(priority=Priority.URGENT, tags=frozenset({"late"})))

    assert (only.step, only.ours, only.theirs) == (1, "low", "urgent")


@pytest.mark.parametrize(
    ("ours", "shown", "is_override"),
    [
        (None, "7", False),  # we took it off somebody, and somebody has taken it since
        ("7", "7", False),
        ("7", "8", True),
        ("7", None, True),
    ],
)
def test_an_assignee_is_changed_back_only_where_we_chose_one(
    ours: str | None, shown: str | None, is_override: bool
) -> None:
    change = {"before": {"assignee_id": "5"}, "after": {"assignee_id": ours}}

    assert bool(found([change], assignee_id=shown)) is is_override


def test_a_status_is_the_agents_to_change() -> None:
    assert found([{"before": {"status": "solved"}, "after": {"status": "pending"}}]) == {}


def test_a_custom_field_is_watched_by_its_id() -> None:
    change = {"before": {"custom_fields": {"36": None}}, "after": {"custom_fields": {"36": "gold"}}}

    assert found([change], custom_fields={"36": "silver"}) == {"field:36": ("gold", "silver")}
