"""Labels of parameter versions: put there, moved, taken away."""

from __future__ import annotations

import re

from owari.errors import ServiceError
from owari.services.ssm import rows
from owari.services.ssm.events import announce_change
from owari.services.ssm.faults import no_version
from owari.services.ssm.lookup import existing
from owari.services.ssm.records import Parameter, Version
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

LABELS_MAX = 10
_LABEL = re.compile(r"(?!\d|aws|ssm)[a-zA-Z0-9_.\-]+", re.IGNORECASE)


@operation("ssm", "LabelParameterVersion")
def label_parameter_version(tx: Tx, p: Params) -> Result:
    """A label that another version has moves to this one."""
    parameter = existing(tx, p["Name"])
    version = _existing_version(tx, parameter, p.get("ParameterVersion"))
    good = [label for label in p["Labels"] if _LABEL.fullmatch(label)]
    wanted = list(dict.fromkeys([*version.labels, *good]))
    if len(wanted) > LABELS_MAX:
        raise ServiceError(
            "ParameterVersionLabelLimitExceeded",
            "An error occurred (ParameterVersionLabelLimitExceeded) when calling the"
            f" LabelParameterVersion operation: A parameter version can have maximum {LABELS_MAX}"
            " labels.Move one or more labels to another version and try again.",
        )
    for other in rows.versions(tx, parameter.name):
        if other.number != version.number and set(other.labels) & set(good):
            other.labels = [label for label in other.labels if label not in good]
            rows.set_labels(tx, parameter.name, other)
    if wanted != version.labels:
        version.labels = wanted
        rows.set_labels(tx, parameter.name, version)
        announce_change(tx, "LabelParameterVersion", parameter)
    invalid = [label for label in p["Labels"] if label not in good]
    return {"InvalidLabels": invalid, "ParameterVersion": version.number}


@operation("ssm", "UnlabelParameterVersion")
def unlabel_parameter_version(tx: Tx, p: Params) -> Result:
    parameter = existing(tx, p["Name"])
    version = _existing_version(tx, parameter, p["ParameterVersion"])
    removed = [label for label in dict.fromkeys(p["Labels"]) if label in version.labels]
    version.labels = [label for label in version.labels if label not in removed]
    rows.set_labels(tx, parameter.name, version)
    invalid = [label for label in p["Labels"] if label not in removed]
    return {"RemovedLabels": removed, "InvalidLabels": invalid}


def _existing_version(tx: Tx, parameter: Parameter, number: int | None) -> Version:
    """The latest where none is named. Raises ParameterVersionNotFound."""
    if number is None:
        return parameter.latest
    found = rows.version(tx, parameter.name, number)
    if found is None:
        raise no_version(parameter.name, number)
    return found
