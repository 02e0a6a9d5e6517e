"""Freshdesk. `FRESHDESK` is its kind; nothing else of this package is for outside use."""

from __future__ import annotations

from connectors.freshdesk.kind import FreshdeskKind

FRESHDESK = FreshdeskKind()

__all__ = ["FRESHDESK", "FreshdeskKind"]
