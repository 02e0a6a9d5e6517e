"""The database: engines, transactions, and the desk that every one of them is scoped to.

SQLite and PostgreSQL run the same code. A transaction belongs to one desk, or to one named system purpose; nothing is
committed inside a store function, only here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, Update, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from app.store.models import Desk, DeskScoped
from app.vault import Vault


class Purpose(StrEnum):
    """Why a transaction may look across desks. A test lists them; adding one is a decision."""

    ROUTE = "route"  # a webhook: which desk has this key; store the delivery
    DISPATCH = "dispatch"  # which rows are due, over all desks; only ids, fences and times
    SIGN_IN = "sign_in"  # people, their sessions and links, launches of the sidebar, survey links
    OPERATE = "operate"  # the operator's command line and health: desks, counts, retention


class DatabaseUnavailable(Exception):
    """The database did not answer, or is full; nothing was stored."""


class WrongDesk(Exception):
    """Something of another desk was about to be stored, or a statement was about to pass by the desk's scope."""


class Database:
    """One database. Shared by the threads of a process; never by forked processes."""

    def __init__(self, url: str, *, vault: Vault, pool_size: int = 10) -> None:
        self.url = make_url(url)
        self.vault = vault
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgres_engine(url, pool_size)
        # A webhook is one statement: its connections commit by themselves, are not tried before use, and say once,
        # when opened, that they look across desks.
        self.route_engine = self.engine if self.is_sqlite else _route_engine(url, pool_size)
        # SQLite's own waiting is unfair under load; one lock per process in front of it makes the wait short and fair.
        self._writer = threading.Lock()

    @contextmanager
    def desk(self, desk_id: int, *, read: bool = False) -> Iterator[Session]:
        """A transaction that sees and stores only what belongs to this desk; commits at the end."""
        with self._session(read=read, desk_id=desk_id, purpose=None) as session:
            yield session

    @contextmanager
    def system(self, purpose: Purpose, *, read: bool = False) -> Iterator[Session]:
        """A transaction for a named purpose that looks across desks; commits at the end."""
        with self._session(read=read, desk_id=None, purpose=purpose) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the process's place in SQLite's queue of writers; free on PostgreSQL."""
        with ExitStack() as stack:
            if self.is_sqlite:
                stack.enter_context(self._writer)
            yield

    @contextmanager
    def _session(self, *, read: bool, desk_id: int | None, purpose: Purpose | None) -> Iterator[Session]:
        with ExitStack() as stack:
            if self.is_sqlite and not read:
                stack.enter_context(self._writer)
            engine = self.engine.execution_options(kintsugi_read=True) if read and self.is_sqlite else self.engine
            session = stack.enter_context(Session(engine, expire_on_commit=False, autoflush=True))
            session.info.update(vault=self.vault, desk_id=desk_id, purpose=purpose)
            stack.enter_context(_translated())
            stack.enter_context(session.begin())
            if not self.is_sqlite:
                session.connection().execute(_SCOPE, {"desk": str(desk_id or ""), "purpose": purpose or ""})
            yield session

    def ping(self) -> None:
        """Raises DatabaseUnavailable unless the database answers."""
        with _translated(), self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give every connection back; the object is not used afterwards."""
        self.engine.dispose()
        self.route_engine.dispose()


_SCOPE = text("SELECT set_config('kintsugi.desk', :desk, true), set_config('kintsugi.purpose', :purpose, true)")


def vault_of(session: Session) -> Vault:
    """The vault that this session's sealed columns are opened with."""
    vault = session.info["vault"]
    assert isinstance(vault, Vault)
    return vault


@contextmanager
def _translated() -> Iterator[None]:
    """A database that is away, locked or full is one typed error; everything else crashes loudly."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable("no connection became free") from error
    except DBAPIError as error:
        if isinstance(error, OperationalError) or error.connection_invalidated:
            raise DatabaseUnavailable(type(error.orig).__name__) from error
        raise


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 10, "check_same_thread": False}, pool_size=16, max_overflow=16)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # The driver's own transactions begin late and deferred: two read-modify-writes then lose one silently.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("kintsugi_read")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _route_engine(url: str, pool_size: int) -> Engine:
    # The sender of a webhook gives up after some seconds, and sends again when it is told so in time.
    timeouts = "-c statement_timeout=4000 -c lock_timeout=3000"
    return create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=3,
        connect_args={**_CONNECT, "connect_timeout": 3, "options": f"{timeouts} -c kintsugi.purpose=route"},
    )


def _postgres_engine(url: str, pool_size: int) -> Engine:
    timeouts = "-c statement_timeout=30000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000"
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={**_CONNECT, "connect_timeout": 5, "options": timeouts},
    )


_CONNECT = {"tcp_user_timeout": 5000}


@event.listens_for(Session, "do_orm_execute")
def _only_this_desk(state: ORMExecuteState) -> None:
    """Add the desk to every ORM query, update and delete of a desk's session; refuse what it cannot be added to."""
    desk_id = state.session.info.get("desk_id")
    if desk_id is None or state.is_column_load or state.is_relationship_load:
        return
    if (bypass := _passes_by(state)) is not None:
        raise WrongDesk(f"{bypass} in a transaction of desk {desk_id}")
    state.statement = state.statement.options(
        with_loader_criteria(
            DeskScoped, lambda cls: cls.desk_id == desk_id, include_aliases=True, track_closure_variables=True
        ),
        with_loader_criteria(Desk, lambda cls: cls.id == desk_id, include_aliases=True, track_closure_variables=True),
    )


def _passes_by(state: ORMExecuteState) -> str | None:
    """What SQLAlchemy would carry out as it stands, whatever criteria are added; None for all else."""
    if not state.is_orm_statement:
        return "a statement without the ORM"
    if state.is_insert and state.bind_mapper is not None and issubclass(state.bind_mapper.class_, DeskScoped):
        return "an insert that is no object"
    if state.is_update and isinstance(state.parameters, Sequence):
        return "an update by lists of primary keys"
    if isinstance(state.statement, Update) and "desk_id" in state.statement.compile().params:
        return "a change of desk"
    return None


@event.listens_for(Session, "before_flush")
def _stored_under_this_desk(session: Session, _context: UOWTransaction, _instances: object) -> None:
    desk_id = session.info.get("desk_id")
    if desk_id is None:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        of = row.id if isinstance(row, Desk) else row.desk_id if isinstance(row, DeskScoped) else desk_id
        if of != desk_id:
            raise WrongDesk(f"{type(row).__name__} of desk {of} in a transaction of desk {desk_id}")


__all__ = ["Database", "DatabaseUnavailable", "Purpose", "WrongDesk", "vault_of"]
