"""Zendesk. `ZENDESK` is its kind, `AUTHORIZER` its OAuth consent; nothing else of this package is for outside use."""

from __future__ import annotations

from connectors.zendesk.kind import ZendeskKind
from connectors.zendesk.oauth import ZendeskAuthorizer

ZENDESK = ZendeskKind()
AUTHORIZER = ZendeskAuthorizer()

__all__ = ["AUTHORIZER", "ZENDESK", "ZendeskKind"]
