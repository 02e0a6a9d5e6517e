"""The dispatcher: a thread of every worker that finds due rows and hints the queue. Any number of them may run.

The rows are the truth. A hint that is lost costs the length of a lease, a hint that comes twice finds another fence.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from kombu.exceptions import OperationalError

from app import log
from app.clock import real_now
from app.connect import KINDS
from app.governor import Lane
from app.store import invitations, sweeps, tracked_tickets
from app.store.database import DatabaseUnavailable, Purpose
from tasks import inbox, schedule, scoring, surveys, sweeping
from tasks.parts import Parts

LOG = log.get("dispatch")

PER_DESK = 16  #: tickets of one desk in one turn
PER_LOOK = 6  #: calls kept for a ticket that is read alone: it takes about three, and there will be more tickets
SURVEYS = 16  #: in one turn
GIVE_BACK = timedelta(seconds=1)


class Dispatcher:
    """Claims and hints in turns until it is stopped; claims nothing more from that moment on."""

    def __init__(self, parts: Parts, *, on_turn: Callable[[datetime], None] | None = None) -> None:
        self._parts = parts
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._on_turn = on_turn

    def start(self) -> None:
        self._thread.start()

    def stop(self, grace: float = 5.0) -> None:
        """Claim nothing more; returns once the turn under way has ended, or after `grace` seconds."""
        self._stop.set()
        self._thread.join(grace)

    def _run(self) -> None:
        while not self._stop.wait(self._parts.settings.dispatch_interval.total_seconds()):
            try:
                busy = self.turn()
                while busy and not self._stop.is_set():
                    busy = self.turn()
            except DatabaseUnavailable:
                LOG.warning("database_unavailable")
            except Exception as error:
                # A dispatcher that died would be missed by nobody but the customers; the next turn starts afresh.
                LOG.error("turn_failed", error=error)

    def turn(self) -> bool:
        """One turn: what is due is claimed and hinted. True when there may be more at once."""
        now = real_now()
        if self._on_turn is not None:
            self._on_turn(now)
        schedule.tick_due(self._parts, now)
        business_now = self._parts.clock.now()
        with self._parts.database.system(Purpose.DISPATCH, read=True) as session:
            tickets = tracked_tickets.any_due(session, now, business_now)
            surveys_due = invitations.any_due(session, now, business_now)
            room = self._parts.settings.in_flight - tracked_tickets.leased(session, now) if tickets else 0
        found = self._surveys(now) if surveys_due else 0
        apart = self._sweeps(now) if tickets else frozenset()
        if room > 0:
            found += self._tickets(now, room, apart)
        return found >= max(room, 1)

    def _sweeps(self, now: datetime) -> frozenset[int]:
        """Have crowded desks swept. Those whose ordinary tickets are not to be read one by one at the moment."""
        governor = self._parts.connections.governor
        with self._parts.database.system(Purpose.DISPATCH, read=True) as session:
            crowded = sweeps.crowded(session, now, sweeping.CROWD)
            apart = sweeps.under_way(session, now) | governor.resting(Lane.RESCORING)
        for crowd in crowded:
            if self._reads_in_bulk(crowd):
                self._sweep(crowd.desk.id, now)
                apart |= {crowd.desk.id}
        return apart

    def _reads_in_bulk(self, crowd: sweeps.Crowd) -> bool:
        """Whether that is the better way for a desk: a bulk read may have to wait a minute for a new message."""
        connections = self._parts.connections
        if not KINDS[crowd.desk.kind].bulk_reads:
            return False
        if crowd.marked > 1:
            return True
        return crowd.due * PER_LOOK >= connections.governor.room(connections.budget(crowd.desk), Lane.RESCORING)

    def _sweep(self, desk_id: int, now: datetime) -> None:
        with self._parts.database.system(Purpose.DISPATCH) as session:
            fence = sweeps.claim(session, desk_id, now, now + self._parts.settings.lease)
        if fence is None:
            return
        try:
            sweeping.sweep.apply_async((desk_id, fence), retry=False)
        except OperationalError as error:
            LOG.warning("broker_unavailable", error=error)
            with self._parts.database.system(Purpose.DISPATCH) as session:
                sweeps.hold(session, desk_id, fence, now, now + GIVE_BACK)

    def _tickets(self, now: datetime, room: int, apart: frozenset[int]) -> int:
        settings = self._parts.settings
        rule = tracked_tickets.Rule(
            lease=settings.lease,
            limit=room,
            per_desk=min(PER_DESK, room),
            max_attempts=settings.max_attempts,
            apart=apart,
        )
        business_now = self._parts.clock.now()
        with self._parts.database.system(Purpose.DISPATCH) as session:
            for desk_id, tracked_id in tracked_tickets.bury_exhausted(session, now, settings.max_attempts):
                LOG.error("ticket_given_up", desk_id=desk_id, tracked_id=tracked_id)
            claims = tracked_tickets.claim_due(session, now, business_now, rule)
        for position, claim in enumerate(claims):
            task = inbox.look if claim.look else scoring.rescore
            try:
                task.apply_async((claim.desk_id, claim.tracked_id, claim.fence), retry=False)
            except OperationalError as error:
                self._give_back(claims[position:], error)
                break
        return len(claims)

    def _give_back(self, claims: Sequence[tracked_tickets.Claim], error: Exception) -> None:
        """The broker takes no hints: no work has begun, so no attempt was counted; due again in a moment."""
        LOG.warning("broker_unavailable", error=error, tickets=len(claims))
        until = real_now() + GIVE_BACK
        with self._parts.database.system(Purpose.DISPATCH) as session:
            for claim in claims:
                tracked_tickets.postpone(
                    session, claim.tracked_id, claim.fence, until=until, error="the broker is away", counts=True
                )

    def _surveys(self, now: datetime) -> int:
        business_now = self._parts.clock.now()
        with self._parts.database.system(Purpose.DISPATCH) as session:
            claims = invitations.claim_due(session, now, business_now, self._parts.settings.lease, SURVEYS)
        for claim in claims:
            try:
                surveys.send.apply_async((claim.desk_id, claim.invitation_id, claim.fence), retry=False)
            except OperationalError as error:
                # The lease runs out by itself; a survey can wait that long.
                LOG.warning("broker_unavailable", error=error)
                break
        return len(claims)
