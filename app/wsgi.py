"""The web process: `gunicorn app.wsgi:app`. Nothing is decided here."""

from __future__ import annotations

from app import log
from app.factory import create_app
from app.settings import load

_settings = load()
log.configure(_settings.log_level)
app = create_app(_settings)
