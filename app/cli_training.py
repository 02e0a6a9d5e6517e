"""`kintsugi train` and `kintsugi evaluate`: fitting the shipped priors, and checking one on rated conversations."""

from __future__ import annotations

import json
from pathlib import Path

import click

from app.cli_base import AS_JSON, Problem

FILES = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Holds uss/*.train.jsonl.gz and goemotions/goemotions.train.jsonl.gz.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path),
              help="Gets the priors and the word lists.")  # fmt: skip
@AS_JSON
def train(data: Path, out: Path, as_json: bool) -> None:
    """Fit the word lists and both priors. The same data and libraries give the same files."""
    from app.scoring.training import making
    from app.scoring.training.corpora import CorpusError

    try:
        made = making.make(data, out, say=_say)
    except CorpusError as error:
        raise Problem(str(error)) from error
    lines = [f"{name}: {size} bytes" for name, size in made.items()]
    click.echo(json.dumps({"out": str(out), "files": made}) if as_json else "\n".join(lines))


@click.command()
@click.option("--input", "inputs", required=True, multiple=True, type=FILES, help="Conversations as JSON lines.")
@click.argument("more", nargs=-1, type=FILES)
@click.option("--leave-one-out", "leave_out", is_flag=True, help="Score each set by a model fitted without it.")
@click.option("--learning-curve", "with_curve", is_flag=True, help="Also treat each set as a new desk.")
@AS_JSON
def evaluate(
    inputs: tuple[Path, ...], more: tuple[Path, ...], leave_out: bool, with_curve: bool, as_json: bool
) -> None:
    """Measure the prior on rated conversations, beside TextBlob, VADER and TF-IDF."""
    from app.scoring.model import ModelError, load_prior
    from app.scoring.training import corpora, curves, evaluating, printing
    from app.settings import SettingsError, prior_name

    try:
        prior = load_prior(prior_name())
    except ModelError as error:
        raise SettingsError(f"KINTSUGI_PRIOR: {error}") from error
    try:
        sets = corpora.read([*inputs, *more])
        curve = curves.curve if with_curve else None
        result = evaluating.evaluate(sets, prior, leave_out=leave_out, curve=curve, say=_say)
    except (corpora.CorpusError, evaluating.TooFewSets) as error:
        raise Problem(str(error)) from error
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else "\n".join(printing.lines(result)))


def _say(what: str) -> None:
    click.echo(what, err=True)
