"""Which of Zendesk's allowances a call draws on. The numbers hold until an answer's headers tell the account's own.

https://developer.zendesk.com/api-reference/introduction/rate-limits/ and the headers of recorded answers: the numbers
of a plan differ from account to account, so these are the smallest plan's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connectors.base import Allowance

MINUTE = timedelta(minutes=1)

ACCOUNT = Allowance(bucket="account", calls=200, window=MINUTE)
#: Seen with a total of 20 on an account whose general allowance was 700 a minute.
UPDATES = Allowance(bucket="tickets-update", calls=20, window=MINUTE)
EXPORTS = Allowance(bucket="incremental-exports", calls=10, window=MINUTE)
WEBHOOKS = Allowance(bucket="webhooks", calls=60, window=MINUTE)


def allowances(method: str, path: str) -> Sequence[Allowance]:
    """What a call to "/api/v2/..." draws on; the account's own comes first."""
    parts = path.removesuffix(".json").strip("/").split("/")[2:]
    match parts:
        case ["tickets", ticket, *_] if method == "PUT":
            return (ACCOUNT, UPDATES, _per_ticket(ticket)) if ticket.isdigit() else (ACCOUNT, UPDATES)
        case ["incremental", *_]:
            return (ACCOUNT, EXPORTS)
        case ["webhooks", *_]:
            return (ACCOUNT, WEBHOOKS)
    return (ACCOUNT,)


def _per_ticket(ticket_id: str) -> Allowance:
    """Counted for one user and one ticket; all our writes are one user's."""
    window = timedelta(minutes=10)
    return Allowance(bucket="per-ticket-updates", key=ticket_id, calls=30, window=window, ours=True)
