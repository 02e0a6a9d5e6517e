"""What a machine needs before the product can run: `.venv` from the locks, and for tests some system packages.

Standard library only; nothing here knows the product. Everything it says goes to stderr. A stamp in `.venv` makes the
second start a matter of hashing a few files; a marker tells an interrupted set-up, which is then done afresh.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
UNFINISHED = VENV / "kintsugi-unfinished"
PYTHON = VENV / "bin" / "python"

#: The locks of each kind of start; the one for tests holds everything of the one for running.
LOCKS = {
    "run": ("requirements.txt",),
    "test": ("requirements-test.txt",),
    "bench": ("requirements-test.txt", "requirements-bench.txt"),
}
#: Kinds that are ready as well once the key is.
IMPLIED = {"run": ("run",), "test": ("run", "test"), "bench": ("run", "test", "bench")}

#: Compiled as installed: processes start in half the time, also where Python may not write beside its sources.
UV_INSTALL = ("pip", "install", "-q", "--compile-bytecode")

#: Debian packages that tests and benches want, in the order in which they are installed.
TOOLS = ("redis-server", "postgresql", "wrk", "chromium", "fonts-dejavu-core")


class SetupError(Exception):
    """The machine could not be made ready; the message says what to do about it."""


def say(text: str) -> None:
    """Tell the person at the terminal; stdout belongs to the command that follows."""
    sys.stderr.write(f"[set-up] {text}\n")
    sys.stderr.flush()


def tool(name: str) -> str:
    """Path of a program in `.venv`."""
    return str(VENV / "bin" / name)


def environment() -> dict[str, str]:
    """The environment for programs of `.venv`: its programs first, and no other environment's settings."""
    own = {name: value for name, value in os.environ.items() if name not in {"PYTHONHOME", "PYTHONPATH"}}
    own["PATH"] = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    own["VIRTUAL_ENV"] = str(VENV)
    return own


def become(command: Sequence[str]) -> NoReturn:
    """Replace this process by a program of `.venv`, so that signals and exit codes are that program's own."""
    program = tool(command[0])
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(program, [program, *command[1:]], environment())


# --- Python packages


def set_up(kind: str) -> None:
    """Make `.venv` ready for `run`, `test` or `bench`. Raises SetupError.

    Any number of launchers may do this at once: one works, the others wait for it.
    """
    if is_ready(kind):
        return
    with _alone():
        if is_ready(kind):
            return
        if not _usable():
            _create()
        UNFINISHED.touch()
        _install(kind)
        for implied in IMPLIED[kind]:
            _stamp_file(implied).write_text(_fingerprint(implied), encoding="ascii")
        UNFINISHED.unlink()
        say("done")


def is_ready(kind: str) -> bool:
    """True when `.venv` was made from these very locks by this version of Python, here."""
    if UNFINISHED.exists() or not os.access(PYTHON, os.X_OK):
        return False
    try:
        return _stamp_file(kind).read_text(encoding="ascii") == _fingerprint(kind)
    except FileNotFoundError:
        return False


def _stamp_file(kind: str) -> Path:
    return VENV / f"kintsugi-{kind}.stamp"


def _fingerprint(kind: str) -> str:
    # The place counts because scripts in .venv hold its path: a checkout that was moved or copied is set up again.
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for name in (*LOCKS[kind], "setup.cfg", "pyproject.toml"):
        digest.update(b"\0" + (ROOT / name).read_bytes())
    return digest.hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the checkout's own folder locked; the system lets go of it however this process ends."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work here; waiting for it")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _usable() -> bool:
    """True when `.venv` is whole, has an installer, stands where it was made, and is of this Python's version."""
    if UNFINISHED.exists() or not os.access(PYTHON, os.X_OK):
        return False
    # Scripts hold the path of the place where they were installed; so does this one, whoever made the environment.
    activate = VENV / "bin" / "activate"
    if not activate.exists() or str(VENV) not in activate.read_text(encoding="utf-8", errors="replace"):
        return False
    ask = "import sys, importlib.util as u; print(sys.version_info[:2], u.find_spec('pip') is not None)"
    answer = subprocess.run([str(PYTHON), "-I", "-c", ask], capture_output=True, text=True)
    if answer.returncode or not answer.stdout.startswith(f"{sys.version_info[:2]} "):
        return False
    return answer.stdout.strip().endswith("True") or os.access(tool("uv"), os.X_OK)


def _create() -> None:
    _ensure_venv_module()
    say(f"creating .venv with Python {sys.version.split()[0]}")
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)
    VENV.mkdir()
    UNFINISHED.touch()
    # The base interpreter, so that an activated environment of somebody else's leaves no trace in ours.
    base = getattr(sys, "_base_executable", None) or sys.executable
    if _call([base, "-I", "-m", "venv", str(VENV)]):
        raise SetupError(f"Python could not create an environment in {VENV}; its own words are above.")


