"""Daily closing prices: the real S&P 500 (1999 to 2018), or made-up ones of the same kind.

    python data.py prices.csv              # from the `arch` package on the package index
    python data.py --made-up prices.csv    # no network; always the same

The real ones come in the wheel of `arch` (NCSA licence; the prices are Yahoo's), which is only
downloaded and opened, not installed. They are not part of this repository.
"""

import argparse
import csv
import gzip
import io
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

MEMBER = "arch/data/sp500/sp500.csv.gz"
DAYS = 5_031  # as many as the real ones


def real() -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        download(folder)
        (wheel,) = Path(folder).glob("arch-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            text = gzip.decompress(archive.read(MEMBER)).decode()
    return [float(row["Adj Close"]) for row in csv.DictReader(io.StringIO(text))]


def download(folder: str) -> None:
    """By whichever pip there is: an environment made by uv has none of its own."""
    asked = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", folder]
    for pip in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]):
        if shutil.which(pip[0]) and subprocess.run([*pip, *asked, "arch"]).returncode == 0:
            return
    sys.exit("the arch package cannot be downloaded; --made-up needs no network")


def made_up() -> list[float]:
    """Calm and stormy times take turns, as they do."""
    chance = random.Random(1999)
    price, spread, found = 1_000.0, 0.008, []
    for _ in range(DAYS):
        if chance.random() < 0.01:
            spread = chance.choice((0.006, 0.010, 0.025))
        price *= 1 + chance.gauss(0.0003, spread)
        found.append(round(price, 4))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--made-up", action="store_true", help="no download")
    parser.add_argument("file", type=Path)
    args = parser.parse_args()
    prices = made_up() if args.made_up else real()
    args.file.write_text("\n".join(["close", *(f"{price}" for price in prices)]) + "\n")


if __name__ == "__main__":
    main()
