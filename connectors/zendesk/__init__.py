"""Zendesk. `ZENDESK` is its kind; nothing else of this package is for outside use."""

from __future__ import annotations

from connectors.zendesk.kind import ZendeskKind

ZENDESK = ZendeskKind()

__all__ = ["ZENDESK", "ZendeskKind"]
