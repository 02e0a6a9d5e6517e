"""Pages of a list: a cursor says after which row the next one begins, so that pages stay the same while rows arrive."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from marshmallow import Schema, fields
from marshmallow.exceptions import ValidationError

from app.web.api.values import LARGEST, WholeNumber
from app.web.api.which import OnDeskSchema

USUAL, MOST = 50, 200
_PLAIN = re.compile(r"after ([1-9][0-9]{0,18})")

Row = TypeVar("Row")


class Cursor(fields.String):
    """What an earlier page gave as `next`; loaded as the id of that page's last row."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        given = super()._deserialize(value, attr, data, **kwargs)
        try:
            plain = base64.urlsafe_b64decode(given.encode("ascii")).decode("ascii")
        except (binascii.Error, ValueError):
            plain = ""
        found = _PLAIN.fullmatch(plain)
        if found is None or int(found[1]) > LARGEST:
            raise ValidationError("must be the `next` of an earlier page")
        return int(found[1])


class PageSchema(OnDeskSchema):
    """What every list takes."""

    limit = WholeNumber(most=MOST, load_default=USUAL, metadata={"description": "Rows on a page"})
    cursor = Cursor(load_default=None, metadata={"description": "The `next` of the page before; without it, the first"})


class NextSchema(Schema):
    """What every list gives beside its rows."""

    next = fields.String(
        required=True, allow_none=True, metadata={"description": "The next page's cursor; null on the last page"}
    )


def page(rows: Sequence[Row], limit: int, id_of: Callable[[Row], int]) -> tuple[Sequence[Row], str | None]:
    """The rows of one page and the cursor of the next, from one row more than fits."""
    return rows[:limit], next_after(id_of(rows[limit - 1]) if len(rows) > limit else None)


def next_after(last: int | None) -> str | None:
    """The cursor of the page that begins after the row of that id; None where there is none."""
    return None if last is None else base64.urlsafe_b64encode(f"after {last}".encode()).decode()
