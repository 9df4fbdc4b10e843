"""Prints how the pure interpreter compares with AWS's recordings:
`python -m tests.services.stepfunctions.parity`."""

from __future__ import annotations

from collections import defaultdict

from tests.services.stepfunctions.recorded import Compared, compare, rows

COLUMNS = ("status", "result", "sequence", "details", "links")


def group(row: dict[str, object]) -> str:
    kind = str(row["kind"]).split("[")[0]
    needs = row["needs"]
    assert isinstance(needs, list)
    return f"{kind} {'+'.join(needs) or 'pure'}"


def main() -> None:
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * (len(COLUMNS) + 1))
    misses: list[Compared] = []
    for at, row in enumerate(rows("executions.jsonl")):
        found = compare(at, row)
        if found is None:
            continue
        marks = [1, *(int(getattr(found, column)) for column in COLUMNS)]
        for name in (group(row), "all"):
            counts[name] = [a + b for a, b in zip(counts[name], marks, strict=True)]
        if not all(marks):
            misses.append(found)
    for miss in misses:
        print(f"miss: {miss.key}: {'; '.join(miss.why)[:300]}")
    print(f"{'':28}{'rows':>6}" + "".join(f"{column:>10}" for column in COLUMNS))
    for name, marks in sorted(counts.items(), key=lambda pair: (pair[0] == "all", pair[0])):
        print(f"{name:28}{marks[0]:>6}" + "".join(f"{mark:>10}" for mark in marks[1:]))


if __name__ == "__main__":
    main()
