"""The web process: `gunicorn app.wsgi:app`. Nothing is decided here."""

from __future__ import annotations

import gc
import sys

from flask import Flask

from app import log
from app.factory import create_app
from app.settings import SettingsError, load
from app.store.database import DatabaseUnavailable

BOOT_FAILED = 3  #: the exit code by which gunicorn knows that starting another worker is of no use


def _make() -> Flask:
    """A setting that cannot be right is a line for the operator, not a stack."""
    try:
        settings = load()
        log.configure(settings.log_level)
        return create_app(settings)
    except (SettingsError, DatabaseUnavailable) as error:
        sys.stderr.write(f"kintsugi: {error}\n")
        sys.exit(BOOT_FAILED)


app = _make()

# Everything that was loaded by now stays for good; the garbage collector need not look at it in every request again.
gc.collect()
gc.freeze()
