"""What a fresh sandbox holds: three agents, four groups, the integration's admin, macros and ticket fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.sandbox import account, macros, organizations, people, statuses
from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.macros import NewField
from connectors.sandbox.store import Db, start_ids
from connectors.sandbox.vendor import Vendor

_AGENTS = ("Agent One", "Agent Two", "Agent Three")

#: Group -> the agents in it, by their place above.
_GROUPS = {"Support": (0, 1, 2), "Recovery": (0, 1), "Retention": (2,), "Vendors": (1,)}

_MACROS: Mapping[str, Sequence[dict[str, Any]]] = {
    "Recovery: acknowledge and take over": [
        {"field": "comment_value", "value": "We are sorry for the trouble. One of us now stays with this to the end."},
        {"field": "comment_mode_is_public", "value": "true"},
        {"field": "current_tags", "value": "recovery_acknowledged"},
        {"field": "priority", "value": "high"},
    ],
    "Recovery: note for the next agent": [
        {"field": "comment_value", "value": "Please read the whole thread before you answer this customer."},
        {"field": "comment_mode_is_public", "value": "false"},
        {"field": "current_tags", "value": "handle_with_care"},
    ],
    "Recovery: ask the courier": [
        {"field": "side_conversation", "value": ["Where is this parcel?", "Please look it up.", "courier@example.com"]},
        {"field": "current_tags", "value": "courier_asked"},
    ],
}

#: Title -> type, and whether it may be deleted.
_FIELDS = {"Subject": ("subject", False), "Status": ("status", False), "Order number": ("text", True)}


def find(db: Db) -> SandboxAccount | None:
    """The file's account; None in a fresh file."""
    return account.find(db)


def sow(db: Db, vendor: Vendor, now: str) -> SandboxAccount:
    """A new account of this vendor, and everything around it."""
    start_ids(db, vendor.first_id)
    statuses.put(db, vendor.statuses)
    organizations.add(db, name="Example Organisation", domains=["example.net"], now=now)
    agents = [_agent(db, name, now) for name in _AGENTS]
    admin = people.add(db, name="Integration", email="integration@example.com", role="admin", now=now)
    groups = {name: people.add_group(db, name, now) for name in _GROUPS}
    for name, places in _GROUPS.items():
        for place in places:
            people.join(db, user_id=agents[place], group_id=groups[name], now=now)
    people.join(db, user_id=admin.id, group_id=groups["Support"], now=now)
    made = account.make(
        db,
        vendor=vendor.name,
        integration_id=admin.id,
        agent_ids=tuple(agents),
        group_ids=groups,
        macro_ids={
            title: macros.add(db, title=title, actions=actions, now=now).id for title, actions in _MACROS.items()
        },
        field_ids={
            title: macros.add_field(db, NewField(title=title, type=kind, removable=removable), now).id
            for title, (kind, removable) in _FIELDS.items()
        },
    )
    vendor.sow(db, made, now)
    return made


def _agent(db: Db, name: str, now: str) -> int:
    address = f"{name.lower().replace(' ', '-')}@example.com"
    return people.add(db, name=name, email=address, role="agent", now=now).id
