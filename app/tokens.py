"""Tokens of a desk for every process: one renews at a time, and what it got is on record before anyone uses it.

The rows are in `app.store.access`; no transaction is open while the helpdesk is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from app import log
from app.clock import real_now
from app.store import access
from app.store.access import Turn
from app.store.database import Database
from connectors.base import Tokens, TokenStore
from connectors.errors import RateLimited, Refused, Unavailable

LOG = log.get("tokens")

#: On top of the time that a call may take. A process that died while it renewed is waited for so long.
LEASE = timedelta(seconds=30)
#: How long somebody stays away who finds another process renewing; it takes as long as one call.
SOON = timedelta(seconds=0.5)
#: After an unknown outcome the old pair is tried again so soon.
ONCE_MORE = timedelta(seconds=5)

RECONNECT = "connect this desk again: the Reconnect button on the desks page, or `kintsugi desk change --secret-file`"


class DeskTokens(TokenStore):
    """One desk's. Shared by nobody; every process and connector has its own view of the same row."""

    def __init__(self, database: Database, desk_id: int, *, lease: timedelta = LEASE) -> None:
        self._database, self._desk_id, self._lease = database, desk_id, lease

    def current(self) -> Tokens | None:
        with self._database.desk(self._desk_id, read=True) as session:
            return access.find(session)

    def renew(self, stale: Tokens | None, fetch: Callable[[Tokens | None], Tokens]) -> Tokens:
        turn = self._turn(stale)
        if isinstance(turn, Tokens):
            return turn
        try:
            new = fetch(turn.held)
        except Refused as error:
            return self._refused(turn, error)
        except Unavailable as error:
            self._give_back(turn, settled=not error.sent)
            if isinstance(error, RateLimited):
                raise
            # Whatever became of the renewal, the call that needed it was never made.
            wait = ONCE_MORE if error.sent and error.retry_after is None else error.retry_after
            raise Unavailable(f"access could not be renewed: {error}", retry_after=wait) from error
        except BaseException:
            self._give_back(turn, settled=False)
            raise
        return self._keep(turn, new)

    def _turn(self, stale: Tokens | None) -> Turn | Tokens:
        """The turn to renew, or the tokens that somebody has put there meanwhile. Raises Unavailable."""
        with self._database.desk(self._desk_id) as session:
            if newer := _newer(access.find(session), stale):
                return newer
            turn = access.begin(session, self._desk_id, real_now(), self._lease)
            # Somebody may have renewed them, and given the turn back, since they were looked at.
            if turn is not None and (newer := _newer(turn.held, stale)):
                access.give_back(session, turn, settled=True)
                return newer
        if turn is None:
            raise Unavailable("another process is renewing this desk's access", retry_after=SOON)
        return turn

    def _keep(self, turn: Turn, new: Tokens) -> Tokens:
        with self._database.desk(self._desk_id) as session:
            kept = access.renewed(session, turn, new, real_now())
            on_record = new if kept else access.find(session)
        LOG.info("access_renewed", desk_id=self._desk_id, kept=kept)
        return on_record or new

    def _refused(self, turn: Turn, error: Refused) -> Tokens:
        """The newer tokens that explain the refusal, if there are any; else only a person can help."""
        with self._database.desk(self._desk_id) as session:
            access.give_back(session, turn, settled=True)
            on_record = access.find(session)
        if newer := _newer(on_record, turn.held):
            return newer
        LOG.error("access_lost", desk_id=self._desk_id, unsettled=turn.unsettled)
        because = "; the answer to an earlier renewal was lost" if turn.unsettled else ""
        raise Refused(f"{error}{because}; {RECONNECT}", auth=True) from error

    def _give_back(self, turn: Turn, *, settled: bool) -> None:
        with self._database.desk(self._desk_id) as session:
            access.give_back(session, turn, settled=settled)


def _newer(on_record: Tokens | None, stale: Tokens | None) -> Tokens | None:
    """What is on record, unless it is what is not good any more."""
    if on_record is None or (stale is not None and on_record.access == stale.access):
        return None
    return on_record