def _ensure_venv_module() -> None:
    """Debian's python3 comes without ensurepip, which venv needs."""
    if importlib.util.find_spec("ensurepip"):
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if _may_apt():
        say(f"installing {package}")
        _apt_install([package])
        importlib.invalidate_caches()
    if not importlib.util.find_spec("ensurepip"):
        raise SetupError(
            "This Python comes without ensurepip, so it cannot create a virtual environment. "
            f"Install the package {package} and try again, for example: sudo apt-get install {package}"
        )


def _install(kind: str) -> None:
    """Install the locked packages, by hash, and the checkout itself in place."""
    say(f"installing Python packages ({kind})")
    uv = _get_uv()
    locks = [part for name in LOCKS[kind] if _pins(name) for part in ("-r", str(ROOT / name))]
    wanted = ["--no-deps", "--require-hashes", *locks]
    itself = ["--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    for what in (wanted, itself):
        if uv and not _call([uv, *UV_INSTALL, "--python", str(PYTHON), *what], env=_uv_environment()):
            continue
        if _pip("install", "-q", *what):
            raise SetupError(
                "The Python packages could not be installed; the installer's own words are above. If it did not reach "
                "the package index, check the network, the proxy settings and pip's configuration "
                "(python3 -m pip config list), then try again."
            )


def _pins(lock: str) -> bool:
    return "==" in (ROOT / lock).read_text(encoding="utf-8")


def _get_uv() -> str | None:
    """Path of the pinned uv, which installs many times faster than pip; None where it cannot be had."""
    if not os.access(tool("uv"), os.X_OK):
        block = locked_block((ROOT / LOCKS["run"][0]).read_text(encoding="utf-8"), "uv")
        alone = VENV / "kintsugi-uv.txt"
        alone.write_text(block, encoding="utf-8")
        if not block or _pip("install", "-q", "--no-deps", "--require-hashes", "-r", str(alone)):
            say("no uv for this machine; pip alone takes a little longer")
            return None
    return tool("uv")


def locked_block(lock: str, package: str) -> str:
    """The lines of one package in a lock: its pin and its hashes; empty when it is not there."""
    lines: list[str] = []
    for line in lock.splitlines(keepends=True):
        if line.startswith(f"{package}==") or (lines and line.startswith(" ")):
            lines.append(line)
        elif lines:
            break
    return "".join(lines)


def _pip(*arguments: str) -> int:
    # A "user" install, which some machines configure, cannot go into an environment.
    own = {**environment(), "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    return _call([str(PYTHON), "-I", "-m", "pip", *arguments], env=own)


def _uv_environment() -> dict[str, str]:
    """uv does not read pip's configuration; what a company sets there for pip is handed on."""
    own = {**environment(), "UV_SYSTEM_CERTS": "1", "UV_LINK_MODE": "copy", "UV_NO_CONFIG": "1"}
    ask = [str(PYTHON), "-I", "-m", "pip", "config", "list"]
    listed = subprocess.run(ask, capture_output=True, text=True, env=environment())
    handed_on = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY"}
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        name = handed_on.get(key.rpartition(".")[2])
        if name:
            own.setdefault(name, value.strip("'\""))
    return own


def _call(command: Sequence[str], *, env: dict[str, str] | None = None) -> int:
    """Run a program with its output on stderr; returns its exit code."""
    sys.stderr.flush()
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=env).returncode


# --- System packages


def install_tools(packages: Sequence[str] = TOOLS) -> list[str]:
    """Install what tests and benches want and this machine lacks, if we may; returns what is still missing."""
    missing = missing_tools(packages)
    if missing and _may_apt():
        say(f"installing {', '.join(missing)}; this can take some minutes")
        _apt_install(missing)
        missing = missing_tools(packages)
    return missing


def missing_tools(packages: Sequence[str] = TOOLS) -> list[str]:
    """Those of the Debian packages whose programs are not to be found here."""
    present: dict[str, Callable[[], object]] = {
        "redis-server": lambda: shutil.which("redis-server"),
        "postgresql": find_postgresql,
        "wrk": lambda: shutil.which("wrk"),
        "chromium": find_chromium,
        "fonts-dejavu-core": lambda: any(Path("/usr/share/fonts").rglob("*.ttf")),
    }
    return [package for package in packages if not present[package]()]


def find_postgresql() -> Path | None:
    """Folder with the server programs of the newest PostgreSQL on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def find_chromium() -> str | None:
    """Path of a Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for path in map(shutil.which, names) if path), None)


def _may_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _apt_install(packages: Sequence[str]) -> None:
    """Install what can be; a package that cannot be had does not keep the others away."""
    if not _apt("update"):
        say("apt-get update failed; check the network and the machine's package sources")
    if not _apt("install", *packages) and len(packages) > 1:
        for package in packages:
            if not _apt("install", package):
                say(f"apt-get could not install {package}")


def _apt(word: str, *packages: str) -> bool:
    """Run apt-get; its many words are shown only when it fails."""
    command = ["apt-get", "-qq", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", word, *packages]
    own = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with subprocess.Popen(
        command, env=own, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as running:
        words, _ = running.communicate()
    if running.returncode:
        sys.stderr.write(words.decode(errors="replace"))
    return running.returncode == 0
