"""What it costs to put a ticket to fifty protocols and to say why, beside rule-engine and zen-engine on the same rules.

A decision is what one protocol says about one ticket: whether it matches, for each of its five conditions what it
wanted, what it found and whether it holds, and a sentence for people. The two engines give truth values; the words
are put to them here, with all that can be made ready beforehand made ready. Each is asked in the fastest way found:
rule-engine a rule per condition, zen-engine one compiled expression for all conditions of all protocols.

Everything runs in one thread and is timed by that thread's own processor time, the engines in turn, so that a busy
machine does not show. The answers are compared before anything is timed.
"""

from __future__ import annotations

import importlib
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.protocols import rules
from app.protocols.decide import Published, Standing, decide
from app.protocols.document import read_document
from app.protocols.protocol import Condition, RecoveryProtocol
from app.words import ConditionResult, Decision, Outcome, SatState
from benchmarks.report import Aim, BenchError, Report

PROTOCOLS = 50
TICKETS = 200
ROUNDS = 7  #: every ticket's figure is the best of so many
SEED = 5
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

STATES = [str(state) for state in SatState]
TAGS = ["vip", "parcel", "late", "beta", "gift", "export"]
CHANNELS = ["email", "chat", "web"]

AIMS = {"to_rule_engine": Aim(aim=1), "to_zen_engine": Aim(aim=1)}

Facts = dict[str, Any]


class Answer(NamedTuple):
    """What an engine says about one protocol, with the words put to it."""

    matched: bool
    reason: str
    results: tuple[ConditionResult, ...]


Truths = Sequence[Sequence[bool]]  # by protocol and condition
Ask = Callable[[Facts], Any]


def run() -> Report:
    """Measure. Raises BenchError where the engines do not agree or are not installed."""
    chance = random.Random(SEED)
    protocols = [_protocol(number, chance) for number in range(PROTOCOLS)]
    tickets = [_facts(chance) for _ in range(TICKETS)]
    asks = {
        "ours": _ours(protocols),
        "rule_engine": _rule_engine(protocols),
        "zen_engine": _zen_engine(protocols),
    }
    matches = {
        "ours": lambda facts: [rules.matches(protocol.criteria, facts) for protocol in protocols],
        "rule_engine": _rule_engine_matched(protocols),
        "zen_engine": _zen_engine_matched(protocols),
        "zen_table_traced": _zen_table_traced(protocols),
    }
    matched = _agreed(asks, matches, tickets)
    explained_us = _per_ticket({f"{name}_us": ask for name, ask in asks.items()}, tickets)
    matched_us = _per_ticket({f"{name}_matched_us": match for name, match in matches.items()}, tickets)
    figures = {
        "protocols": PROTOCOLS,
        "tickets": TICKETS,
        "matching_per_ticket": round(matched / TICKETS, 2),
        **{
            f"{name.removesuffix('_us')}_decisions_per_second": round(PROTOCOLS / us * 1e6)
            for name, us in explained_us.items()
        },
        "to_rule_engine": round(explained_us["rule_engine_us"] / explained_us["ours_us"], 2),
        "to_zen_engine": round(explained_us["zen_engine_us"] / explained_us["ours_us"], 2),
        **{name: round(us, 1) for name, us in (explained_us | matched_us).items()},
    }
    return Report(bench="protocols", figures=figures, aims=AIMS)


def _protocol(number: int, chance: random.Random) -> RecoveryProtocol:
    """Five conditions of the kinds that protocols have: state, score, waiting, tags and channel."""
    rows = [
        ("state", "one_of", chance.sample(STATES, 2)),
        ("score", chance.choice(["at_most", "below", "at_least", "above"]), chance.randrange(10, 91)),
        ("waiting_hours", chance.choice(["at_least", "above"]), chance.randrange(0, 25)),
        ("tags", chance.choice(["includes", "excludes"]), chance.choice(TAGS)),
        ("channel", chance.choice(["is", "is_not"]), chance.choice(CHANNELS)),
    ]
    document = {
        "name": f"Protocol {number}",
        "criteria": {"all": [dict(zip(("field", "operator", "value"), row, strict=True)) for row in rows]},
        "actions": [{"do": "priority", "to": "high"}],
    }
    return read_document(document)


def _facts(chance: random.Random) -> Facts:
    return {
        "state": chance.choice(STATES),
        "score": chance.randrange(0, 101),
        "waiting_hours": chance.uniform(0, 40),
        "tags": frozenset(chance.sample(TAGS, 3)),
        "channel": chance.choice(CHANNELS),
    }


def _ours(protocols: Sequence[RecoveryProtocol]) -> Ask:
    published = [Published(version_id=n, order=n, protocol=protocol) for n, protocol in enumerate(protocols)]
    return lambda facts: decide(published, facts, Standing(), NOW)


def _rule_engine(protocols: Sequence[RecoveryProtocol]) -> Ask:
    make = _imported("rule_engine").Rule
    each = [[make(_written(condition, RULE_ENGINE)) for condition in one.criteria.all] for one in protocols]
    words = _Words(protocols)

    def ask(facts: Facts) -> Sequence[Answer]:
        return words.answers([[rule.matches(facts) for rule in own] for own in each], facts)

    return ask


def _rule_engine_matched(protocols: Sequence[RecoveryProtocol]) -> Ask:
    make = _imported("rule_engine").Rule
    each = [make(_whole(protocol, RULE_ENGINE)) for protocol in protocols]
    return lambda facts: [rule.matches(facts) for rule in each]


