"""What a recorded execution meets outside: functions, topics, buckets, workers, made to behave
as the recording says they did. A row whose services Owari lacks is not staged."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config

from tests.services.stepfunctions.recorded import loads_object
from tests.support.server import ROLE, Server
from tests.support.zips import zipped

Row = dict[str, Any]
HERE = {
    "activity", "events", "lambda", "s3", "secretsmanager", "sns", "sqs", "states", "sfn",
}  # fmt: skip
CALLED = re.compile(r"(Task|LambdaFunction)(Succeeded|Failed|TimedOut)$")


class Missing(Exception):
    """What the row needs and is not there."""


class Stage:
    """One server; `client(service)` acts as the account the recordings name."""

    def __init__(self, server: Server, account: str) -> None:
        self.server = server
        self.account = account
        self.clients: dict[str, Any] = {}
        self.made: set[str] = set()
        self.lock = threading.Lock()  # for rows that use the same names

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = self.new_client(service)
        return self.clients[service]

    def new_client(self, service: str, **config: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.account,
            aws_secret_access_key="test",
            config=Config(
                retries={"max_attempts": 0},
                max_pool_connections=16,
                inject_host_prefix=False,  # `sync-` before an address finds no host
                **config,
            ),
        )

    def once(self, key: str) -> bool:
        fresh = key not in self.made
        self.made.add(key)
        return fresh

    def set(self, row: Row) -> None:
        """Raises Missing."""
        needs = set(row["needs"])
        if needs - HERE:
            raise Missing(" ".join(sorted(needs - HERE)))
        for need in sorted(needs):
            getattr(self, f"_{need}")(row)

    # ---- functions
    def _lambda(self, row: Row) -> None:
        source = _source(row)
        for name in _function_names(row):
            if name.startswith("no_such") or not self.once(f"lambda {name}"):
                continue
            self._function(name, source)

    def _function(self, name: str, source: str) -> None:
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=ROLE,
            Handler="handler.handler",
            Timeout=60,
            Code={"ZipFile": zipped({"handler.py": source})},
        )

    def echo(self, request: Row) -> None:
        """The functions a TestState call may meet: they return what they are given, or `{}`."""
        text = json.dumps(request).replace("\\", "")
        names = set(re.findall(r":function:([\w-]+)", text))
        names |= set(re.findall(r'"FunctionName": "([\w-]+)"', text))
        for name in names:
            if self.once(f"lambda {name}"):
                self._function(name, "def handler(event, context):\n    return event or {}\n")

    # ---- topics, executions
    def _sns(self, row: Row) -> None:
        if "NotFound" in json.dumps(row["aws_events"]):
            return
        for name in set(re.findall(r"arn:aws:sns:[\w-]+:\d+:([\w.-]+)", _text(row))):
            fifo = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
            own = {"Attributes": fifo} if name.endswith(".fifo") else {}
            self.client("sns").create_topic(Name=name, **own)

    # ---- queues
    def _sqs(self, row: Row) -> None:
        told = [e for e in row["aws_events"] if _outcome(e) is not None]
        for name in set(re.findall(r"/\d{12}/([\w-]+)", _text(row))):
            if name.startswith("no-such"):
                continue
            url = self.client("sqs").create_queue(QueueName=name)["QueueUrl"]
            if "waitForTaskToken" in _text(row) and told:
                consumer = threading.Thread(target=self._consume, args=(url, told[0]), daemon=True)
                consumer.start()

    def _consume(self, url: str, told: dict[str, Any]) -> None:
        """Answers for the token in the message as it was answered then."""
        if told["type"].endswith("TimedOut"):
            return
        sqs, client = self.new_client("sqs"), self.new_client("stepfunctions")
        for _ in range(6):
            for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages", ()):
                body = json.loads(message["Body"])
                details, token = _details(told), {"taskToken": body["TaskToken"]}
                if "error" in details:
                    client.send_task_failure(**token, error=details["error"])
                    return
                output = _value(details["output"])
                whole = isinstance(output, dict) and "TaskToken" in output
                client.send_task_success(**token, output=json.dumps(body if whole else output))
                return

    def _states(self, row: Row) -> None:
        told = next((e for e in map(_outcome, row["aws_events"]) if e is not None), {})
        output = told.get("output") or {}
        if isinstance(output, dict) and isinstance(output.get("Output"), dict | str):
            state = {"Type": "Pass", "Result": _value(output["Output"]), "End": True}
        elif "error" in told:
            state = {"Type": "Fail", "Error": "States.Timeout"}
        else:
            state = {"Type": "Pass", "End": True}
        definition = json.dumps({"StartAt": "S", "States": {"S": state}})
        for name in set(re.findall(r":stateMachine:([\w-]+)", _text(row))):
            if self.once(f"machine {name}"):
                self.client("stepfunctions").create_state_machine(
                    name=name, definition=definition, roleArn=ROLE
                )

    def _sfn(self, row: Row) -> None:
        """Only tokens that do not exist."""

    def _events(self, row: Row) -> None:
        """The default bus is there."""

    def _secretsmanager(self, row: Row) -> None:
        """There are none."""

    # ---- buckets
    def _s3(self, row: Row) -> None:
        text = json.dumps(row["aws_events"] if row["kind"] == "history" else row["aws"])
        bucket = input_of(row).get("Bucket") if isinstance(input_of(row), dict) else None
        bucket = bucket or ("result-bucket" if "result-bucket" in _text(row) else None)
        if bucket is None or "NoSuchBucket" in text or not re.fullmatch(r"[a-z0-9.-]+", bucket):
            return
        s3 = self.client("s3")
        if self.once(f"bucket {bucket}"):
            s3.create_bucket(Bucket=bucket)
        body = _object(row)
        if body is not None:
            s3.put_object(Bucket=bucket, Key=input_of(row)["Key"], Body=body)

    # ---- activities
    def _activity(self, row: Row) -> None:
        fates = list(_activity_fates(row["aws_events"]))
        for name in set(re.findall(r":activity:([\w-]+)", _text(row))):
            if "does not exist" in json.dumps(row["aws_events"]):
                continue
            arn = self.client("stepfunctions").create_activity(name=name)["activityArn"]
            worker = threading.Thread(target=self._work, args=(arn, fates), daemon=True)
            worker.start()

    def _work(self, arn: str, fates: list[dict[str, Any]]) -> None:
        client = self.new_client("stepfunctions", read_timeout=70)
        for fate in fates:
            who = {"workerName": fate["worker"]} if fate.get("worker") else {}
            taken = client.get_activity_task(activityArn=arn, **who)
            if "taskToken" not in taken:
                return
            token = {"taskToken": taken["taskToken"]}
            match fate["end"]:
                case "Succeeded":
                    client.send_task_success(**token, output=json.dumps(fate["output"]))
                case "Failed":
                    given = {k: _string(fate[k]) for k in ("error", "cause") if k in fate}
                    client.send_task_failure(**token, **given)


def _text(row: Row) -> str:
    return json.dumps([row["definition"], input_of(row)])


PLACEHOLDERS = ("<", "_arn", "sqs_queue_url", "lambda_function_name")


def input_of(row: Row) -> Any:
    """The recorded input; that of the recorder's test where names in it were replaced by what
    cannot be a name."""
    for event in row.get("aws_events") or ():
        if event["type"] == "ExecutionStarted":
            started = event["executionStartedEventDetails"]["input"]
            text = json.dumps(started)
            if isinstance(started, dict) and not any(mark in text for mark in PLACEHOLDERS):
                return started
    return row["input"]


def _string(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _value(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text


def _details(event: dict[str, Any]) -> dict[str, Any]:
    return next((v for k, v in event.items() if k.endswith("EventDetails")), {})


def _outcome(event: dict[str, Any]) -> dict[str, Any] | None:
    return _details(event) if CALLED.match(event["type"]) else None


def _function_names(row: Row) -> set[str]:
    found = set(re.findall(r":function:([\w-]+)", _text(row)))
    found |= set(re.findall(r'"FunctionName(?:\.\$)?": "([\w-]+)"', _text(row)))
    return found


def _source(row: Row) -> str:
    """A handler that does what the recorded function did. Raises Missing."""
    ends = [(e, d) for e in row["aws_events"] if (d := _outcome(e)) is not None]
    if not ends:
        raise Missing("a function whose doings are not recorded")
    event, first = ends[0]
    if event["type"].endswith("TimedOut"):
        return "import time\ndef handler(event, context):\n    time.sleep(40)\n"
    if first.get("error") == "States.DataLimitExceeded":
        return "def handler(event, context):\n    return 'é' * 200000\n"
    if event["type"].endswith("Failed"):
        cause = first.get("cause")
        told = cause if isinstance(cause, dict) else {}
        kind, message = told.get("errorType", "Exception"), told.get("errorMessage", "")
        own = "" if kind == "Exception" else f"class {kind}(Exception): pass\n"
        return f"def handler(event, context):\n    raise {kind}({message!r})\n{own}"
    outputs = [_payload(d) for _, d in ends]
    if "<" in json.dumps(outputs[0]) or outputs[0] == _inputs(row["aws_events"])[0]:
        return "def handler(event, context):\n    return event\n"
    return f"def handler(event, context):\n    return {outputs[0]!r}\n"


def _payload(details: dict[str, Any]) -> Any:
    output = details.get("output")
    if isinstance(output, dict) and "ExecutedVersion" in output:
        return output["Payload"]
    return _value(output)


def _inputs(events: list[dict[str, Any]]) -> list[Any]:
    """What the functions were given."""
    found = []
    for event in events:
        details = _details(event)
        if event["type"] == "LambdaFunctionScheduled":
            found.append(_value(details["input"]))
        elif event["type"] == "TaskScheduled":
            parameters = loads_object(details["parameters"])
            found.append(parameters.get("Payload") if isinstance(parameters, dict) else None)
    return found


def _activity_fates(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    worker: str | None = None
    for event in events:
        if event["type"] == "ActivityStarted":
            worker = _details(event).get("workerName")
        elif re.fullmatch(r"Activity(Succeeded|Failed|TimedOut)", event["type"]):
            end = event["type"].removeprefix("Activity")
            yield {"worker": worker, "end": end, **_details(event)}


def _object(row: Row) -> bytes | None:
    """The object a row reads, as far as its result tells."""
    text = json.dumps(row["definition"])
    if "aws-sdk:s3:getObject" in text:
        output = row["aws_result"]["output"]
        return _string(_value(output)["Body"]).encode()
    if "ItemReader" not in text:
        return None
    result = (row.get("aws_result") or {}) if row["kind"] == "history" else {}
    items = _value(result.get("output"))
    if '"InputType": "CSV"' in text:
        return _csv(row, items)
    if items is None:
        return b'{"verdict": "true"}'
    if "ItemsPath" in text:
        return json.dumps(items).encode()
    return json.dumps(items).encode()


def _csv(row: Row, items: Any) -> bytes:
    records = items if isinstance(items, list) else [{"Col1": "1"}, {"Col1": "2"}]
    out = io.StringIO()
    writer = csv.writer(out)
    header = "FIRST_ROW" in json.dumps(row["definition"])
    if header:
        writer.writerow(records[0])
    for record in records:
        writer.writerow(record.values())
    return out.getvalue().encode()
