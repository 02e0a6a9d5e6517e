"""How an installation, or one desk of it, is: each finding with what was seen and what to do about it. Changes nothing.

The command line and the pages both come by here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.broker import check_broker
from app.clock import real_now
from app.connect import KINDS
from app.settings import Settings
from app.store import deliveries, desks, gaps, schema, walks
from app.store.database import Database, DatabaseUnavailable, Purpose
from app.store.models import Desk, DeskState, Refusal
from app.vault import Vault, VaultError
from connectors.ticket import Finding

LATE = 300  #: seconds by which work may be overdue before somebody should look
LATELY = timedelta(days=1)
MANY_MISSED = 10  #: changes without a webhook since yesterday; webhooks are best effort, so a few are nobody's fault
WALK_LATE = timedelta(hours=2)


def examine(settings: Settings) -> list[Finding]:
    """Database, broker, keys, mail, desks and the work that waits."""
    database = Database(settings.database_url, vault=Vault(settings.secret_keys))
    try:
        found = [_schema(database), *_broker(settings), _mail(settings)]
        if found[0].ok:
            found += _work(database) + _desks(database)
        return found
    finally:
        database.close()


def _schema(database: Database) -> Finding:
    wrong = schema.behind(database)
    return Finding(
        name="database",
        ok=wrong is None,
        detail=wrong or f"{database.url.get_backend_name()}, schema {schema.newest()}",
        remedy="check KINTSUGI_DATABASE_URL, then run `kintsugi migrate`" if wrong else "",
    )


def _broker(settings: Settings) -> list[Finding]:
    if settings.broker_url.startswith("memory:"):
        return [Finding(name="broker", ok=True, detail="in this process")]
    return list(check_broker(settings.broker_url))


def _mail(settings: Settings) -> Finding:
    if settings.smtp_url is not None:
        return Finding(name="mail", ok=True, detail="a mail server is configured")
    detail = "the embedded run uses the sandbox's" if settings.embedded else "no mail server; surveys go as comments"
    return Finding(name="mail", ok=True, detail=detail)


def _work(database: Database) -> list[Finding]:
    try:
        with database.system(Purpose.OPERATE, read=True) as session:
            backlog = deliveries.backlog(session)
    except DatabaseUnavailable:
        return [Finding(name="work", ok=False, detail="the database stopped answering", remedy="look at its log")]
    return _backlog(backlog)


def examine_desk(session: Session, desk: Desk) -> list[Finding]:
    """One desk's health by what is stored of it, in a transaction of the desk; its helpdesk is not asked."""
    now = real_now()
    found = [_desk(desk), *_waits(desk, now), *_credentials(session, desk), *_backlog(deliveries.backlog(session))]
    if desk.state is DeskState.ACTIVE:
        walk = walks.find(session)
        found.append(_missed(desk, sum(gaps.totals(session, since=(now - LATELY).date()).get(desk.id, (0, 0)))))
        found.append(_reconciled(desk, walk.arrived_at if walk else None, walk.error if walk else None, now))
    return [*found, *_refused(desks.refusals(session, desk.id), now)]


def _waits(desk: Desk, now: datetime) -> list[Finding]:
    if desk.blocked_until is None or desk.blocked_until <= now:
        return []
    minutes = max(1, int((desk.blocked_until - now).total_seconds()) // 60)
    remedy = "nothing to do if it is rare; else lower the desk's call_share: other integrations spend its calls too"
    detail = f"it asked us to wait for {minutes} more min"
    return [Finding(name=f"limits of {desk.name}", ok=False, detail=detail, remedy=remedy)]


def _refused(refusals: Sequence[Refusal], now: datetime) -> list[Finding]:
    """Requests that were turned away since yesterday: nearly always a webhook whose secret we do not have."""
    lately = [one for one in refusals if now - one.last_at < LATELY]
    remedy = "is its signing secret ours? run `kintsugi desk install`, or `kintsugi desk change --secret-file`"
    return [
        Finding(name="turned away", ok=False, detail=f"{one.count} requests so far: {one.reason}", remedy=remedy)
        for one in lately
    ]


def _backlog(backlog: deliveries.Backlog) -> list[Finding]:
    oldest = backlog.oldest_due_at
    late = max(0, int((real_now() - oldest).total_seconds())) if oldest else 0
    return [
        Finding(
            name="work",
            ok=late < LATE,
            detail=f"the oldest due ticket waits {late} s" if oldest else "nothing waits",
            remedy="is a worker running?" if late >= LATE else "",
        ),
        Finding(
            name="dead tickets",
            ok=backlog.dead_tickets == 0,
            detail=f"{backlog.dead_tickets} given up",
            remedy="see the deliveries page, mend the cause, replay" if backlog.dead_tickets else "",
        ),
    ]


def _desks(database: Database) -> list[Finding]:
    with database.system(Purpose.OPERATE, read=True) as session:
        found = [finding for desk in desks.all_of(session) for finding in (_desk(desk), *_credentials(session, desk))]
    return found + _webhooks(database)


def _credentials(session: Session, desk: Desk) -> list[Finding]:
    """What admins should know about the credentials of a desk, before the helpdesk tells them the hard way."""
    name = f"credentials of {desk.name}"
    if desk.kind not in KINDS:
        return []
    try:
        told = KINDS[desk.kind].warnings(desks.credentials(session, desk), real_now())
    except VaultError as error:
        remedy = "put the key back into KINTSUGI_SECRET_KEYS"
        return [Finding(name=name, ok=False, detail=str(error), remedy=remedy)]
    return [Finding(name=name, ok=True, detail=warning) for warning in told]


def _webhooks(database: Database) -> list[Finding]:
    """Whether the helpdesks tell us of what happens there, and whether anybody looks after it."""
    now = real_now()
    with database.system(Purpose.OPERATE, read=True) as session:
        active = {desk.id: desk for desk in desks.all_of(session) if desk.state is DeskState.ACTIVE}
        missed = gaps.totals(session, since=(now - LATELY).date())
        arrivals = {desk_id: (arrived_at, error) for desk_id, arrived_at, error in walks.arrivals(session)}
    found = []
    for desk_id, desk in active.items():
        found.append(_missed(desk, sum(missed.get(desk_id, (0, 0)))))
        found.append(_reconciled(desk, *arrivals.get(desk_id, (None, None)), now))
    return found


def _missed(desk: Desk, number: int) -> Finding:
    return Finding(
        name=f"webhooks of {desk.name}",
        ok=number < MANY_MISSED,
        detail=f"{number} changes since yesterday came without one" if number else "none missed since yesterday",
        remedy="" if number < MANY_MISSED else "is its webhook active and complete? run `kintsugi desk check`",
    )


def _reconciled(desk: Desk, arrived_at: datetime | None, error: str | None, now: datetime) -> Finding:
    since = arrived_at or desk.created_at
    late = now - since > WALK_LATE
    said = f"last compared {int((now - since).total_seconds()) // 60} min ago" if arrived_at else "not compared yet"
    return Finding(
        name=f"reconcile of {desk.name}",
        ok=not late,
        detail=f"{said}; {error}" if error else said,
        remedy="" if not late else "is a worker running, and are our credentials an admin's? run `kintsugi desk check`",
    )


def _desk(desk: Desk) -> Finding:
    active = desk.state is DeskState.ACTIVE and desk.kind in KINDS
    return Finding(
        name=f"desk {desk.name}",
        ok=active,
        detail=desk.reason or desk.state.value,
        remedy="" if active else "run `kintsugi desk check`, then `kintsugi desk resume`",
    )
