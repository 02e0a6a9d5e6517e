"""The launcher: `python3 -m app run|test|lint|bench|shots`; every other word goes to the `kintsugi` command.

Standard library only, and nothing of ours but `app.setup_machine`, which is as plain: this runs before anything is
installed. What the product does lives elsewhere; here a word becomes a program, and the program takes this one's place,
so that signals and exit codes are its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)

USAGE = """\
usage: python3 -m app WORD [ARGUMENTS]

  run [--port N]                       set up, then start the product with its sandbox helpdesk
  test [--long] [--coverage] [pytest arguments]
                                       set up, then check style, types and behaviour
  test --capabilities                  the capability ids that have no test yet
  lint                                 style, types and import contracts alone
  bench NAME [--json]                  measure; names: python3 -m app bench --help
  shots FOLDER                         take a picture of every page, as the browser tests see them

Any other word is handed to the kintsugi command, for example: python3 -m app doctor
"""

#: What "lint" means, in this order; the tests run the same list.
LINT = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
)


def main(arguments: list[str]) -> int:
    """Do what the first word says; returns an exit code unless another program took over."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return _refuse_python()
    word, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if word in {"", "-h", "--help"}:
        sys.stdout.write(USAGE)
        return 0 if word else 2
    own = {"run": _run, "test": _test, "lint": _lint, "bench": _bench, "shots": _shots}
    from app.setup_machine import SetupError

    try:
        return own[word](rest) if word in own else _kintsugi([word, *rest])
    except (SetupError, OSError) as error:
        sys.stderr.write(f"Kintsugi could not be set up. {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. The next start takes it up again.\n")
        return 130


def _refuse_python() -> int:
    from shutil import which

    found = [name for name in ("python3.13", "python3.12", "python3.11") if which(name)]
    hint = f" This machine has one: {found[0]} -m app ..." if found else " Debian 12 and 13 bring one as python3."
    version = ".".join(str(part) for part in sys.version_info[:3])
    sys.stderr.write(f"Kintsugi needs Python 3.11, 3.12 or 3.13; this is {version}.{hint}\n")
    return 1


def _run(arguments: list[str]) -> NoReturn:
    _kintsugi(["serve", "--embedded", *arguments])


def _kintsugi(arguments: list[str]) -> NoReturn:
    from app import setup_machine

    setup_machine.set_up("run")
    os.environ.setdefault("KINTSUGI_DATA_DIR", str(ROOT / ".kintsugi"))
    setup_machine.become(["kintsugi", *arguments])


def _test(arguments: list[str]) -> NoReturn:
    os.chdir(ROOT)
    if "--capabilities" in arguments:
        os.execv(sys.executable, [sys.executable, "-m", "tests.architecture.capabilities", "--missing"])
    from app import setup_machine

    setup_machine.set_up("test")
    missing = setup_machine.install_tools()
    command = ["pytest", *[argument for argument in arguments if argument != "--coverage"]]
    if not set(arguments) - {"--long", "--coverage"}:
        # The whole suite: in parallel, each file on one worker so that its servers start once. There is one worker more
        # than processors, since the tests that start whole products often wait for them.
        # In the order of tests/conftest.py: xdist's own begins with the files of most tests, and ends with the longest.
        command += ["-n", str(min(4, 1 + (os.cpu_count() or 1))), "--dist", "loadfile", "--no-loadscope-reorder"]
    if "--coverage" in arguments:
        # Asked for, since watching every line takes as long again as the tests themselves.
        command += ["--cov"]
    if missing:
        command += ["--missing", ",".join(missing)]
    setup_machine.become(command)


def _lint(arguments: list[str]) -> int:
    if arguments:
        sys.stderr.write(f"lint takes no arguments, got: {' '.join(arguments)}\n")
        return 2
    from app import setup_machine

    os.chdir(ROOT)
    setup_machine.set_up("test")
    failed = []
    for step in LINT:
        sys.stderr.write(f"$ {' '.join(step)}\n")
        if subprocess.run([setup_machine.tool(step[0]), *step[1:]], env=setup_machine.environment()).returncode:
            failed.append(" ".join(step))
    sys.stderr.write(f"lint: failed: {'; '.join(failed)}\n" if failed else "lint: all clean\n")
    return 1 if failed else 0


def _bench(arguments: list[str]) -> NoReturn:
    from app import setup_machine

    os.chdir(ROOT)
    setup_machine.set_up("bench")
    missing = setup_machine.install_tools(("redis-server", "postgresql", "wrk"))
    if missing:
        sys.stderr.write(f"Missing on this machine: {', '.join(missing)}. Benches that need them will say so.\n")
    setup_machine.become(["python", "-m", "benchmarks", *arguments])


def _shots(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python3 -m app shots FOLDER\n")
        return 2
    folder = Path(arguments[0]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["KINTSUGI_TEST_PICTURES"] = str(folder)
    return _test(["tests/browser"])


if __name__ == "__main__":
    # Also right for `python3 /somewhere/app`, where the checkout is not on the path but this folder is.
    sys.path[0] = str(ROOT)
    sys.exit(main(sys.argv[1:]))
