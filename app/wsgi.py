"""The web process: `gunicorn app.wsgi:app`. Nothing is decided here."""

from __future__ import annotations

import gc

from app import log
from app.factory import create_app
from app.settings import load

_settings = load()
log.configure(_settings.log_level)
app = create_app(_settings)

# Everything that was loaded by now stays for good; the garbage collector need not look at it in every request again.
gc.collect()
gc.freeze()
