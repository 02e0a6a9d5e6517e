"""Fields and checks that several operations share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import fields, validate
from marshmallow.exceptions import ValidationError

LARGEST = 2**63 - 1  #: that a database takes


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
