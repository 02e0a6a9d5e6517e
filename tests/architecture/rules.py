"""The rules of the house, each a function from a checkout to findings. They read text and syntax trees alone, so that
they can be tried on a copy with a fault in it. What imports what is import-linter's part (setup.cfg)."""

from __future__ import annotations

import ast
import fnmatch
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

from tests.architecture.source import (
    PRODUCT,
    Source,
    called,
    called_name,
    calls,
    keyword,
    lines,
    rows,
    setup_cfg,
    sources,
    text_of,
)

PURE = ("app.scoring", "app.protocols", "app.goodwill", "app.measure", "app.words")
LAUNCHER = ("app.__main__", "app.setup_machine")
DOCUMENTED = ("app/scoring", "app/protocols", "app/goodwill", "app/measure", "connectors")
STATEMENTS = {"select", "insert", "update", "delete", "text", "func", "table", "Table"}
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 40


# --- Layers


def modules_without_a_layer(root: Path) -> list[str]:
    """Every module and package right under app/ is named in the layers, and every pure one in the purity contract."""
    contracts = setup_cfg(root)
    named = set(re.findall(r"[\w.]+", contracts["importlinter:contract:layers"]["layers"]))
    pure = set(lines(contracts["importlinter:contract:pure"]["source_modules"]))
    there = {".".join(source.module.split(".")[:2]) for source in sources(root, "app")} - {"app"}
    findings = [f"{module} is in no layer of setup.cfg" for module in sorted(there - named)]
    return findings + [f"{module} is not held pure by setup.cfg" for module in PURE if module in there - pure]


def launcher_imports(root: Path) -> list[str]:
    """The launcher runs before anything is installed: the standard library, and its own second half."""
    return [
        f"{source.path} imports {name}"
        for source in sources(root, "app")
        if source.module in LAUNCHER
        for name in _imported(source.tree)
        if name.split(".")[0] not in sys.stdlib_module_names and name not in {"app", *LAUNCHER}
    ]


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def environment_readers(root: Path) -> list[str]:
    """Only the settings read variables; others may hand the environment on as a whole, to a process or a reader."""
    return [
        f"{source.path}:{node.lineno} reads the environment"
        for source in sources(root, *PRODUCT)
        if source.module not in {"app.settings", *LAUNCHER}
        for node in ast.walk(source.tree)
        if _reads_a_variable(node)
    ]


def _reads_a_variable(node: ast.AST) -> TypeGuard[ast.expr]:
    if isinstance(node, ast.Subscript):
        return _is_environ(node.value) and isinstance(node.ctx, ast.Load)
    if not isinstance(node, ast.Call):
        return False
    return called_name(node) == "getenv" or (
        called_name(node) in {"get", "pop"} and isinstance(node.func, ast.Attribute) and _is_environ(node.func.value)
    )


def _is_environ(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "environ" and called(node.value) == "os"


def statements_outside_the_store(root: Path) -> list[str]:
    """SQL is built in app.store only (the sandbox has a file of its own); others may name a Session or an error."""
    return [
        f"{source.path}:{node.lineno} imports {alias.name} from {node.module}"
        for source in sources(root, *PRODUCT)
        if not source.module.startswith(("app.store", "connectors.sandbox"))
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for alias in node.names
        if alias.name in STATEMENTS
    ]


# --- Tasks


def tasks_of(root: Path) -> Iterator[tuple[Source, ast.FunctionDef, str, str | None]]:
    """Every Celery task: where it is, its function, its name, and the queue that its decorator gives it."""
    for source in sources(root, "tasks", "app"):
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.FunctionDef):
                continue
            for decorator in node.decorator_list:
                call = decorator if isinstance(decorator, ast.Call) else None
                if called(call.func if call else decorator) in {"shared_task", "task"}:
                    name = text_of(keyword(call, "name")) if call else None
                    queue = text_of(keyword(call, "queue")) if call else None
                    yield source, node, name or "", queue


def unrouted_tasks(root: Path) -> list[str]:
    """Every task names itself and has a queue, and every queue has a worker in the Procfile."""
    routes = _routes(root)
    consumed = _consumed_queues(root)
    findings = []
    for source, function, name, own_queue in tasks_of(root):
        place = f"{source.path}:{function.lineno} {function.name}"
        if not name:
            findings.append(f"{place} does not name itself")
            continue
        queue = own_queue or next((queue for glob, queue in routes.items() if fnmatch.fnmatch(name, glob)), None)
        if queue is None:
            findings.append(f"{place}: no route for {name}")
        elif queue not in consumed:
            findings.append(f"{place}: no worker of the Procfile takes from the queue {queue}")
    return findings


