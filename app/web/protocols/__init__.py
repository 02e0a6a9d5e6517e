"""Protocols on the web: to read, to write, to try on tickets, to put in force and to take back."""

from __future__ import annotations

from app.web.protocols import backtests, editor, history, pages, releasing
from app.web.protocols.base import blueprint

__all__ = ["backtests", "blueprint", "editor", "history", "pages", "releasing"]
