"""Shows the longest files and functions: an example to follow, not a number to game."""

from __future__ import annotations

from tests.tidy.source import functions, modules


def main() -> None:
    every = [
        (lines, f"{m.name}.{name}") for m in modules().values() for name, lines in functions(m)
    ]
    files = sorted(((m.lines, m.name) for m in modules().values()), reverse=True)
    short = sum(1 for lines, _ in every if lines < 30)
    total = sum(lines for lines, _ in files)
    print(
        f"{len(files)} files, {total} lines; {short / len(every):.0%} of functions under 30 lines"
    )
    print("longest files:    ", ", ".join(f"{name} {lines}" for lines, name in files[:5]))
    print("longest functions:", ", ".join(f"{n} {c}" for c, n in sorted(every, reverse=True)[:5]))


if __name__ == "__main__":
    main()
