"""Fields and checks that several operations share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from marshmallow import fields, validate
from marshmallow.exceptions import ValidationError

from app.reasons import checked_text

LARGEST = 2**63 - 1  #: that a database takes
YEARS = (1970, 9000)


class WholeNumber(fields.Integer):
    """From 1, or from `least`: a JSON integer, or digits in an address. Neither true nor 1.0 is one."""

    def __init__(self, *, least: int = 1, most: int = LARGEST, **options: Any) -> None:
        super().__init__(validate=validate.Range(least, most), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        digits = isinstance(value, str) and value.isascii() and value.isdecimal()
        if type(value) is not int and not digits:
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


def by(check: Callable[[str], Any]) -> Callable[[str], None]:
    """A field's validator from a check that raises ValueError, "field: message"."""

    def validated(value: str) -> None:
        try:
            check(value)
        except ValueError as error:
            raise ValidationError(str(error).partition(": ")[2]) from error

    return validated


class HelpdeskId(fields.String):
    """An id as the helpdesk gives it: short, and nothing that could not be one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=[validate.Length(1, 64), by(partial(checked_text, "id"))], **options)


class Flag(fields.Boolean):
    """JSON's true or false, or these words in an address; nothing else that Python takes for either."""

    def __init__(self, **options: Any) -> None:
        super().__init__(truthy={True, "true"}, falsy={False, "false"}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool | str):  # 1 is equal to True, and 0 to False
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


def in_our_time(moment: datetime) -> None:
    """Near either end of what a calendar holds, another zone or another day is out of it."""
    if not YEARS[0] <= moment.year <= YEARS[1]:
        raise ValidationError(f"must be in a year from {YEARS[0]} to {YEARS[1]}")
