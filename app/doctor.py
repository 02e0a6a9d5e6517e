"""How an installation is: each finding with what was seen and what to do about it. Asks, changes nothing."""

from __future__ import annotations

from app.broker import check_broker
from app.clock import real_now
from app.connect import KINDS
from app.settings import Settings
from app.store import deliveries, desks, schema
from app.store.database import Database, DatabaseUnavailable, Purpose
from app.store.models import Desk, DeskState
from app.vault import Vault
from connectors.ticket import Finding

LATE = 300  #: seconds by which work may be overdue before somebody should look


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
        return [_desk(desk) for desk in desks.all_of(session)]


def _desk(desk: Desk) -> Finding:
    active = desk.state is DeskState.ACTIVE and desk.kind in KINDS
    return Finding(
        name=f"desk {desk.name}",
        ok=active,
        detail=desk.reason or desk.state.value,
        remedy="" if active else "run `kintsugi desk check`, then `kintsugi desk resume`",
    )
