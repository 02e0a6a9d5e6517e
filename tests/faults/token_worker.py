"""A worker process as the token test needs it: claims what is due, runs the real tasks, ends when its stdin does.

`python -m tests.faults.token_worker THREADS [die]`, with the settings in the environment. With `die` it is killed just
when the helpdesk has given it new tokens and they are not on record yet. No test lives here.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from app import factory, settings
from app.clock import real_now
from app.store import access, tracked_tickets
from app.store.database import Purpose
from tasks import inbox, scoring
from tasks import parts as tasks_parts
from tasks.parts import Parts


def turn(parts: Parts) -> int:
    """Claim one ticket and work on it; how much there was to do."""
    rule = tracked_tickets.Rule(lease=parts.settings.lease, limit=1, per_desk=4, max_attempts=1000)
    with parts.database.system(Purpose.DISPATCH) as session:
        claims = tracked_tickets.claim_due(session, real_now(), real_now(), rule)
    for claim in claims:
        task = inbox.look if claim.look else scoring.rescore
        task(claim.desk_id, claim.tracked_id, claim.fence)
    return len(claims)


def work(parts: Parts, over: threading.Event) -> None:
    while not over.is_set():
        if not turn(parts):
            time.sleep(0.02)


def die(*_: object) -> bool:
    os.kill(os.getpid(), signal.SIGKILL)
    return False


def main() -> None:
    threads = int(sys.argv[1])
    if "die" in sys.argv[2:]:
        # Nothing in between can be reached from outside.
        setattr(access, "renewed", die)  # noqa: B010
    parts = factory.build(settings.load())
    tasks_parts.bind(parts)
    over = threading.Event()
    working = [threading.Thread(target=work, args=(parts, over)) for _ in range(threads)]
    for thread in working:
        thread.start()
    sys.stdin.read()
    over.set()
    for thread in working:
        thread.join(30)
    parts.database.close()


if __name__ == "__main__":
    main()