def _zen_engine(protocols: Sequence[RecoveryProtocol]) -> Ask:
    rows = (", ".join(_written(condition, ZEN_ENGINE) for condition in one.criteria.all) for one in protocols)
    compiled = _imported("zen").compile_expression(f"[{', '.join(f'[{row}]' for row in rows)}]")
    words = _Words(protocols)
    return lambda facts: words.answers(compiled.evaluate(facts), facts)


def _zen_engine_matched(protocols: Sequence[RecoveryProtocol]) -> Ask:
    whole = ", ".join(_whole(protocol, ZEN_ENGINE) for protocol in protocols)
    return _imported("zen").compile_expression(f"[{whole}]").evaluate  # type: ignore[no-any-return]


def _zen_table_traced(protocols: Sequence[RecoveryProtocol]) -> Ask:
    """The engine's own explanation: a decision table that collects every row that matches, and traces them."""
    columns = [condition.field for condition in protocols[0].criteria.all]
    rows = [
        {"_id": str(n), "protocol": str(n)} | {c.field: _written(c, ZEN_CELL) for c in one.criteria.all}
        for n, one in enumerate(protocols)
    ]
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": name, "name": name, "field": name} for name in columns],
        "outputs": [{"id": "protocol", "name": "protocol", "field": "protocol"}],
        "rules": rows,
    }
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": table},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges = [{"id": f"{a} {b}", "sourceId": a, "targetId": b} for a, b in (("in", "table"), ("table", "out"))]
    decision = _imported("zen").ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def ask(facts: Facts) -> Sequence[bool]:
        found = {row["protocol"] for row in decision.evaluate(facts, {"trace": True})["result"]}
        return [number in found for number in range(len(protocols))]

    return ask


class _Words:
    """What the other engines do not say: each condition's result and the sentence, from its truth value."""

    def __init__(self, protocols: Sequence[RecoveryProtocol]) -> None:
        self._rows = [
            [(c.field, c.operator, c.value, rules.wanted(c.field, c.operator, c.value)) for c in one.criteria.all]
            for one in protocols
        ]

    def answers(self, truths: Truths, facts: Facts) -> Sequence[Answer]:
        """The answers to one ticket."""
        shown = {name: rules.plain(value) for name, value in facts.items()}
        ends = {name: rules.found(value) for name, value in shown.items()}
        answers = []
        for rows, held in zip(self._rows, truths, strict=True):
            results = tuple(
                [
                    ConditionResult(name, operator, expected, shown[name], passed)
                    for (name, operator, expected, _), passed in zip(rows, held, strict=True)
                ]
            )
            matched = all(held)
            said = [row[3] + ends[row[0]] for row, passed in zip(rows, held, strict=True) if passed is matched]
            reason = (
                f"The criteria hold: {', '.join(said)}." if matched else f"Not eligible: it wants {'; '.join(said)}."
            )
            answers.append(Answer(matched, reason, results))
        return answers


#: Each operator of the bench in the engines' own languages.
RULE_ENGINE = {
    "is": "{name} == {value}",
    "is_not": "{name} != {value}",
    "at_least": "{name} >= {value}",
    "at_most": "{name} <= {value}",
    "above": "{name} > {value}",
    "below": "{name} < {value}",
    "one_of": "{name} in {value}",
    "includes": "{value} in {name}",
    "excludes": "not ({value} in {name})",
}
ZEN_ENGINE = RULE_ENGINE | {"includes": "contains({name}, {value})", "excludes": "not contains({name}, {value})"}
ZEN_CELL = {name: words.replace("{name}", "$") for name, words in ZEN_ENGINE.items()}


def _written(condition: Condition, language: Mapping[str, str]) -> str:
    return language[condition.operator].format(name=condition.field, value=json.dumps(condition.value))


def _whole(protocol: RecoveryProtocol, language: Mapping[str, str]) -> str:
    return " and ".join(_written(condition, language) for condition in protocol.criteria.all)


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise BenchError(f"{name} is not installed; it is in requirements-bench.txt") from error


def _agreed(asks: Mapping[str, Ask], matches: Mapping[str, Ask], tickets: Sequence[Facts]) -> int:
    """How many protocols match, over all tickets, once every engine has said the same."""
    total = 0
    for facts in tickets:
        decisions, *others = (ask(_form(name, facts)) for name, ask in asks.items())
        expected = [decision.outcome is not Outcome.NOT_ELIGIBLE for decision in decisions]
        for answers in others:
            _compare(decisions, answers)
        if any(list(match(_form(name, facts))) != expected for name, match in matches.items()):
            raise BenchError("the engines do not agree on which protocols match")
        total += sum(expected)
    return total


def _compare(decisions: Sequence[Decision], answers: Sequence[Answer]) -> None:
    for decision, answer in zip(decisions, answers, strict=True):
        same_words = answer.matched or answer.reason == decision.reason
        if answer.results != decision.conditions or not same_words:
            raise BenchError(f"the engines do not agree: {decision} and {answer}")


def _form(name: str, facts: Facts) -> Facts:
    """The facts as the engine takes them: the others know no sets."""
    return facts if name.startswith("ours") else facts | {"tags": tuple(sorted(facts["tags"]))}


def _per_ticket(works: Mapping[str, Ask], tickets: Sequence[Facts]) -> dict[str, float]:
    """Microseconds a ticket: of each its fastest round, so that the machine's busy spells count less.

    In a round each engine has all tickets to itself, so that none finds the processor's caches full of another's.
    """
    best = {name: [float("inf")] * len(tickets) for name in works}
    forms = {name: [_form(name, facts) for facts in tickets] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            for number, facts in enumerate(forms[name]):
                started = time.thread_time_ns()
                work(facts)
                best[name][number] = min(best[name][number], (time.thread_time_ns() - started) / 1e3)
    return {name: sum(times) / len(tickets) for name, times in best.items()}