def _routes(root: Path) -> dict[str, str]:
    """Task name or pattern to queue: every entry of the form `"name": {"queue": QUEUE}`."""
    found: dict[str, str] = {}
    for source in sources(root, "tasks", "app"):
        constants = dict(_constants(source.tree))
        for node in ast.walk(source.tree):
            for name, target in _pairs(node):
                for key, value in _pairs(target):
                    queue = text_of(value) or constants.get(called(value))
                    if key == "queue" and queue:
                        found[name] = queue
    return found


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The module's own names for texts."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            text = text_of(node.value)
            if text is not None:
                yield from ((target, text) for target in _targets(node))


def _values_of(tree: ast.Module, name: str) -> Iterator[ast.expr]:
    """What is given for a name: as keyword, dictionary entry or assignment (also of the upper-case constant)."""
    names = {name, name.upper()}
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in names:
            yield node.value
        elif isinstance(node, ast.Dict):
            yield from (value for key, value in _pairs(node) if key in names)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value and names & set(_targets(node)):
            yield node.value


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    return [called(target) for target in (node.targets if isinstance(node, ast.Assign) else [node.target])]


def _pairs(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            text = text_of(key)
            if text is not None:
                yield text, value


def _consumed_queues(root: Path) -> set[str]:
    procfile = root / "Procfile"
    text = procfile.read_text(encoding="utf-8") if procfile.exists() else ""
    workers = [line for line in text.splitlines() if re.search(r"\bcelery\b.*\bworker\b", line)]
    named = [re.search(r"(?:-Q|--queues)[ =]?(\S+)", line) for line in workers]
    return {queue for match in named if match for queue in match.group(1).split(",")}


def scheduled_names_that_are_no_tasks(root: Path) -> list[str]:
    """What beat schedules, and what is sent by name, is a task."""
    known = {name for _, _, name, _ in tasks_of(root)}
    findings = []
    for source in sources(root, "tasks", "app"):
        sent = [text_of(call.args[0]) for call in calls(source.tree) if called_name(call) == "send_task" and call.args]
        for schedule in _values_of(source.tree, "beat_schedule"):
            sent += [text_of(v) for _, entry in _pairs(schedule) for k, v in _pairs(entry) if k == "task"]
        findings += [f"{source.path}: {name} is no task" for name in sent if name and name not in known]
    return findings


def waiting_in_celery(root: Path) -> list[str]:
    """Waiting lives in tables: no ETA, countdown, retry or late acknowledgement anywhere."""
    findings = []
    for source in sources(root, "tasks", "app"):
        for node in ast.walk(source.tree):
            what = _waits(node)
            if what:
                findings.append(f"{source.path}:{getattr(node, 'lineno', 0)} uses {what}")
    return findings


def _waits(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "retry":
        return ".retry()"
    if isinstance(node, ast.keyword):
        return _forbidden_option(node.arg or "", node.value)
    if isinstance(node, ast.Dict):
        return next((found for key, value in _pairs(node) if (found := _forbidden_option(key, value))), None)
    if isinstance(node, ast.Assign):
        names = [called(target) for target in node.targets]
        return next((found for name in names if (found := _forbidden_option(name, node.value))), None)
    return None


def _forbidden_option(name: str, value: ast.expr) -> str | None:
    off = isinstance(value, ast.Constant) and value.value in {False, None}
    options = {"countdown", "eta", "acks_late", "task_acks_late", "autoretry_for", "retry_backoff"}
    return name if name in options and not off else None


# --- Documents


def undocumented_settings(root: Path) -> list[str]:
    """docs/settings.md has a row for every setting, with its default, and none that does not exist."""
    documented = {
        name: cells
        for cells in rows(root / "docs" / "settings.md")
        for name in re.findall(r"`(KINTSUGI_[A-Z_]+)`", cells[0])
    }
    known = _settings(root)
    findings = [f"{name} is not in docs/settings.md" for name in known if name not in documented]
    findings += [f"docs/settings.md has {name}, which is no setting" for name in documented if name not in known]
    for name, default in known.items():
        told = " ".join(documented.get(name, [""])[1:2])
        if name in documented and not _tells(told, default):
            findings.append(f"docs/settings.md does not give the default of {name}: {default!r}")
    return findings


def _settings(root: Path) -> dict[str, object]:
    """Setting to default; None where the default is not a plain literal."""
    found: dict[str, object] = {}
    for source in sources(root, "app"):
        if source.module != "app.settings":
            continue
        for call in calls(source.tree):
            name = text_of(call.args[0]) if call.args else None
            if name and re.fullmatch(r"[A-Z][A-Z_]+", name):
                default = call.args[1] if len(call.args) > 1 else None
                found[f"KINTSUGI_{name}"] = default.value if isinstance(default, ast.Constant) else None
    return found


def _tells(cell: str, default: object) -> bool:
    if default is None or default == "":
        return bool(cell)
    # The number 2.0 may be written as 2.
    texts = {str(default), f"{default:g}" if isinstance(default, float) else str(default)}
    return any(text in cell for text in texts)


def manifest_disagreements(root: Path) -> list[str]:
    """The Zendesk app's manifest says what the code does: place, path, signed launch, version, words."""
    path = root / "manifest.json"
    if not path.exists():
        return ["there is no manifest.json"]
    manifest = json.loads(path.read_text(encoding="utf-8"))
    findings = [
        f"manifest.json lacks {key}"
        for key in ("name", "author", "version", "frameworkVersion", "defaultLocale", "location")
        if key not in manifest
    ]
    if manifest.get("frameworkVersion") != "2.0" or manifest.get("signedUrls") is not True:
        findings.append("manifest.json must ask for framework 2.0 and signed URLs")
    if manifest.get("version") != setup_cfg(root)["metadata"]["version"]:
        findings.append("manifest.json and setup.cfg have different versions")
    return findings + _unserved_locations(root, manifest) + _missing_words(root, manifest)


def _unserved_locations(root: Path, manifest: dict[str, object]) -> list[str]:
    urls = re.findall(r'"url": "(https://[^"]+)"', json.dumps(manifest.get("location")))
    if not urls:
        return ["manifest.json has no location with an https URL"]
    served = {text_of(call.args[0]) for source in sources(root, "app/web") for call in calls(source.tree) if call.args}
    prefixes = {text_of(keyword(c, "url_prefix")) or "" for s in sources(root, "app/web") for c in calls(s.tree)}
    known = {prefix + route for prefix in prefixes for route in served if route is not None}
    paths = [re.sub(r"^https://[^/]+", "", url) for url in urls]
    return [f"manifest.json opens {path}, which no page serves" for path in paths if path not in known]


def _missing_words(root: Path, manifest: dict[str, object]) -> list[str]:
    words = root / "connectors" / "zendesk" / "app" / "translations" / f"{manifest.get('defaultLocale')}.json"
    if not words.exists():
        return [f"{words.relative_to(root)} is missing"]
    told = json.loads(words.read_text(encoding="utf-8")).get("app", {})
    needed = ("name", "short_description", "long_description", "installation_instructions")
    return [f"{words.relative_to(root)} lacks app.{key}" for key in needed if not told.get(key)]


# --- Code


def modules_without_words(root: Path) -> list[str]:
    """Every module says what lives in it, and takes annotations as text. Empty files are packages' marks."""
    findings = []
    for source in sources(root, *PRODUCT, "tests", "benchmarks"):
        if not source.tree.body:
            continue
        if ast.get_docstring(source.tree) is None:
            findings.append(f"{source.path} has no docstring")
        future = [node for node in source.tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
        if not future and len(source.tree.body) > 1:
            findings.append(f"{source.path} lacks `from __future__ import annotations`")
    return findings


def undocumented_functions(root: Path) -> list[str]:
    """Public functions of the parts that others build on have a docstring; a method has its class's or its base's."""
    return [
        f"{source.path}:{node.lineno} {node.name} has no docstring"
        for source in sources(root, *DOCUMENTED)
        if not source.module.startswith("connectors.sandbox")  # a server of its own, with no callers in the product
        for node in source.tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and ast.get_docstring(node) is None
    ]


def too_long(root: Path) -> list[str]:
    """Files and functions stay short enough to be read at once; a docstring does not count, nor do migrations, which
    are written once and never edited."""
    findings = []
    for source in sources(root, *PRODUCT):
        if source.module.startswith("app.store.migrations.versions."):
            continue
        length = len((root / source.path).read_text(encoding="utf-8").splitlines())
        if length > MOST_LINES_OF_A_FILE:
            findings.append(f"{source.path} has {length} lines")
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef) and _body_lines(node) > MOST_LINES_OF_A_FUNCTION:
                findings.append(f"{source.path}:{node.lineno} {node.name} has {_body_lines(node)} lines")
    return findings


def _body_lines(function: ast.FunctionDef) -> int:
    end = function.end_lineno or function.lineno
    words = function.body[0] if ast.get_docstring(function) is not None else None
    return end - function.lineno + 1 - ((words.end_lineno or 0) - words.lineno + 1 if words else 0)


#: Every rule by a name that says what it forbids.
RULES = {
    rule.__name__: rule
    for rule in (
        modules_without_a_layer,
        launcher_imports,
        environment_readers,
        statements_outside_the_store,
        unrouted_tasks,
        scheduled_names_that_are_no_tasks,
        waiting_in_celery,
        undocumented_settings,
        manifest_disagreements,
        modules_without_words,
        undocumented_functions,
        too_long,
    )
}
