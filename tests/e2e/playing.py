"""`kintsugi replay` as a process of its own, as a person runs it. No assertions live here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Where web and worker are to run; without, everything runs embedded."""

    database_url: str
    broker_url: str


def own_environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """This process's environment with nobody else's settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KINTSUGI_")}
    return {**inherited, "KINTSUGI_DATA_DIR": str(data_dir), **settings}


def start_replay(
    file: Path, data_dir: Path, servers: Servers | None = None, *, kind: str = "zendesk"
) -> subprocess.Popen[str]:
    """The process; its stdout and stderr are files in the data directory, so that no pipe fills up."""
    command = [sys.executable, "-m", "app.cli", "replay", str(file), "--kind", kind, "--json"]
    if servers is not None:
        command += ["--database-url", servers.database_url, "--broker-url", servers.broker_url]
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "stdout").open("w") as out, (data_dir / "stderr").open("w") as err:
        return subprocess.Popen(command, env=own_environment(data_dir), stdout=out, stderr=err, text=True)


def stop_replay(process: subprocess.Popen[str]) -> None:
    """End it in order, also where a test has failed: it ends its own processes then."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def report_of(data_dir: Path) -> dict[str, Any]:
    """What it printed."""
    printed: dict[str, Any] = json.loads((data_dir / "stdout").read_text(encoding="utf-8"))
    return printed


def words_of(data_dir: Path) -> str:
    """What it said on stderr."""
    return (data_dir / "stderr").read_text(encoding="utf-8", errors="replace")


def replay(file: Path, data_dir: Path, servers: Servers | None = None, *, within: float = 300) -> dict[str, Any]:
    """Play the file to its end; the report. Raises AssertionError with its words where it fails."""
    process = start_replay(file, data_dir, servers)
    try:
        code = process.wait(within)
    finally:
        stop_replay(process)
    assert code == 0, words_of(data_dir)[-3000:]
    return report_of(data_dir)
