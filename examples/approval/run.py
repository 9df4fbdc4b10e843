"""Create the approval workflow through boto3.

python run.py
owari start approval --name dinner --input '{"what": "dinner", "amount": 140}'
python approve.py dinner yes
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import zipfile
from pathlib import Path

from aws import bucket, client

HERE = Path(__file__).parent
NAME = "approval"
FUNCTION = "approval-ask"
TRUSTED = ["lambda.amazonaws.com", "states.amazonaws.com"]


def role() -> str:
    iam = client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": TRUSTED}, "Action": "sts:AssumeRole"}
        ],
    }
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(trust))
    return str(iam.get_role(RoleName=NAME)["Role"]["Arn"])


def ask_function(role_arn: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(HERE / "ask.py", "ask.py")
    functions = client("lambda")
    try:
        functions.create_function(
            FunctionName=FUNCTION,
            Runtime="python3.12",
            Role=role_arn,
            Handler="ask.handler",
            Code={"ZipFile": buffer.getvalue()},
            Timeout=30,
            Environment={"Variables": {"BUCKET": bucket()}},
        )
    except functions.exceptions.ResourceConflictException:
        functions.update_function_code(FunctionName=FUNCTION, ZipFile=buffer.getvalue())
    functions.get_waiter("function_active_v2").wait(FunctionName=FUNCTION)


def machine(role_arn: str) -> str:
    states, definition = client("stepfunctions"), (HERE / "workflow.asl.json").read_text()
    account = role_arn.split(":")[4]
    arn = f"arn:aws:states:{states.meta.region_name}:{account}:stateMachine:{NAME}"
    try:
        states.update_state_machine(stateMachineArn=arn, definition=definition, roleArn=role_arn)
    except states.exceptions.StateMachineDoesNotExist:
        states.create_state_machine(name=NAME, definition=definition, roleArn=role_arn)
    return arn


def main() -> int:
    role_arn = role()
    client("s3").create_bucket(Bucket=bucket())
    ask_function(role_arn)
    print(machine(role_arn))
    return 0


if __name__ == "__main__":
    sys.exit(main())
