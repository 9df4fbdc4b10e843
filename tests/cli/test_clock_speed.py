"""`owari up --clock-speed`: a wait of ten minutes is over in seconds, and the status says why."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from owari.cli.main import main
from tests.support.server import OWARI, ROLE, Server, eventually


def test_a_fast_clock(tmp_path: Path) -> None:
    waits = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}
    with Server(tmp_path / "data", "--clock-speed", "600") as server:
        states = server.client("stepfunctions")
        arn = states.create_state_machine(name="w", roleArn=ROLE, definition=json.dumps(waits))
        execution = states.start_execution(stateMachineArn=arn["stateMachineArn"])["executionArn"]

        def ended() -> Any:
            found = states.describe_execution(executionArn=execution)
            return found if found["status"] == "SUCCEEDED" else None

        found = eventually(ended)
        assert (found["stopDate"] - found["startDate"]).total_seconds() >= 600
        assert server.status()["clock"]["speed"] == 600
        command = [OWARI, "status", "--data", str(server.data)]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
        assert "600 times as fast as real time" in shown


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan", "inf"])
def test_no_clock_speed(speed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["up", "--clock-speed", speed])
    assert caught.value.code == 2
    assert "is no speed" in capsys.readouterr().err
