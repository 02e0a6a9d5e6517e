"""Structured logs: one JSON line per event on stderr. Ids only; never customer text, names, addresses or secrets."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO, cast

import structlog
from structlog.typing import FilteringBoundLogger

#: Fields that must never be logged, whatever somebody passes by mistake.
FORBIDDEN = frozenset(
    {
        "text", "body", "subject", "comment", "evidence", "name", "email", "password", "secret", "token", "credentials",
        "authorization", "cookie", "api_key", "api_token", "signature",
    }
)  # fmt: skip

#: Libraries whose DEBUG lines hold whole payloads, private comments among them.
QUIET = ("zenpy", "urllib3", "requests", "mail.log", "kombu", "amqp", "waitress", "celery", "sqlalchemy", "alembic")


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Set up logging for this process; calling it again replaces the earlier set-up."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_forbidden,
            _error_class,
            structlog.processors.JSONRenderer(sort_keys=True, default=repr),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_LibraryLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def get(room: str) -> FilteringBoundLogger:
    """A logger whose lines carry the room (module family) they come from."""
    return cast(FilteringBoundLogger, structlog.get_logger(room=room))


def bind(**ids: str | int | None) -> Mapping[str, Any]:
    """Carry ids through everything that is logged in this context; returns tokens for `unbind`."""
    return structlog.contextvars.bind_contextvars(**ids)


def unbind(tokens: Mapping[str, Any]) -> None:
    structlog.contextvars.reset_contextvars(**tokens)


def _drop_forbidden(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in FORBIDDEN & event.keys():
        event[key] = "(withheld)"
    return event


def _error_class(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception is named by its class and place: its text may quote a customer or a credential."""
    error = event.get("error")
    if isinstance(error, BaseException):
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        event["error"] = type(error).__name__
        if trace is not None:
            event["at"] = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
    return event


class _LibraryLines(logging.Formatter):
    """A library's warning as one JSON line of the same form, without its message's arguments."""

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "event": "library_log",
            "library": record.name,
            "level": record.levelname.lower(),
            "said": str(record.msg)[:200],
        }
        if record.exc_info and record.exc_info[0] is not None:
            event["error"] = record.exc_info[0].__name__
        return str(structlog.processors.JSONRenderer(sort_keys=True)(None, "", event))
