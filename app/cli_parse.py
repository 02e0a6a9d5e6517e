"""The command that shows what the mapping makes of recorded bodies. Needs no database, no keys and no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from connectors.base import ConnectorKind


@click.command()
@click.argument("kind", type=click.Choice(["zendesk", "freshdesk"]))
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON line for each file.")
def parse(kind: str, files: tuple[Path, ...], as_json: bool) -> None:
    """Show what the mapping makes of recorded bodies or deliveries: which sort it is, and the neutral value.

    A file holds a body as it came, or an exchange {"request": ..., "response": {"status", "headers", "body"}}.
    """
    from app.connect import KINDS

    for file in files:
        line = _explained(KINDS[kind], file)
        click.echo(json.dumps(line) if as_json else _in_words(line))


def _explained(kind: ConnectorKind, file: Path) -> dict[str, Any]:
    from connectors.errors import BadBody
    from connectors.recording import plain, read_recorded

    try:
        found = kind.explain(read_recorded(file.read_bytes()))
    except OSError as error:
        return {"file": str(file), "error": error.strerror or type(error).__name__}
    except BadBody as error:
        return {"file": str(file), "error": str(error)}
    return {"file": str(file), "is": found.sort, "value": plain(found.value)}


def _in_words(line: Mapping[str, Any]) -> str:
    if "error" in line:
        return f"{line['file']}: not understood: {line['error']}"
    return f"{line['file']}: {line['is']}\n{json.dumps(line['value'], indent=2)}"
