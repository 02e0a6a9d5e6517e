"""What a message costs to read and score, beside TextBlob and VADER on the same texts; and a live worker's start.

Everything runs in one thread and is timed by that thread's own processor time, so that a busy machine does not show.
The conversations are made of sentences written for this bench, customers' and agents' in turn.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

import click

from app.scoring.conversation import Running, TicketFacts, Utterance
from app.scoring.engine import observe, score
from app.scoring.model import load_prior
from app.settings import CHECKOUT
from benchmarks.report import Aim, BenchError, Report

MESSAGES = 2_000  #: in conversations of the usual length
LENGTH = 12  #: messages of such a conversation
LONG = 5_000  #: messages of the one conversation that never ends
BLOCK = 500  #: messages at its start and end that are compared
ROUNDS = 5  #: every figure is the best of so many
STARTS = 3  #: workers that are started, one after the other
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SEED = 3

AIMS = {
    "observe_us": Aim(aim=300, at_least=False),
    "late_to_early": Aim(aim=1.2, at_least=False),
    "worker_ready_seconds": Aim(aim=4, at_least=False),
    "worker_resident_mb": Aim(aim=300, at_least=False),
}

Work = Callable[[Sequence[Utterance]], object]

CUSTOMER = """
Hello, where is my order? It should have been here on Monday.
The parcel arrived today, but the box was damaged and one cup is broken.
I have written to you three times now and nobody has answered.
Thanks, that works now.
Can you please send me the invoice again? I cannot find it.
I was charged twice for the same subscription this month.
This is really disappointing, I expected more from you.
The app crashes every time I open the settings page on my tablet.
Great, another delay. What am I supposed to tell my team?
I want to cancel my contract if this is not sorted out by Friday.
Could I change the delivery address? We are moving next week.
It is still not working, the same error as before.
No, the blue one, as I said in my first message.
Ok, thank you for looking into it so quickly!
Please let me speak to a manager about this.
My order number is 4821-77310 and the name is on the account.
How long does a refund usually take?
I do not understand why I have to pay for the return.
That sounds good to me, please go ahead.
Any news? It has been five days since your last message.
"""
AGENT = """
Hello, thank you for your message. I will have a look at your order right away.
I am sorry for the inconvenience this has caused you.
Could you please tell me your order number and the postcode?
The refund has been processed and should be with you within five working days.
Unfortunately we cannot change the address once the parcel has left our house.
I have forwarded this to our technical team and will come back to you tomorrow.
Your new parcel was shipped today, and here is the number to follow it.
Please restart the app after the update and tell us whether it works.
I have cancelled the second payment, so only one of them remains.
Is there anything else I can help you with today?
"""

STARTING = """
import json, os, time
started = time.monotonic() - (time.time() - {began})
from app import factory, worker
from app.scoring.conversation import Running, TicketFacts, Utterance
from app.scoring.engine import observe, score
from datetime import UTC, datetime
from tasks import scoring
parts = factory.build(worker.SETTINGS)
at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
said = Utterance(id="1", role="customer", public=True, text="Where is my order? This is terrible service.", at=at)
running, _ = observe(Running.start(), said)
score(running, TicketFacts(), parts.models.prior, at)
ready = time.monotonic() - started
pages = int(open("/proc/self/statm").read().split()[1])
print(json.dumps([ready, pages * os.sysconf("SC_PAGE_SIZE") / 1e6]))
"""


def run() -> Report:
    """Measure. Raises BenchError."""
    talks = [_talk(number) for number in range(MESSAGES // LENGTH)]
    texts = [said.text for talk in talks for said in talk]
    figures = {
        "messages": len(texts),
        "words_per_message": round(sum(len(text.split()) for text in texts) / len(texts), 1),
        **_per_message(_ours(), talks),
        **_flatness(),
        **_per_message(_theirs(), talks),
        **_worker(),
    }
    return Report(bench="scoring", figures=figures, aims=AIMS)


def _talk(seed: int, length: int = LENGTH) -> list[Utterance]:
    """A conversation: customer and agent in turn, an hour apart."""
    chance = random.Random(SEED + seed)
    sides = (CUSTOMER.strip().splitlines(), AGENT.strip().splitlines())
    return [
        Utterance(
            id=str(number),
            role="agent" if number % 2 else "customer",
            public=True,
            text=chance.choice(sides[number % 2]),
            at=START + timedelta(hours=number),
        )
        for number in range(length)
    ]


def _ours() -> dict[str, Work]:
    """What is timed on each conversation, by the name of its figure."""
    model, facts = load_prior(), TicketFacts()

    def observing(talk: Sequence[Utterance]) -> None:
        running = Running.start()
        for said in talk:
            running, _ = observe(running, said)

    def scoring(talk: Sequence[Utterance]) -> None:
        running = Running.start()
        for said in talk:
            running, _ = observe(running, said)
            _, running = score(running, facts, model, said.at)

    return {"observe_us": observing, "observe_and_score_us": scoring}


def _theirs() -> dict[str, Work]:
    # Imported once ours has been timed: all of TextBlob is in no process of the product.
    from textblob import TextBlob
    from textblob.en import sentiment
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return {
        "textblob_us": lambda talk: [TextBlob(said.text).sentiment for said in talk],
        "textblob_en_us": lambda talk: [sentiment(said.text) for said in talk],
        "vader_us": lambda talk: [analyzer.polarity_scores(said.text) for said in talk],
    }


def _per_message(works: Mapping[str, Work], talks: Sequence[Sequence[Utterance]]) -> dict[str, float]:
    """Microseconds a message: of every conversation its fastest round, so that the machine's busy spells count less."""
    best: dict[str, list[float]] = {name: [float("inf")] * len(talks) for name in works}
    for _ in range(ROUNDS + 1):  # the first round loads the lists, and is never the fastest
        for name, work in works.items():
            for number, talk in enumerate(talks):
                started = time.thread_time_ns()
                work(talk)
                best[name][number] = min(best[name][number], (time.thread_time_ns() - started) / 1e3)
    return {name: round(sum(times) / sum(map(len, talks)), 1) for name, times in best.items()}


