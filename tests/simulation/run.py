"""`make sim SEED=7 STEPS=10000`: one long simulated run; a failure prints its seed."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.simulation.pipeline import Pipeline


def simulate(folder: Path, seed: int, steps: int) -> Pipeline:
    pipeline = Pipeline(folder, seed)
    try:
        pipeline.run(steps)
        pipeline.finish()
    except BaseException as error:
        error.add_note(f"replay with: make sim SEED={seed} STEPS={steps}")
        raise
    finally:
        pipeline.close()
    return pipeline


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=2000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = simulate(Path(folder), arguments.seed, arguments.steps)
    print(
        f"seed {arguments.seed}: {arguments.steps} steps, {len(done.acknowledged)} files, "
        f"{len(done.requests)} deliveries, server killed {done.kills} times, "
        f"agent lost {done.losses} times: nothing lost"
    )


if __name__ == "__main__":
    main()
