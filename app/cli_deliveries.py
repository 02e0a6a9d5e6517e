"""The commands of deliveries: what reached us, what could not be handled, and looking at it again."""

from __future__ import annotations

import click

from app.cli_base import AS_JSON, ON_DESK, find_desk, open_parts, show


@click.group()
def deliveries() -> None:
    """Webhook requests as received, dead letters among them."""


@deliveries.command("list")
@ON_DESK
@click.option("--state", type=click.Choice(["received", "settled", "echo", "ignored", "refused", "dead"]))
@AS_JSON
def list_deliveries(desk_name: str | None, state: str | None, as_json: bool) -> None:
    """The newest hundred, with the reason where there is one."""
    from app.store import deliveries as stored
    from app.store.models import DeliveryState

    with open_parts() as parts, parts.database.desk(find_desk(parts, desk_name).id, read=True) as session:
        wanted = stored.Filter(state=DeliveryState(state) if state else None)
        page = stored.recent(session, wanted, limit=100)
        found = [
            {"id": row.id, "type": row.type, "ticket": row.ticket_id, "state": row.state.value, "reason": row.reason}
            for row in page.deliveries
        ]
    lines = [f"{one['id']}  {one['type']}  {one['ticket']}  {one['state']}  {one['reason'] or ''}" for one in found]
    show(found, as_json, lines or ["Nothing has been received."])


@deliveries.command("replay")
@ON_DESK
@click.argument("ids", type=int, nargs=-1)
@click.option("--dead", is_flag=True, help="Every dead letter of the desk.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@AS_JSON
def replay_deliveries(desk_name: str | None, ids: tuple[int, ...], dead: bool, dry_run: bool, as_json: bool) -> None:
    """Have the tickets of these deliveries read once more; nothing is sent twice by it."""
    from app.clock import real_now
    from app.store import deliveries as stored
    from app.store.models import DeliveryState

    if bool(ids) == dead:
        raise click.UsageError("give the ids of deliveries, or --dead")
    with open_parts() as parts, parts.database.desk(find_desk(parts, desk_name).id) as session:
        if dead:
            page = stored.recent(session, stored.Filter(state=DeliveryState.DEAD), limit=1000)
            ids = tuple(row.id for row in page.deliveries)
        told = stored.replay(session, ids, real_now(), dry_run=dry_run)
        found = [{"id": one.delivery_id, "ticket": one.ticket_id, "outcome": one.outcome.value} for one in told]
    lines = [f"{one['id']}  ticket {one['ticket']}: {one['outcome']}" for one in found]
    show(found, as_json, lines or ["There is nothing to replay."])
