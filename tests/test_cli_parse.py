"""`kintsugi parse`: a line for every file, whatever is in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from tests.connectors.zendesk.bodies import event_body, ticket_body


def lines(*arguments: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(main, ["parse", *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_every_file_gets_one_line_in_order(tmp_path: Path) -> None:
    files = [
        write(tmp_path, "ticket.json", json.dumps({"ticket": ticket_body()})),
        write(tmp_path, "event.json", json.dumps(event_body())),
        write(tmp_path, "error.json", json.dumps({"error": "RecordNotFound"})),
        write(tmp_path, "broken.json", "{"),
        str(tmp_path / "missing.json"),
    ]

    found = lines("zendesk", *files)

    assert [line["file"] for line in found] == files
    assert [line.get("is") for line in found] == ["ticket", "delivery", "error", None, None]
    assert all(("value" in line) != ("error" in line) for line in found)


def test_a_tickets_line_holds_the_neutral_ticket(tmp_path: Path) -> None:
    (line,) = lines("zendesk", write(tmp_path, "ticket.json", json.dumps({"ticket": ticket_body()})))

    value = line["value"]
    assert isinstance(value, dict)
    assert (value["id"], value["status"], value["tags"]) == ("35", "open", ["lamp", "vip"])
    assert value["created_at"] == "2026-03-01T10:00:00Z"


def test_a_delivery_kept_with_its_headers_is_read(tmp_path: Path) -> None:
    kept = {"headers": [{"key": "X-Zendesk-Webhook-Id", "value": ["01W"]}], "payload": json.dumps(event_body())}

    (line,) = lines("zendesk", write(tmp_path, "kept.json", json.dumps(kept)))

    assert line["is"] == "delivery"


def test_people_can_read_it_too(tmp_path: Path) -> None:
    file = write(tmp_path, "event.json", json.dumps(event_body()))

    result = CliRunner().invoke(main, ["parse", "zendesk", file, write(tmp_path, "broken.json", "{")])

    assert f"{file}: delivery\n" in result.stdout
    assert "broken.json: not understood: body: not JSON at line 1" in result.stdout


@pytest.mark.parametrize("arguments", [["zendesk"], ["another", "x.json"], []])
def test_a_wrong_call_is_said_to_be_one(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["parse", *arguments]).exit_code == 2
