"""People's names as we say them to themselves and to others. People type their own names into a helpdesk."""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME = 60

#: What helpdesks and forms put where they know no name.
_NOBODY = frozenset(
    {"", "unknown", "anonymous", "customer", "guest", "user", "no name", "none", "null", "n/a", "na", "test"}
    | {"unbekannt", "kunde", "kundin", "gast", "anonym", "inconnu", "anonyme", "client", "desconocido", "cliente"}
)


def polite_name(name: str) -> str:
    """A name to greet somebody by; empty where what we have is no name.

    One that holds an address or a link could make us send it on, so it is none; nor is "Unknown", or a phone number.
    """
    plain = one_line(name)
    suspicious = re.search(r"[@/\\<>{}\[\]]|www\.|\.[a-z]{2,}\b", plain, re.IGNORECASE)
    if suspicious or len(plain) > LONGEST_NAME or not any(letter.isalpha() for letter in plain):
        return ""
    bare = plain.casefold().strip(" .-_()?")
    numbered = re.sub(r"[\W_]*[0-9]{3,}$", "", bare)
    return "" if bare in _NOBODY or numbered in _NOBODY else plain


def one_line(text: str) -> str:
    """Without line breaks, control and direction characters, which could reorder what stands around them."""
    return " ".join("".join(" " if c.isspace() else c for c in text if _harmless(c)).split())


def _harmless(character: str) -> bool:
    # Joiners are format characters too, but emoji and several scripts cannot be written without them.
    return character.isspace() or character in "\u200c\u200d" or unicodedata.category(character)[0] != "C"
