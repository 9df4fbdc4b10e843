"""`make parity`: what AWS was recorded to do, done by a running Owari through boto3, compared.

The recordings are not part of the repository; `--data` names their folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.parity.executions import ACCOUNT, COLUMNS, PATIENCE_S, Found, Under, begin, conclude
from tests.parity.requests import compare_error, compare_test_state
from tests.parity.stage import Row, Stage
from tests.support.server import Server

DATA = Path(__file__).parents[2].parent / "shared" / "conformance"


def rows(folder: Path, name: str) -> list[Row]:
    path = folder / name
    if not path.exists():
        return []
    text = path.read_text()
    for mark in ":", "/":  # in ARNs and queues' addresses
        text = text.replace(f"{mark}000000000000{mark}", f"{mark}{ACCOUNT}{mark}")
    return [json.loads(line) for line in text.splitlines()]


def guarded(compare: Callable[..., Found], stage: Stage, at: int, row: Row, group: str) -> Found:
    try:
        return compare(stage, at, row)
    except Exception as error:
        name = f"{at} {row['test'].split('::')[-1]}"
        return Found(name, group, marks={"result": False}, why=[f"{type(error).__name__}: {error}"])


def executions(stage: Stage, found: list[tuple[int, Row]]) -> list[Found]:
    def one(pair: tuple[int, Row]) -> Under | Found:
        at, row = pair
        try:
            return begin(stage, at, row)
        except Exception as error:
            failed = Found(f"{at} {row['test'].split('::')[-1]}", "not started")
            failed.marks["status"] = False
            failed.why.append(f"{type(error).__name__}: {error}")
            return failed

    with ThreadPoolExecutor(4) as pool:
        begun = list(pool.map(one, found))
    until = time.monotonic() + PATIENCE_S
    return [b if isinstance(b, Found) else conclude(stage, b, until) for b in begun]


def table(results: list[Found], *, verbose: bool) -> None:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for found in results:
        for name in (found.group, "all"):
            counts[name]["rows"] += 1
            counts[name]["not run"] += found.missing is not None
            for column in COLUMNS:
                counts[name][column] += found.marks.get(column, False)
                counts[name][f"of {column}"] += column in found.marks
        if found.missing is not None and verbose:
            print(f"not run: {found.name}: needs {found.missing}")
        if not all(found.marks.values()):
            why = "; ".join(found.why)[:600] if verbose or not found.known else found.known
            print(f"miss: {found.name}: {why}")
    heads = ("rows", "not run", *COLUMNS)
    print(f"\n{'':24}" + "".join(f"{head:>12}" for head in heads))
    for name, count in sorted(counts.items(), key=lambda pair: (pair[0] == "all", pair[0])):
        cells = [str(count["rows"]), str(count["not run"])]
        cells += [f"{count[c]}/{count[f'of {c}']}" if count[f"of {c}"] else "–" for c in COLUMNS]
        print(f"{name:24}" + "".join(f"{cell:>12}" for cell in cells))


def compare_all(folder: Path, only: str) -> list[Found]:
    def chosen(name: str) -> list[tuple[int, Row]]:
        return [(at, row) for at, row in enumerate(rows(folder, name)) if only in json.dumps(row)]

    with tempfile.TemporaryDirectory() as data, Server(Path(data) / "owari") as server:
        stage = Stage(server, ACCOUNT)
        results = executions(stage, chosen("executions.jsonl"))
        results += [
            guarded(compare_error, stage, at, row, "errors") for at, row in chosen("errors.jsonl")
        ]
        results += [
            guarded(compare_test_state, stage, at, row, "TestState")
            for at, row in chosen("teststate.jsonl")
        ]
    return results


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the recordings")
    parser.add_argument("--only", default="", help="rows that contain this text")
    parser.add_argument("-v", "--verbose", action="store_true", help="also list what was not run")
    options: Any = parser.parse_args(arguments)
    if not (options.data / "executions.jsonl").exists():
        print(f"parity: no recordings in {options.data}; name their folder with --data")
        return 0
    table(compare_all(options.data, options.only), verbose=options.verbose)
    return 0


if __name__ == "__main__":
    sys.exit(main())
