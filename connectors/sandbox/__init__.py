"""A helpdesk server for the embedded run, tests and replay. Not a connector kind, and it knows nothing of the app."""

from __future__ import annotations

from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.server import Sandbox

__all__ = ["Sandbox", "SandboxAccount"]
