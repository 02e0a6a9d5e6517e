"""The launcher, run as a program in a small checkout of its own: a lock with one package, found in a local folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import __main__ as launcher
from app import setup_machine
from tests.architecture.source import ROOT

#: Stands in for the product: says who and where it is, and ends with a code of its own.
PRODUCT = """
import json, os, sys

def main():
    print(json.dumps([os.getpid(), os.environ["KINTSUGI_DATA_DIR"], sys.argv[1:]]))
    sys.exit(7)
"""

#: The smallest build backend that installs a checkout in place: a path file and a script.
BACKEND = """
import os, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        wheel.writestr("small.pth", os.getcwd() + "\\n")
        wheel.writestr("small-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: small\\nVersion: 1.0\\n")
        wheel.writestr("small-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("small-1.0.dist-info/entry_points.txt", "[console_scripts]\\nkintsugi = app.cli:main\\n")
        wheel.writestr("small-1.0.dist-info/RECORD", "")
    return name
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A small checkout and how to start its launcher."""

    root: Path
    environment: dict[str, str]

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "app", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.root, env=self.environment, stdout=pipe, stderr=pipe, text=True)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        with self.start(*words) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    @property
    def lock(self) -> Path:
        return self.root / "requirements.txt"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout whose environment stands; a test that harms it leaves it to the launcher to mend."""
    root = tmp_path_factory.mktemp("checkout")
    (root / "app").mkdir()
    for name in ("__init__.py", "__main__.py", "setup_machine.py"):
        shutil.copy(ROOT / "app" / name, root / "app")
    (root / "app" / "cli.py").write_text(PRODUCT, encoding="utf-8")
    (root / "backend.py").write_text(BACKEND, encoding="utf-8")
    build = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (root / "pyproject.toml").write_text(build, encoding="utf-8")
    (root / "setup.cfg").write_text("", encoding="utf-8")
    wheels = tmp_path_factory.mktemp("wheels")
    (root / "requirements.txt").write_text(make_wheel(wheels, "pebble"), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KINTSUGI_", "PIP_", "COV_"))}
    own = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
    small = Checkout(root=root, environment={**kept, **own})
    assert small.run("doctor").returncode == 7
    return small


def make_wheel(folder: Path, name: str) -> str:
    """Put a wheel with one empty module into the folder; returns its line for a lock."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def test_a_word_becomes_the_product_itself(checkout: Checkout) -> None:
    process = checkout.start("desk", "list", "--json")
    out, err = process.communicate(timeout=60)

    assert out == f'[{process.pid}, "{checkout.root / ".kintsugi"}", ["desk", "list", "--json"]]\n'
    assert err == ""
    assert process.returncode == 7


def test_run_is_the_embedded_server(checkout: Checkout) -> None:
    done = checkout.run("run", "--port", "8123")

    assert '["serve", "--embedded", "--port", "8123"]' in done.stdout


def test_an_environment_of_another_place_is_not_used(checkout: Checkout) -> None:
    activate = checkout.root / ".venv" / "bin" / "activate"
    activate.write_text(activate.read_text(encoding="utf-8").replace(str(checkout.root), "/moved"), encoding="utf-8")
    (checkout.root / ".venv" / "kintsugi-run.stamp").unlink()

    done = checkout.run("doctor")

    assert "creating .venv" in done.stderr
    assert done.returncode == 7


def test_of_two_launchers_one_sets_up_and_the_other_waits(checkout: Checkout) -> None:
    (checkout.root / ".venv" / "kintsugi-run.stamp").unlink()

    started = [checkout.start("doctor") for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in started]

    assert [process.returncode for process in started] == [7, 7]
    assert sum("installing Python packages" in words for words in said) == 1


def test_a_set_up_that_failed_is_explained_and_done_afresh(checkout: Checkout) -> None:
    whole = checkout.lock.read_text(encoding="utf-8")
    checkout.lock.write_text(f"absent==1.0 \\\n    --hash=sha256:{'0' * 64}\n", encoding="utf-8")

    failed = checkout.run("doctor")
    checkout.lock.write_text(whole, encoding="utf-8")
    mended = checkout.run("doctor")

    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "absent==1.0" in failed.stderr
    assert "could not be installed" in failed.stderr
    assert mended.returncode == 7
    assert "creating .venv" in mended.stderr
    assert mended.stdout.count("\n") == 1


@pytest.mark.parametrize(("words", "code"), [([], 2), (["--help"], 0)])
def test_without_a_word_it_tells_the_words(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert launcher.main(words) == code

    assert "python3 -m app WORD" in capsys.readouterr().out


def test_an_old_python_is_refused_with_what_would_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    newer = tmp_path / "python3.12"
    newer.touch(mode=0o755)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (3, 9, 2))
        patch.setenv("PATH", str(tmp_path))
        code = launcher.main(["run"])

    assert code == 1
    assert "this is 3.9.2. This machine has one: python3.12 -m app" in capsys.readouterr().err


def test_lint_takes_no_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert launcher.main(["lint", "app"]) == 2

    assert "takes no arguments" in capsys.readouterr().err


def test_one_package_is_cut_out_of_a_lock() -> None:
    lock = textwrap.dedent("""\
        six==1.17.0 \\
            --hash=sha256:aa
        uv==0.1 ; python_version > '3' \\
            --hash=sha256:bb \\
            --hash=sha256:cc
        zenpy==2 \\
            --hash=sha256:dd
        """)

    block = setup_machine.locked_block(lock, "uv")

    assert block.splitlines()[0].startswith("uv==0.1")
    assert block.count("--hash") == 2
    assert setup_machine.locked_block(lock, "absent") == ""


def test_tools_that_are_not_here_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert setup_machine.install_tools(["wrk", "chromium"]) == ["wrk", "chromium"]


def test_a_missing_tool_fails_the_run_and_is_said_at_the_end() -> None:
    command = [setup_machine.tool("pytest"), "-p", "no:cacheprovider", "--missing", "chromium,wrk"]
    one_test = f"{Path(__file__).relative_to(ROOT)}::test_lint_takes_no_arguments"

    done = subprocess.run(
        [*command, one_test], cwd=ROOT, env=setup_machine.environment(), capture_output=True, text=True, timeout=60
    )

    assert done.returncode != 0
    assert "apt-get install chromium wrk" in done.stdout
    assert "1 passed" in done.stdout.splitlines()[-1]


def test_shots_want_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    code = launcher.main(["shots"])

    assert code == 2
    assert "FOLDER" in capsys.readouterr().err


def test_shots_are_the_browser_tests_with_a_place_for_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []
    monkeypatch.setattr(launcher, "_test", given.append)
    monkeypatch.setenv("KINTSUGI_TEST_PICTURES", "")

    launcher.main(["shots", str(tmp_path / "pictures")])

    assert given == [["tests/browser"]]
    assert os.environ["KINTSUGI_TEST_PICTURES"] == str(tmp_path / "pictures")
    assert (tmp_path / "pictures").is_dir()