def _flatness() -> dict[str, float]:
    """What a message costs at the end of a very long conversation, as a multiple of what it costs at the start.

    The same texts come in both blocks; medians, since a machine's hiccup is not a message's price.
    """
    block = _talk(0, BLOCK)
    costs: list[float] = []
    running = Running.start()
    for number in range(LONG):
        said = block[number % BLOCK]
        started = time.perf_counter_ns()
        running, _ = observe(running, said)
        costs.append(time.perf_counter_ns() - started)
    early, late = _of_customers(costs[:BLOCK]), _of_customers(costs[-BLOCK:])
    return {
        "early_us": round(median(early) / 1e3, 1),
        "late_us": round(median(late) / 1e3, 1),
        "late_to_early": round(median(late) / median(early), 3),
        "running_kb": round(len(json.dumps(running.to_json())) / 1e3, 1),
    }


def _of_customers(costs: Iterable[float]) -> list[float]:
    return list(costs)[::2]


def _worker() -> dict[str, float]:
    """Seconds from the start of a process that imports what a live worker imports to its first score, and its size."""
    click.echo("starting workers", err=True)
    found = [_start() for _ in range(STARTS)]
    return {
        "worker_ready_seconds": round(min(ready for ready, _ in found), 2),
        "worker_resident_mb": round(max(size for _, size in found), 1),
    }


def _start() -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="kintsugi-bench-") as folder:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("KINTSUGI_")}
        answer = subprocess.run(
            [sys.executable, "-c", STARTING.format(began=repr(time.time()))],
            cwd=CHECKOUT,
            env={**environ, "KINTSUGI_DATA_DIR": folder, "KINTSUGI_LOG_LEVEL": "error"},
            capture_output=True,
            text=True,
            check=False,
        )
    if answer.returncode:
        raise BenchError(f"the worker did not start: {answer.stderr.strip()[-500:]}")
    ready, size = json.loads(answer.stdout.splitlines()[-1])
    return ready, size
