"""What the product must be able to do, by id: a line in our words, where it lives, and the tests that check it.

`python -m tests.architecture.capabilities --write` writes docs/capabilities.md; `--missing` prints ids without a test.
Standard library only, so that it works before anything is installed.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.source import ROOT, called, calls, sources, text_of

DOCUMENT = ROOT / "docs" / "capabilities.md"

GROUPS = {
    "DET": "Detect",
    "SCO": "Score",
    "CRI": "Criteria",
    "TEA": "Teams",
    "PRO": "Protocols",
    "ACT": "Actions and goodwill",
    "GUI": "Guide people",
    "FOL": "Follow up",
    "MEA": "Measure",
    "PRV": "Prevent",
    "N": "Beyond the usual",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One promise. `homes` are the modules where its main part is; none means that it is still to come."""

    id: str
    line: str
    homes: tuple[str, ...] = ()


def _capability(id_: str, line: str, *homes: str) -> Capability:
    return Capability(id=id_, line=line, homes=homes)


CAPABILITIES = (
    _capability(
        "DET-01",
        "New messages and mere waiting both move an open ticket's score",
        "tasks/scoring.py",
        "app/store/tracked_tickets.py",
    ),
    _capability("DET-02", "Only the customer's own new words are read for tone", "app/scoring/signals/tone.py"),
    _capability("DET-03", "Heated phrases raise the alarm at once and are quoted", "app/scoring/signals/acts.py"),
    _capability(
        "DET-04",
        "A fix that does not hold counts against the resolution",
        "app/scoring/resolution.py",
        "app/scoring/history.py",
    ),
    _capability(
        "DET-05",
        "Slow and numerous replies count, by the calendar and by office hours",
        "app/scoring/hours.py",
        "app/scoring/waits.py",
    ),
    _capability(
        "DET-06", "What a customer thought of us before shifts where we start", "app/scoring/signals/ending.py"
    ),
    _capability("DET-07", "A bad rating opens one case, not one per delivery", "tasks/inbox.py", "app/store/cases.py"),
    _capability("DET-08", "Public complaints and reviews become cases on a shorter clock"),
    _capability("DET-09", "A feedback form can feed us, signed and mapped"),
    _capability(
        "DET-10",
        "Having to say it twice, or hold the line, is noticed",
        "app/scoring/asked.py",
        "app/scoring/signals/ending.py",
    ),
    _capability(
        "DET-11", "Small troubles of one customer add up across tickets", "app/scoring/history.py", "tasks/facts.py"
    ),
    _capability("DET-12", "Short pulse surveys to a sample, never too often"),
    _capability("DET-13", "Unusual waves of trouble stand out from the usual level"),
    _capability(
        "DET-14", "The second disappointment is a trigger of its own", "app/scoring/history.py", "tasks/facts.py"
    ),
    _capability("DET-15", "Customers about to leave are told apart from merely unhappy ones", "app/scoring/churn.py"),
    _capability("DET-16", "Trouble that a vendor caused is put down to the vendor", "app/scoring/vendors.py"),
    _capability(
        "DET-17",
        "The moment and the cause of the turn for the worse are named, with proof",
        "app/scoring/causes.py",
        "app/scoring/turning.py",
    ),
    _capability("SCO-01", "Every ticket has a score, or a stored reason why it has none", "tasks/scoring.py"),
    _capability("SCO-02", "A probability, and what each factor adds to it", "app/scoring/explain.py"),
    _capability("SCO-03", "Four states that do not flicker", "app/scoring/state.py"),
    _capability(
        "SCO-04",
        "Agents see state, trend and reasons; the ticket wears one state tag",
        "app/web/sidebar.py",
        "tasks/recovery.py",
    ),
    _capability(
        "SCO-05",
        "A desk's own ratings train its model, if it proves better",
        "app/scoring/learning",
        "tasks/learning.py",
    ),
    _capability("SCO-06", "How early we knew, reported in hours", "app/measure/early.py"),
    _capability("CRI-01", "Any rating scale can decide who is recovered", "app/protocols/presets.py"),
    _capability("CRI-02", "Levels, drops and time in a state can decide too", "app/protocols/rules.py"),
    _capability(
        "CRI-03",
        "What a threshold would cost in cases, hours and money, before choosing it",
        "app/protocols/capacity.py",
        "app/backtesting.py",
    ),
    _capability(
        "CRI-04",
        "Changed rules apply to new cases; running ones keep theirs",
        "app/store/protocols.py",
        "tasks/deciding.py",
    ),
    _capability(
        "CRI-05", "Short of hands, the worst come first and the rest are put off openly", "app/protocols/admission.py"
    ),
    _capability("CRI-06", "Ready sets of protocols for several trades", "app/protocols/packs/__init__.py"),
    _capability("TEA-01", "An alert that nobody takes goes to the next lead", "tasks/escalating.py"),
    _capability("TEA-02", "The worst ratings go to the lead of the agent's group", "app/protocols/actions/assign.py"),
    _capability(
        "TEA-03", "The recovery group takes over, and it is known from whom", "app/protocols/actions/assign.py"
    ),
    _capability("TEA-04", "The agent who had it can keep it, with guidance", "app/protocols/actions/assign.py"),
    _capability("TEA-05", "Cases spread by turn, load or skill, around absences", "app/protocols/routing.py"),
    _capability("TEA-06", "Customers about to leave have a queue of their own", "app/protocols/packs/retention.yaml"),
    _capability("TEA-07", "The vendor's team is brought in while the customer is helped", "tasks/vendors.py"),
    _capability("TEA-08", "Valued customers hear from somebody senior", "tasks/customers.py"),
    _capability("TEA-09", "Nothing slips: what a lost webhook missed is found again", "tasks/reconcile.py"),
    _capability("TEA-10", "An unknown kind of trouble still has an owner and a clock", "tasks/casework.py"),
    _capability("PRO-01", "Each kind of trouble has its one protocol", "app/protocols/linting/together.py"),
    _capability("PRO-02", "Tags come from a small dictionary and go on once", "app/protocols/actions/tag.py"),
    _capability("PRO-03", "The protocol that fits is right there in the sidebar", "app/protocols/fitting.py"),
    _capability("PRO-04", "Each step has somebody, a time and a way to tell it is done", "app/protocols/progress.py"),
    _capability("PRO-05", "Rules that cannot work are refused, naming the spot", "app/protocols/schema.py"),
    _capability("PRO-06", "What can run by itself does, with one approval at most", "tasks/performing.py"),
    _capability("PRO-07", "Time to the first recovering touch is measured against a target", "tasks/targets.py"),
    _capability(
        "PRO-08", "Owning up comes before the fix, and drafts are checked for it", "app/protocols/linting/texts.py"
    ),
    _capability("PRO-09", "Recovery takes the time it takes; closing it early is undone", "tasks/fates.py"),
    _capability("PRO-10", "Like cases get like treatment; departures are explained", "app/store/deviations.py"),
    _capability("ACT-01", "An apology with its cause, and not over and over"),
    _capability("ACT-02", "Coupons and cards: one code, one customer, one use"),
    _capability("ACT-03", "Offers to stay go only to those they fit"),
    _capability("ACT-04", "Goodwill whoever was at fault, booked to who was"),
    _capability("ACT-05", "Remedies of several parts, each with its fate"),
    _capability("ACT-06", "A little extra, once the fix is certain"),
    _capability("ACT-07", "Agents may give up to their limit without asking"),
    _capability("ACT-08", "One gesture to many after a mass failure, within the budget"),
    _capability("ACT-09", "Messages with the customer's facts, never with a hole in them", "app/protocols/template.py"),
    _capability("ACT-10", "Money is reserved, spent or released, and never overspent"),
    _capability("GUI-01", "The next best step, ranked, with its reason, at once", "app/protocols/suggestions.py"),
    _capability("GUI-02", "Hints on tone that fit the customer's state", "app/scoring/hints.py"),
    _capability("GUI-03", "Drafts are checked for warmth and a real next step", "app/scoring/reply_check.py"),
    _capability("GUI-04", "Agents see their strengths once there is enough to go by"),
    _capability("GUI-05", "Practice from real cases, without the names"),
    _capability("GUI-06", "The customer's history on one page", "app/store/customer_stories.py"),
    _capability("GUI-07", "The line over time, not only the number", "app/web/charts.py"),
    _capability("GUI-08", "Good recoveries are celebrated; complaints are nobody's black mark"),
    _capability("FOL-01", "A check some days later, dropped if the customer wrote first"),
    _capability("FOL-02", "Follow-ups that name what broke and what was promised"),
    _capability("FOL-03", "Did the fix arrive and work? A no opens it again"),
    _capability(
        "FOL-04",
        "One second survey per case, by a link that counts once",
        "tasks/surveys.py",
        "app/store/invitations.py",
    ),
    _capability("FOL-05", "Closed tickets can still be answered about", "tasks/fates.py", "tasks/surveys.py"),
    _capability("FOL-06", "Poor raters are reached within hours"),
    _capability("FOL-07", "The second survey asks about the recovery and buys no stars"),
    _capability("FOL-08", "Loyalty after one, two and three months"),
    _capability("FOL-09", "Stories are shared only with consent, asked of everybody"),
    _capability("MEA-01", "A funnel whose every number is a list of cases", "app/measure/funnel.py"),
    _capability("MEA-02", "Customers kept, against those left alone"),
    _capability("MEA-03", "What it returned for what it cost, with its uncertainty"),
    _capability("MEA-04", "How much business is at stake, as a range"),
    _capability("MEA-05", "A dashboard, a weekly digest, and a word when things drift"),
    _capability("MEA-06", "Each closed case has its cause; causes are ranked and priced"),
    _capability("MEA-07", "Talks with customers, planned and noted"),
    _capability("MEA-08", "Lessons become changes, and recurrence tells whether they worked"),
    _capability("MEA-09", "Versions of a protocol side by side over time"),
    _capability("MEA-10", "Vendors compared fairly, small ones too"),
    _capability("MEA-11", "Whether recovery really leaves customers happier than no failure"),
    _capability("MEA-12", "Sentiment before and after, corrected by the untreated"),
    _capability("PRV-01", "A list of trouble to come, and how long before", "app/store/outlooks.py"),
    _capability("PRV-02", "We write first, with the trouble and its remedy in one message"),
    _capability("PRV-03", "Other systems can tell us of late orders and outages"),
    _capability("PRV-04", "Good news is used as well, and never starts a recovery"),
    _capability("PRV-05", "Notices say what happened, what we do and when we write again"),
    _capability("PRV-06", "Vendors who keep failing are warned before the next complaint"),
    _capability("PRV-07", "When the recovery itself fails, machines stop and a person takes over"),
    _capability("PRV-08", "No gift hangs on a good review", "app/protocols/linting/texts.py"),
    _capability("N1", "Some customers are left alone by chance, and the verdict is honest"),
    _capability("N2", "The paradox is tested on a desk's own numbers"),
    _capability("N3", "Effort goes where it helps most, not where risk is highest"),
    _capability(
        "N4", "Probabilities that come true as often as they say", "app/scoring/learning", "app/web/learning.py"
    ),
    _capability(
        "N5",
        "A protocol can be tried on last month before it goes live",
        "app/protocols/backtest.py",
        "app/backtesting.py",
    ),
    _capability(
        "N6",
        "Undoing a protocol's changes, leaving people's own alone",
        "app/rolling_back.py",
        "app/protocols/changes.py",
    ),
    _capability("N7", "A ledger of goodwill that holds under a crowd"),
    _capability("N8", "Offers and review requests are kept apart by rule", "app/protocols/linting/texts.py"),
    _capability("N9", "How often we may apologise or write at all is limited", "app/protocols/contact.py"),
    _capability("N10", "A second failure stops the machine", "app/protocols/progress.py"),
    _capability("N11", "The kind of loss picks the kind of remedy"),
    _capability("N12", "One incident, everybody it touched, one message each"),
    _capability("N13", "Vendor scores that do not punish bad luck"),
    _capability("N14", "Every helpdesk call comes out of a budget"),
    _capability("N15", "Why, and why not, for every ticket and rule", "app/why.py", "app/protocols/why.py"),
    _capability("N16", "Ratings that no mail scanner can give"),
    _capability("N17", "Promises in replies are kept in view, and broken ones counted"),
    _capability("N18", "Surveys go where we are unsure, and results are corrected for silence"),
    _capability("N19", "Customers are read, staff never are", "app/scoring/signals/service.py"),
    _capability("N20", "Useful on day one, and it shows last month in the first hour"),
)


