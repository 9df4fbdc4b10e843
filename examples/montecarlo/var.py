"""Value at risk by block bootstrap: what a portfolio may lose in ten days, once in a hundred.

    python var.py simulate prices.csv losses/   # one child: PATHS futures of its own seed
    python var.py reduce losses/ N              # the answer, from the files of N children
    python var.py alone prices.csv N            # the same answer in one process

A future is ten days cut from the past in blocks of five, so that a bad day is followed by what did
follow bad days. The seed of a child is its number in the array: whoever computes child 17, and
however often, gets the same losses.
"""

import json
import os
import random
import sys
from itertools import pairwise
from pathlib import Path

PATHS = int(os.environ.get("PATHS", "2000"))  # futures per child
DAYS, BLOCK = 10, 5
LEVELS = (0.95, 0.99, 0.999)


def returns(prices: Path) -> list[float]:
    closes = [float(line) for line in prices.read_text().split()[1:]]
    return [after / before - 1 for before, after in pairwise(closes)]


def simulate(daily: list[float], seed: int) -> list[float]:
    """The loss of each future, as a share of the portfolio."""
    chance = random.Random(seed)
    losses = []
    for _ in range(PATHS):
        value = 1.0
        for _ in range(DAYS // BLOCK):
            start = chance.randrange(len(daily) - BLOCK)
            for change in daily[start : start + BLOCK]:
                value *= 1 + change
        losses.append(1 - value)
    return losses


def answer(losses: list[float]) -> dict[str, float]:
    ordered = sorted(losses)
    at = {f"VaR {level:.1%}": ordered[int(level * len(ordered))] for level in LEVELS}
    worst = ordered[int(LEVELS[1] * len(ordered)) :]
    return {"futures": len(ordered), **at, "expected shortfall 99.0%": sum(worst) / len(worst)}


def main(what: str, *words: str) -> None:
    if what == "simulate":
        prices, folder = Path(words[0]), Path(words[1])
        child = int(os.environ["AWS_BATCH_JOB_ARRAY_INDEX"])
        losses = simulate(returns(prices), child)
        new = folder / f"{child}.new"
        new.write_text(json.dumps(losses))
        new.rename(folder / f"{child}.json")  # whole or not at all, also when run again
        print(f"child {child}: worst loss {max(losses):.1%}")
        return
    if what == "reduce":
        files = [Path(words[0], f"{child}.json") for child in range(int(words[1]))]
        losses = [loss for file in files for loss in json.loads(file.read_text())]
    else:
        daily = returns(Path(words[0]))
        losses = [loss for child in range(int(words[1])) for loss in simulate(daily, child)]
    print(json.dumps(answer(losses), indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
