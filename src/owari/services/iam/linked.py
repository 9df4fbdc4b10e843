"""Service-linked roles: what Batch and ECS set-ups create before anything else.

Source: IAM API Reference, CreateServiceLinkedRole; each service's "Using service-linked roles".
"""

from __future__ import annotations

import json

from owari.errors import ServiceError
from owari.services.iam import rows
from owari.services.iam.core import ROLE
from owari.services.iam.roles import SESSION_S
from owari.services.iam.views import role_view
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

_NAMES = {
    "autoscaling.amazonaws.com": "AutoScaling",
    "batch.amazonaws.com": "Batch",
    "ecs.amazonaws.com": "ECS",
    "ecs.application-autoscaling.amazonaws.com": "ApplicationAutoScaling_ECSService",
    "spot.amazonaws.com": "EC2Spot",
    "spotfleet.amazonaws.com": "EC2SpotFleet",
}


@operation("iam", "CreateServiceLinkedRole")
def create_service_linked_role(tx: Tx, p: Params) -> Result:
    service = p["AWSServiceName"]
    known = _NAMES.get(service)
    if known is None:
        raise ServiceError("InvalidInput", f"Service {service} is not recognized.", status=400)
    suffix = f"_{p['CustomSuffix']}" if p.get("CustomSuffix") else ""
    name = f"AWSServiceRoleFor{known}{suffix}"
    if rows.find(tx, ROLE, name) is not None:
        raise ServiceError(
            "InvalidInput",
            f"Service role name {name} has been taken in this account, please try a different"
            " suffix.",
            status=400,
        )
    details = {"trust": _trust(service), "description": p.get("Description")}
    details |= {"max_session_s": SESSION_S, "boundary": None}
    role = rows.create(tx, ROLE, name, f"/aws-service-role/{service}/", details)
    tx.resources.created(role.arn, "AWS::IAM::ServiceLinkedRole")
    return {"Role": role_view(tx, role)}


def _trust(service: str) -> str:
    statement = {
        "Action": ["sts:AssumeRole"],
        "Effect": "Allow",
        "Principal": {"Service": [service]},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
