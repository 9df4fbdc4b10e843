"""examples/durable: a batch waits for a person, also while the server is away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.examples.running import EXAMPLES, python
from tests.support.server import Server, eventually

pytestmark = pytest.mark.acceptance

FOLDER = EXAMPLES / "durable"


def test_a_batch_is_approved_and_paid_once(tmp_path: Path) -> None:
    pytest.importorskip("aws_durable_execution_sdk_python")
    batch = tmp_path / "may.csv"
    batch.write_text("name,amount\nAnn,700\nBen,800\nCem,nothing\n")
    with Server(tmp_path / "data") as server:

        def says(script: str, *args: str) -> str:
            done = python(server, FOLDER / script, *args)
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()

        says("deploy.py")
        assert says("pay.py", str(batch)) == says("pay.py", str(batch))
        eventually(lambda: says("approve.py") == "may.csv: 1500 to 2 people")
        server.kill()
        server.start()
        says("approve.py", "may.csv", "yes")
        eventually(lambda: says("pay.py", "--show", str(batch)).startswith("SUCCEEDED"))
        told = server.client("s3").get_object(Bucket="payouts", Key="reports/may.csv.json")
        report = json.loads(told["Body"].read())
        assert [line["name"] for line in report["paid"]] == ["Ann", "Ben"]
        assert report["refused"][0]["problem"] == "not an amount: nothing"
