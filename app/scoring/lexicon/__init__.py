"""The words and phrases that scoring listens for, one file per language. How they are counted stands in signals/.

Phrases are separated by semicolons. Inside one, `(a|b)` is a choice, `(a )?` may be missing, and the writer may leave
out an apostrophe; all else is a regular expression. Whole words only, in any case. A line may break after `|`.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.scoring.lexicon import de, en, es, fr
from app.scoring.lexicon.replies import AGENT

__all__ = ["AGENT", "LEXICONS", "words"]

#: what customers say, by ISO 639-1 code of the language and by act
LEXICONS: Mapping[str, Mapping[str, str]] = {
    "en": en.CUSTOMER,
    "de": de.CUSTOMER,
    "es": es.CUSTOMER,
    "fr": fr.CUSTOMER,
}


def words(text: str) -> frozenset[str]:
    """A set of words written as one text."""
    return frozenset(text.split())
