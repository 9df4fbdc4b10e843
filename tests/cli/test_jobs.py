"""Jobs from a plain shell, against a real server: submitted, watched, run again, ended."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import OWARI, Server, eventually

pytestmark = pytest.mark.acceptance

SHOW = 'echo "$AWS_BATCH_JOB_ARRAY_INDEX/$AWS_BATCH_JOB_ARRAY_SIZE ${OWARI_ITEM-}" >> out'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("owari") / "data") as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work here"
    made.mkdir()
    return made


def environment(server: Server) -> dict[str, str]:
    return os.environ | {"AWS_ENDPOINT_URL": server.endpoint, "AWS_DEFAULT_REGION": "us-east-1"}


def owari(server: Server, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [OWARI, *args],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env=environment(server),
    )


def submitted(server: Server, folder: Path, *args: str) -> str:
    done = owari(server, folder, "submit", *args)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def followed(server: Server, folder: Path, *args: str) -> dict[str, Any]:
    done = owari(server, folder, "submit", "--follow", "--json", *args)
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (1 if found["failed"] else 0), done.stderr
    return found


def lines(folder: Path) -> list[str]:
    return sorted((folder / "out").read_text().splitlines())


def test_a_command_runs_here_and_its_output_can_be_read(server: Server, folder: Path) -> None:
    job = submitted(server, folder, "--env", "WHO=Ada", "--", "sh", "-c", "pwd; echo hello $WHO")
    log = owari(server, folder, "logs", job, "--follow").stdout.splitlines()
    assert [line.split("  ")[1] for line in log] == [str(folder), "hello Ada"]
    shown = owari(server, folder, "job", job).stdout
    assert "SUCCEEDED" in shown
    assert "attempt 1  exit 0" in shown
    plain = owari(server, folder, "job", job[:13], "--json")
    assert json.loads(plain.stdout)["jobs"][0]["jobId"] == job
    none = owari(server, folder, "job", "no-such")
    assert (none.returncode, "there is no job no-such" in none.stderr) == (1, True)


def test_a_failed_array_tells_which_and_only_those_run_again(server: Server, folder: Path) -> None:
    fails = f'{SHOW}; echo "I am $AWS_BATCH_JOB_ARRAY_INDEX"; [ -e mended ] || '
    command = fails + "case $AWS_BATCH_JOB_ARRAY_INDEX in 3|4|9) exit 7;; esac"
    found = followed(
        server, folder, "--array", "12", "--name", "some-fail", "--", "sh", "-c", command
    )
    assert (found["status"], found["succeeded"], found["failed"]) == ("FAILED", 9, 3)
    job = found["jobId"]
    shown = owari(server, folder, "job", job).stdout
    assert "■■■✗✗■■■■✗■■" in shown
    assert f"{job}:9  exit 7" in shown
    assert "exit 7" in owari(server, folder, "job", f"{job}:4").stdout
    assert owari(server, folder, "logs", f"{job}:4").stdout.rstrip().endswith("4  I am 4")
    assert len(owari(server, folder, "logs", "some-fail").stdout.splitlines()) == 12
    (told,) = owari(server, folder, "logs", f"{job[:8]}:4", "--json").stdout.splitlines()
    assert (json.loads(told)["child"], json.loads(told)["message"]) == (4, "I am 4")
    for nothing in (f"{job}:99", "nobody:1"):
        none = owari(server, folder, "logs", nothing, "-f")
        assert (none.returncode, "no " in none.stderr, none.stdout) == (1, True, "")
    (folder / "mended").touch()
    (folder / "out").unlink()
    again = owari(server, folder, "rerun", job, "--failed", "--follow", "--json")
    assert again.returncode == 0, again.stderr
    assert lines(folder) == ["3/12 ", "4/12 ", "9/12 "]
    log = owari(server, folder, "logs", json.loads(again.stdout)["jobId"] + ":9").stdout
    assert log.rstrip().endswith("9  I am 9")
    rest = owari(server, folder, "rerun", json.loads(again.stdout)["jobId"], "--failed")
    assert (rest.returncode, "no child" in rest.stderr) == (0, True)


def test_one_child_run_again_is_still_that_child(server: Server, folder: Path) -> None:
    command = 'echo "I am $AWS_BATCH_JOB_ARRAY_INDEX"; test $AWS_BATCH_JOB_ARRAY_INDEX != 2'
    found = followed(
        server, folder, "--array", "4", "--name", "one-fails", "--", "sh", "-c", command
    )
    first = found["jobId"]
    again = owari(server, folder, "rerun", first, "--failed", "--follow", "--json")
    job = json.loads(again.stdout)["jobId"]
    assert f"{job}:2  exit 1" in again.stderr
    assert owari(server, folder, "logs", f"{job}:2").stdout.rstrip().endswith("2  I am 2")
    assert "index       2" in owari(server, folder, "job", job).stdout
    assert owari(server, folder, "job", f"{job}:1").returncode == 1
    whole = owari(server, folder, "rerun", f"{first}:3", "--follow", "--json")
    assert (whole.returncode, json.loads(whole.stdout)["size"]) == (0, 1), whole.stderr
    log = owari(server, folder, "logs", json.loads(whole.stdout)["jobId"] + ":3").stdout
    assert log.rstrip().endswith("3  I am 3")
    none = owari(server, folder, "rerun", f"{first}:3", "--failed")
    assert (none.returncode, none.stderr) == (0, f"owari rerun: {first}:3 did not fail\n")


def test_what_never_began_has_no_output_to_look_at(server: Server, folder: Path) -> None:
    failed = followed(server, folder, "--", "false")["jobId"]
    after = owari(server, folder, "submit", "--after", failed, "--follow", "--", "true")
    assert "Dependent Job failed" in after.stderr and "its output" not in after.stderr


def test_commands_that_are_told_work_as_told(server: Server, folder: Path) -> None:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    data = ["--data", str(server.data)]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, capture_output=True, text=True, cwd=folder, env=plain)

    done = run(OWARI, "submit", *data, "--follow", "--", "sh", "-c", "echo why; exit 3")
    said = dict(line.strip().split(":  ", 1) for line in done.stderr.splitlines() if ":  " in line)
    told = [shlex.split(said[name])[1:] for name in ("its output", "run again")]
    assert "why" in run(OWARI, *told[0]).stdout
    again = run(OWARI, *told[1])
    assert (again.returncode, again.stderr) == (0, "")


def test_each_child_has_its_line(server: Server, folder: Path) -> None:
    (folder / "list").write_text("one\n\n  two words\n$HOME *")
    found = followed(server, folder, "--array-from", "list", "--", "sh", "-c", SHOW)
    (folder / "list").unlink()
    assert found["size"] == 3
    assert lines(folder) == ["0/3 one", "1/3   two words", "2/3 $HOME *"]
    (folder / "out").unlink()
    (folder / "a.txt").touch()
    found = followed(server, folder, "--array-from", "*.txt", "--", "sh", "-c", SHOW)
    assert (found["size"], lines(folder)) == (1, ["0/1 a.txt"]), "an array of one is a plain job"
    none = owari(server, folder, "submit", "--array-from", "*.none", "--", "true")
    assert none.returncode == 2


def test_jobs_wait_for_others_and_are_listed(server: Server, folder: Path) -> None:
    first = submitted(
        server, folder, "--name", "first", "--", "sh", "-c", "sleep 0.3; echo 1 > out"
    )
    second = submitted(server, folder, "--after", "first", "--", "sh", "-c", "echo 2 >> out")
    done = owari(server, folder, "job", second, "--follow")
    assert done.returncode == 0, done.stderr
    assert lines(folder) == ["1", "2"]
    listed = json.loads(owari(server, folder, "jobs", "--json", "--limit", "2").stdout)
    assert [job["jobId"] for job in listed] == [second, first]
    table = owari(server, folder, "jobs", "--status", "succeeded").stdout
    assert second in table


def test_what_can_never_run_says_so_and_can_be_cancelled(server: Server, folder: Path) -> None:
    told = owari(server, folder, "submit", "--memory", "900000G", "--", "true")
    assert told.returncode == 0 and "can never run here" in told.stderr
    job = told.stdout.strip()
    shown = eventually(lambda: "can never run" in owari(server, folder, "job", job).stdout)
    assert shown
    assert owari(server, folder, "cancel", job, "--reason", "too much").returncode == 0
    found = json.loads(owari(server, folder, "job", job, "--json").stdout)
    assert (found["status"], found["jobs"][0]["statusReason"]) == ("FAILED", "too much")


def test_cancel_leaves_what_runs_and_terminate_ends_it(server: Server, folder: Path) -> None:
    many = str(3 * (os.cpu_count() or 1) + 2)
    job = submitted(server, folder, "--array", many, "--", "sleep", "600")

    def shown() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(owari(server, folder, "job", job, "--json").stdout)
        return found

    running = eventually(lambda: shown()["running"])
    assert "still running (--terminate ends them)" in owari(server, folder, "cancel", job).stdout
    assert shown()["failed"] <= int(many) - running
    assert owari(server, folder, "rerun", job).returncode == 1, "it has not ended"
    assert owari(server, folder, "cancel", job, "--terminate").returncode == 0
    assert eventually(lambda: shown()["failed"] == int(many))


def test_ctrl_c_leaves_the_job_running_and_says_how_to_look(server: Server, folder: Path) -> None:
    script = "echo > begun; until [ -e go ]; do sleep 0.05; done; echo > ended"
    with subprocess.Popen(
        [OWARI, "submit", "--follow", "--", "sh", "-c", script],
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(server),
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline()  # it follows
        eventually(lambda: (folder / "begun").exists())
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
    assert process.returncode == 130
    (folder / "go").touch()
    assert "goes on running" in told
    look = next(line for line in told.splitlines() if "look:" in line)
    done = owari(server, folder, *look.split("owari ")[1].split())
    assert done.returncode == 0, done.stderr
    assert (folder / "ended").exists()


def test_more_than_aws_allows_is_one_array_all_the_same(server: Server, folder: Path) -> None:
    """Submitted only: running 10,001 children is the business of other tests."""
    found = json.loads(
        submitted(server, folder, "--array", "10001", "--memory", "900000G", "--json", "--", "true")
    )
    assert (found["size"], len(found["jobIds"])) == (10_001, 2)
    whole = json.loads(owari(server, folder, "job", found["jobIds"][1], "--json").stdout)
    assert (whole["size"], whole["jobIds"]) == (10_001, found["jobIds"])
    one = json.loads(owari(server, folder, "job", f"{found['jobId']}:10000", "--json").stdout)
    assert one["jobId"] == f"{found['jobIds'][1]}:5000"
    assert owari(server, folder, "cancel", found["jobId"]).returncode == 0
    whole = json.loads(owari(server, folder, "job", found["jobId"], "--json").stdout)
    assert whole["failed"] == 10_001


def test_images_are_mapped_and_used(server: Server, folder: Path) -> None:
    unknown = followed(server, folder, "--image", "my/tool:2", "--", "true")
    assert unknown["failed"] == 1
    job = owari(server, folder, "job", unknown["jobId"]).stdout
    assert "owari images map" in job
    mapped = owari(server, folder, "images", "map", "my/tool=host")
    assert (mapped.returncode, mapped.stdout) == (0, "my/tool  this machine\n"), mapped.stderr
    listed = owari(server, folder, "images", "list", "--json").stdout
    assert json.loads(listed) == {"my/tool": {"kind": "host"}}
    assert followed(server, folder, "--image", "my/tool:2", "--", "true")["failed"] == 0
    assert owari(server, folder, "images", "map", "x=/no/where").returncode == 2
    assert owari(server, folder, "images", "unmap", "my/tool").stdout == "no image is mapped\n"


def test_a_job_of_another_program_is_run_again_in_part(server: Server, folder: Path) -> None:
    """Submitted through boto3: only its command is wrapped, all else is as it was."""
    submitted(server, folder, "--", "true")  # makes the queue
    batch = server.client("batch")
    script = (
        f'cd "{folder}"; '
        'echo "$AWS_BATCH_JOB_ARRAY_INDEX/$AWS_BATCH_JOB_ARRAY_SIZE $WHO $0" >> out;'
        " [ -e mended ] || [ $AWS_BATCH_JOB_ARRAY_INDEX != 2 ]"
    )
    batch.register_job_definition(
        jobDefinitionName="mine",
        type="container",
        containerProperties={
            "image": "host",
            "command": ["sh", "-c", script, "Ref::word"],
            "resourceRequirements": [
                {"type": "VCPU", "value": "1"},
                {"type": "MEMORY", "value": "64"},
            ],
            "environment": [{"name": "WHO", "value": "Ada"}],
        },
        parameters={"word": "default"},
    )
    job = batch.submit_job(
        jobName="mine",
        jobQueue="owari-default",
        jobDefinition="mine",
        arrayProperties={"size": 4},
        parameters={"word": "given"},
    )["jobId"]
    ended = owari(server, folder, "job", job, "--follow")
    assert ended.returncode == 1, ended.stderr
    assert lines(folder) == [f"{n}/4 Ada given" for n in range(4)]
    (folder / "mended").touch()
    (folder / "out").unlink()
    again = owari(server, folder, "rerun", job, "--failed", "--follow")
    assert again.returncode == 0, again.stderr
    assert lines(folder) == ["2/4 Ada given"]


def test_logs_of_an_array_can_be_followed(server: Server, folder: Path) -> None:
    script = "echo begun; sleep 0.2; echo ended"
    job = submitted(server, folder, "--array", "6", "--", "sh", "-c", script)
    log = owari(server, folder, "logs", job, "-f").stdout.splitlines()
    told = sorted(tuple(line.split("  ")[1:]) for line in log)
    assert told == sorted((str(n), word) for n in range(6) for word in ("begun", "ended"))
