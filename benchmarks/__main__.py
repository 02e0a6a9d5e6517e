"""`python -m benchmarks NAME [--json] [--small]`. Measuring is in the module of its name."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable

import click

from benchmarks.report import BenchError, Report

#: Every measurement; its module has a function `run` that makes a Report.
BENCHES = {
    "pages": "how long pages take with a million tickets and five million scores",
    "pipeline": "what a ticket costs once its webhook is stored, beside empty tasks",
    "protocols": "decisions a second, matched and explained, beside rule-engine and zen-engine",
    "scoring": "what a message costs to read and score, beside TextBlob and VADER, and a worker's start",
    "webhook": "what a webhook costs, beside a bare endpoint on the same database",
}


#: Those that also have a form for a first look, with less data.
SMALLER = {"pages"}


@click.command(epilog="  ".join(f"{name}: {words}." for name, words in BENCHES.items()))
@click.argument("name", type=click.Choice(sorted(BENCHES)))
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("--small", is_flag=True, help="With less data, for a first look; pages only.")
def main(name: str, *, as_json: bool, small: bool) -> None:
    """Measure the product. What is going on is told on stderr."""
    if small and name not in SMALLER:
        raise click.UsageError(f"{name} has no small form")
    run: Callable[..., Report] = importlib.import_module(f"benchmarks.{name}").run
    try:
        report = run(small=True) if small else run()
    except BenchError as error:
        click.echo(f"bench {name}: {error}", err=True)
        sys.exit(1)
    click.echo(report.as_json() if as_json else report.as_text())


if __name__ == "__main__":
    main(prog_name="python3 -m app bench")
