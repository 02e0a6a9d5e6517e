"""The reasons that people give for what they do, as they may be kept. What becomes of them is not decided here."""

from __future__ import annotations

LONGEST = 500  #: characters


def checked_reason(text: str, *, longest: int = LONGEST) -> str:
    """The reason without the space around it. Raises ValueError, "reason: ...", for what are no words to keep: nothing,
    too many of them, or characters that no database takes."""
    reason = text.strip()
    if not reason:
        raise ValueError("reason: is missing; say why")
    if len(reason) > longest:
        raise ValueError(f"reason: must have 1 to {longest} characters (got {len(reason)})")
    return checked_text("reason", reason)


def checked_text(name: str, text: str) -> str:
    """The text as it is. Raises ValueError, "name: ...", where it has a NUL, or half a character (a lone surrogate)."""
    if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        raise ValueError(f"{name}: must be text, without a NUL or half a character in it")
    return text
