"""examples/file-to-job: every file that arrives is worked on by a job of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.examples.running import EXAMPLES, owari, python
from tests.support.server import Server, eventually

pytestmark = pytest.mark.acceptance

TEXTS = {"a.txt": "one two two three three three", "b c+d.txt": "vier Vier vier", "ü.txt": "été"}


def test_every_file_gets_its_job(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        for _ in range(2):  # running it again changes nothing
            made = python(server, EXAMPLES / "file-to-job" / "run.py")
            assert made.returncode == 0, made.stderr
        s3 = server.client("s3")
        for name, text in TEXTS.items():
            s3.put_object(Bucket="texts", Key=f"in/{name}", Body=text.encode())
        s3.put_object(Bucket="texts", Key="elsewhere.txt", Body=b"not for us")

        def results() -> list[str] | None:
            found = s3.list_objects_v2(Bucket="texts", Prefix="out/").get("Contents", [])
            return [one["Key"] for one in found] if len(found) == len(TEXTS) else None

        assert sorted(eventually(results)) == sorted(f"out/{name}.json" for name in TEXTS)

        def result(name: str) -> Any:
            return json.loads(s3.get_object(Bucket="texts", Key=f"out/{name}.json")["Body"].read())

        assert {name: result(name)["words"] for name in TEXTS} == {
            "a.txt": 6, "b c+d.txt": 3, "ü.txt": 1,
        }  # fmt: skip
        assert result("a.txt")["most"] == [["three", 3], ["two", 2], ["one", 1]]
        batch = server.client("batch")
        (job,) = batch.describe_jobs(jobs=[result("b c+d.txt")["job"]])["jobs"]
        assert (job["jobName"], job["parameters"]["key"]) == ("in-b-c-d-txt", "in/b c+d.txt")
        printed = eventually(lambda: owari(server, "logs", "in-a-txt").stdout)
        assert "in/a.txt: 6 words" in printed
        assert len(json.loads(owari(server, "jobs", "--json").stdout)) == len(TEXTS)
