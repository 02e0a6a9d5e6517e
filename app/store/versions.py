"""By what a form knows that somebody else changed the same thing meanwhile. No rows of its own."""

from __future__ import annotations

import hashlib
import json
from typing import Any


class Stale(Exception):
    """What was stored has changed since the form was opened; nothing was stored."""


def version_of(document: Any) -> str:
    """A short word for what is stored: another one whenever anything in the document (plain JSON) is another."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
