"""Texts meant for the customer: what they may be filled with, and how they are shortened for people who look them over.
Not an action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from app.protocols import template
from app.protocols.fields import Template

#: What is the customer's to know. Scores, reasons, names of protocols and links into our pages are for colleagues.
FOR_CUSTOMERS = frozenset({"ticket_id", "customer", "cause", "stars", "vendor"})


class Speech(Template):
    """A text for the customer."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        inner = next((one.name for one in template.placeholders(text) if one.name not in FOR_CUSTOMERS), None)
        if inner is not None:
            allowed = ", ".join(name for name in template.PLACEHOLDERS if name in FOR_CUSTOMERS)
            raise ValidationError(
                f'must not use the placeholder "{inner}", which is for colleagues; there are {allowed}'
            )
        return text


def shortened(text: str, most: int = 60) -> str:
    """The first line, cut."""
    first = text.splitlines()[0]
    return first if len(first) <= most else f"{first[: most - 1]}…"
