"""Whom we believe to be who they say. Nothing connects here."""

from __future__ import annotations

import ssl

import certifi


def trusting() -> ssl.SSLContext:
    """The machine's own authorities, and the bundled ones where it has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