def checks_by_id(root: Path = ROOT) -> dict[str, list[str]]:
    """Capability id to the tests that are marked as its check, as `path::name`."""
    found: dict[str, list[str]] = {}
    for source in sources(root, "tests"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                for id_ in _marks(node.decorator_list):
                    found.setdefault(id_, []).append(f"{source.path}::{node.name}")
            elif isinstance(node, ast.Assign) and [called(target) for target in node.targets] == ["pytestmark"]:
                for id_ in _marks([node.value]):
                    found.setdefault(id_, []).append(str(source.path))
    return {id_: sorted(set(tests)) for id_, tests in found.items()}


def _marks(nodes: list[ast.expr]) -> Iterator[str]:
    """The ids in `capability("...")` marks, also inside a parametrization."""
    for node in nodes:
        for call in calls(node):
            if called(call.func) == "capability":
                yield from (text for argument in call.args if (text := text_of(argument)))


def missing(root: Path = ROOT) -> list[str]:
    """Ids that no test checks yet."""
    checked = checks_by_id(root)
    return [capability.id for capability in CAPABILITIES if capability.id not in checked]


def document(root: Path = ROOT) -> str:
    """The text of docs/capabilities.md."""
    checked = checks_by_id(root)
    parts = [
        "# Capabilities",
        "Written by `python -m tests.architecture.capabilities --write`; a test keeps it up to date.",
        f"{len(CAPABILITIES)} promises, {len(CAPABILITIES) - len(missing(root))} with a test.",
    ]
    for group, title in GROUPS.items():
        members = [capability for capability in CAPABILITIES if capability.id.rstrip("0123456789").rstrip("-") == group]
        table = ["| id | what it does | where it lives | tests |", "|---|---|---|---|"]
        table += [_row(root, capability, checked.get(capability.id, [])) for capability in members]
        parts += [f"## {title}", "\n".join(table)]
    return "\n\n".join(parts) + "\n"


def _row(root: Path, capability: Capability, tests: list[str]) -> str:
    homes = [f"`{home}`" for home in capability.homes if (root / home).exists()]
    cells = [capability.id, capability.line, ", ".join(homes) or "not yet"]
    return f"| {' | '.join(cells)} | {'<br>'.join(f'`{test}`' for test in tests) or 'none yet'} |"


def main(arguments: list[str]) -> int:
    """The command line."""
    if arguments == ["--missing"]:
        sys.stdout.write("".join(f"{id_}\n" for id_ in missing()))
        return 0
    if arguments == ["--write"]:
        DOCUMENT.write_text(document(), encoding="utf-8")
        return 0
    sys.stderr.write("usage: python -m tests.architecture.capabilities --missing | --write\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
