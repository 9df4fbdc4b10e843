"""The architecture, as a test: who may import whom, no cycles, nothing dead, nothing hidden."""

from __future__ import annotations

import re

import pytest

from tests.tidy.source import ROOT, Module, imports, modules

LEAVES = {
    f"owari.{name}"
    for name in (
        *("errors", "effects", "config", "limits", "arn", "clock", "credentials", "tracing"),
        *("json_text", "message_text", "policy_text", "tags"),
    )
}
# Pure rooms that several services share, and what each builds on beside the errors.
SHARED = {
    "owari.mounts": set[str](),
    "owari.page_tokens": {"owari.json_text"},
    "owari.patterns": set[str](),
    "owari.schedules": set[str](),
    "owari.targets": {"owari.arn", "owari.effects", "owari.json_text"},
}
PURE_FORBIDDEN = {
    "time", "random", "uuid", "os", "asyncio", "threading", "sqlite3", "logging", "socket",
    "subprocess", "secrets", "pathlib",
}  # fmt: skip


def ours(module: Module) -> set[str]:
    return {i.target for i in imports(module) if i.target.split(".")[0] == "owari"}


def area(name: str) -> str:
    return ".".join(name.split(".")[:2])


def allowed(name: str) -> set[str] | None:
    """Prefixes a module may import; None: anything."""
    parts = name.split(".")
    if name in LEAVES:
        return {"owari.errors"}
    if area(name) in SHARED:
        return {area(name), "owari.errors", *SHARED[area(name)]}
    match parts[1] if len(parts) > 1 else "":
        case "wire":
            return {"owari.wire", *LEAVES}
        case "store":
            return {"owari.store", *LEAVES}
        case "services" if len(parts) > 2:
            return {
                f"owari.services.{parts[2]}",
                "owari.wire.operation",
                "owari.wire.message",
                "owari.wire.model",
                "owari.wire.sdk_input",
                "owari.store",
                *LEAVES,
                *SHARED,
            }
        case "compute":
            return {"owari.compute", *LEAVES}
        case "cli" | "demo" | "console":
            return {"owari.cli", "owari.demo", "owari.console", "owari.config"}
        case _:
            return None


# `owari up` is no client but becomes the server; `owari down` ends what a dead server left.
DOORS = {
    ("owari.cli.up", "owari.starting"),
    ("owari.cli.up", "owari.limits"),
    ("owari.cli.down", "owari.ending"),  # an agent without a server can be asked by no HTTP client
}


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_go_only_where_they_may(name: str) -> None:
    permitted = allowed(name)
    if permitted is None:
        return
    wrong = [
        target
        for target in ours(modules()[name])
        if target != "owari"
        and (name, target) not in DOORS
        and not any(target == p or target.startswith(p + ".") for p in permitted)
    ]
    assert not wrong, f"{name} must not import {wrong}"


def is_pure(module: Module) -> bool:
    """A shared room's, or a service's that does not see the transaction: core and siblings."""
    if area(module.name) in SHARED:
        return True
    if not module.name.startswith("owari.services.") or module.name.count(".") < 3:
        return False
    return not any(
        t.startswith(("owari.store", "owari.wire")) for t in ours(module)
    ) and not module.path.name.startswith(("api", "sql", "__init__"))


@pytest.mark.parametrize("name", sorted(n for n, m in modules().items() if is_pure(m)))
def test_pure_modules_take_time_ids_and_randomness_as_arguments(name: str) -> None:
    outside = {i.target.split(".")[0] for i in imports(modules()[name])}
    assert not outside & PURE_FORBIDDEN, f"{name} imports {outside & PURE_FORBIDDEN}"


def test_every_service_has_a_pure_core() -> None:
    packages = {n.split(".")[2] for n in modules() if n.startswith("owari.services.")}
    for package in packages:
        core = modules().get(f"owari.services.{package}.core")
        assert core is not None, f"{package} has no core.py"
        assert is_pure(core), f"{core.name} sees the transaction"


def test_no_import_cycles() -> None:
    graph = {n: {t for t in ours(m) if t in modules() and t != n} for n, m in modules().items()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"cycle: {' -> '.join((*path[path.index(name) :], name))}"
        if name not in done:
            for target in graph[name]:
                visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_no_imports_inside_functions() -> None:
    found = [
        f"{m.path.name}:{i.line} {i.target}"
        for m in modules().values()
        for i in imports(m)
        if i.inside_function
    ]
    assert not found


# Started by name, not imported: entry points, scripts and what the catalogue lists.
ENTRIES = re.compile(
    r"owari\.(cli\.\w+|compute\.agent(\.\w+)?|compute\.runtime\.\w+|demo\.functions\.\w+"
    r"|services\.\w+\.api|compute\.fake|server|__main__)$"
)


def test_no_dead_modules() -> None:
    used = {t for m in modules().values() for t in ours(m)}
    dead = [
        n
        for n, m in modules().items()
        if n not in used and m.path.name != "__init__.py" and not ENTRIES.match(n)
    ]
    assert not dead, f"nobody imports {dead}"


def test_no_path_of_a_machine_and_no_unfinished_business() -> None:
    wrong = re.compile(r"/work/|/root/|TO" + "DO|FIX" + "ME|XX" + "X|NotImplementedError")
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for folder in ("src", "tests", "docs", "examples", "bench")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".sh", ".sql"} and path.name != "test_tidy.py"
        for match in wrong.finditer(path.read_text())
    ]
    assert not found
