"""The examples, run as their pages say, at a small size."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from owari.demo.ffmpeg import find_ffmpeg
from tests.support.server import Server

pytestmark = pytest.mark.acceptance

EXAMPLES = Path(__file__).parents[2] / "examples"
NETWORK_S = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("owari") / "data") as started:
        yield started


def run(server: Server, example: str, folder: Path, **variables: str) -> str:
    """What the script prints; its children's python3 is this one."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [EXAMPLES / example / "run.sh", folder],
        capture_output=True,
        text=True,
        timeout=180,
        env=os.environ | {"PATH": path, "AWS_ENDPOINT_URL": server.endpoint} | variables,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_value_at_risk_is_that_of_one_process(server: Server, tmp_path: Path) -> None:
    """With made-up prices: what is tested is the array, not the package index."""
    run(server, "montecarlo", tmp_path, CHILDREN="7", PATHS="50", PRICES="--made-up")
    found = json.loads((tmp_path / "array.json").read_text())
    assert found == json.loads((tmp_path / "alone.json").read_text())
    assert found["futures"] == 350
    assert 0 < found["VaR 95.0%"] < found["VaR 99.0%"] < found["VaR 99.9%"] < 1
    assert len(list((tmp_path / "losses").glob("*.json"))) == 7


def test_value_at_risk_of_the_real_prices(server: Server, tmp_path: Path) -> None:
    data = [sys.executable, EXAMPLES / "montecarlo" / "data.py", tmp_path / "prices.csv"]
    try:
        done = subprocess.run(data, capture_output=True, timeout=NETWORK_S)
    except subprocess.TimeoutExpired:
        pytest.skip("the package index does not answer")
    if done.returncode != 0:
        pytest.skip("the arch package cannot be downloaded here")
    closes = (tmp_path / "prices.csv").read_text().split()
    assert (closes[0], len(closes) > 5_000, float(closes[1])) == ("close", True, 1228.099976)
    run(server, "montecarlo", tmp_path, CHILDREN="3", PATHS="100")
    assert json.loads((tmp_path / "array.json").read_text())["futures"] == 300


def test_parameter_sweep(server: Server, tmp_path: Path) -> None:
    if importlib.util.find_spec("sklearn") is None:
        pytest.skip("scikit-learn is not installed; pip install scikit-learn")
    printed = run(server, "sweep", tmp_path, PYTHON=sys.executable, LINES_MAX="6")
    assert printed.endswith("6 tried\n")
    best = float(printed.split()[0])
    assert 0.9 < best <= 1.0


def test_very_many_files(server: Server, tmp_path: Path) -> None:
    ffmpeg = find_ffmpeg()
    if ffmpeg is None:
        pytest.skip("ffmpeg is missing")
    run(server, "many-files", tmp_path, PICTURES="12", FFMPEG=ffmpeg)
    made = sorted((tmp_path / "small").iterdir())
    assert [file.name for file in made] == [f"picture {n:05d}.jpg" for n in range(12)]
    assert {jpeg_size(file.read_bytes()) for file in made} == {(64, 48)}
    assert len({file.read_bytes() for file in made}) == 12


def test_genomics_chain(server: Server, tmp_path: Path) -> None:
    """The chain of arrays finds what the same steps find one after another, in one process."""
    missing = [tool for tool in ("bwa", "samtools", "bcftools") if shutil.which(tool) is None]
    reads = Path("/usr/share/doc/samtools/examples/ex1.sam.gz")
    if missing or not reads.exists():
        pytest.skip(f"missing: {' '.join(missing) or reads} (Debian: bwa samtools bcftools)")
    array, alone = tmp_path / "array", tmp_path / "alone"
    alone.mkdir()
    printed = run(server, "genomics", array, SAMPLES="3")
    assert "variants in 3 samples" in printed
    here = EXAMPLES / "genomics"
    subprocess.run(["sh", here / "prepare.sh", "3", reads.parent], cwd=alone, check=True)
    for step in ("align", "sort", "call", "merge"):
        for n in range(3):
            child = os.environ | {"AWS_BATCH_JOB_ARRAY_INDEX": str(n)}
            done = ["sh", here / "step.sh", step]
            subprocess.run(done, cwd=alone, env=child, check=True, capture_output=True)
    found, expected = (variants(folder / "variants.vcf") for folder in (array, alone))
    assert found == expected
    assert found[0].split()[-3:] == ["sample0", "sample1", "sample2"]
    assert len(found) > 2


def variants(vcf: Path) -> list[str]:
    return [line for line in vcf.read_text().splitlines() if not line.startswith("##")]


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height, from the frame header (ITU T.81, B.2.2)."""
    at = 2
    while True:
        marker, length = struct.unpack_from(">HH", data, at)
        if marker in (0xFFC0, 0xFFC2):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + length
