"""The command that builds the apps for the helpdesks' marketplaces. Needs no database and no network."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli_base import Problem


@click.command()
@click.argument("kind", type=click.Choice(["zendesk", "freshdesk"]))
@click.option("--public-url", required=True, help="Where the helpdesk's people reach this installation: https://HOST.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The zip to write.")
def package(kind: str, public_url: str, out: Path) -> None:
    """Build the app for a helpdesk's marketplace, checked by the vendor's rules."""
    from app.connect import KINDS
    from app.settings import CHECKOUT
    from connectors.packaging import zipped

    try:
        built = KINDS[kind].package(CHECKOUT, public_url)
    except ValueError as error:
        raise click.UsageError(f"--public-url: {error}") from error
    for warning in built.warnings:
        click.echo(f"warning: {warning}", err=True)
    if built.errors:
        raise Problem("\n".join(built.errors))
    try:
        out.write_bytes(zipped(built.files))
    except OSError as error:
        raise Problem(f"--out: {out}: {error.strerror}") from error
    click.echo(f"{out} holds {len(built.files)} files for {public_url}.", err=True)
