"""Stored documents as protocols, read once per process. Deciding on them is in `deciding.py`."""

from __future__ import annotations

import functools

from app.protocols.document import read_document
from app.protocols.protocol import RecoveryProtocol


@functools.lru_cache(maxsize=1024)
def read_cached(document: str) -> RecoveryProtocol:
    """A stored document as a protocol. Documents of a version never change, so each is read once per process."""
    return read_document(document)
