"""marshmallow fields that the protocol documents share: strict about types, and with messages for people."""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, validate

from app.protocols import tags, template


class Number(fields.Field[float]):
    """A finite number, never a text that looks like one; whole numbers stay whole in the document."""

    def __init__(self, *, low: float, high: float, whole: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._low, self._high, self._whole = low, high, whole

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> float:
        noun = "a whole number" if self._whole else "a number"
        right_type = isinstance(value, int if self._whole else int | float) and not isinstance(value, bool)
        if not right_type or not math.isfinite(value) or not self._low <= value <= self._high:
            span = f"{noun} from {self._low:g} to {self._high:g}" if self._low < self._high else f"{self._low:g}"
            raise ValidationError(f"must be {span}")
        return int(value) if self._whole else float(value)

    def _serialize(self, value: float | None, attr: str | None, obj: Any, **options: Any) -> float | None:
        return int(value) if value is not None and float(value).is_integer() else value


class Flag(fields.Field[bool]):
    """True or false, never a word or a number that looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class Text(fields.Field[str]):
    """One line of text, trimmed; or several lines with `lines`."""

    def __init__(self, *, longest: int, lines: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._longest, self.lines = longest, lines

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("must be text; put quotes around it if it looks like something else")
        text = value.strip()
        if not 0 < len(text) <= self._longest:
            raise ValidationError(f"must have 1 to {self._longest} characters")
        if not all(letter.isprintable() or (self.lines and letter in "\n\t") for letter in text):
            raise ValidationError("must not have control characters" + ("" if self.lines else " or line breaks"))
        return text


class Template(Text):
    """A text with placeholders, all of them known."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        try:
            template.placeholders(text)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        return text


class Tag(fields.Field[str]):
    """One tag in the form that every helpdesk takes."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        if not isinstance(value, str) or not tags.is_tag(value):
            raise ValidationError(
                f"must be one tag: lower case, no spaces or commas, at most {tags.MAX_TAG} characters"
            )
        return value


class Words(fields.List[Any]):
    """A list without repeats, frozen, that may also be given as a single word."""

    def __init__(self, inner: fields.Field[Any], *, most: int = 50, **options: Any) -> None:
        super().__init__(inner, validate=validate.Length(max=most, error=f"must have at most {most}"), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        listed = value if isinstance(value, list) else [value]
        return tuple(dict.fromkeys(super()._deserialize(listed, attr, data, **options)))


def choice(kind: type[StrEnum], **options: Any) -> fields.Enum[Any]:
    """One word of an enumeration."""
    names = ", ".join(str(member) for member in kind)
    field: fields.Enum[Any] = fields.Enum(kind, by_value=True, **options)
    field.error_messages.update(unknown=f"must be one of {names}", invalid=f"must be one of {names}")
    return field


def one_of(names: Iterable[str]) -> str:
    """The message for a word that is not in a closed list."""
    return f"must be one of {', '.join(names)}"
