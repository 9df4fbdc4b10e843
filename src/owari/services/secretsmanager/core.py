"""Names of secrets and what an id may mean; staging labels. Pure.

Sources: Secrets Manager API reference, "CreateSecret"; user guide, "What's in a secret" and
"Finding a secret from a partial ARN".
"""

from __future__ import annotations

import re

from owari.arn import make_arn, parse_arn
from owari.errors import ServiceError
from owari.services.secretsmanager.faults import exceeded, missing

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"
STAGES_MAX = 20  # of a version
SUFFIX_LENGTH = 6
SUFFIX_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_NAME = re.compile(r"[A-Za-z0-9/_+=.@!\-]{1,512}")

Stages = dict[str, str]  # staging label → version


def check_name(name: str) -> str:
    """Raises ValidationException."""
    if not _NAME.fullmatch(name):
        raise ServiceError(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the"
            " following: -/_+=.@!",
        )
    return name


def arn_of(account: str, region: str, name: str, suffix: str) -> str:
    return make_arn("secretsmanager", region, account, f"secret:{name}-{suffix}")


def name_in(arn: str, account: str, region: str) -> str:
    """What an ARN says after `secret:`: the name, and the suffix unless it is a partial ARN.

    Raises ResourceNotFoundException for another account's or region's.
    """
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != "secretsmanager":
        raise missing()
    kind, _, name = parsed.resource.partition(":")
    if (parsed.account, parsed.region, kind) != (account, region, "secret"):
        raise missing()
    return name


# ---- staging labels
def attach(stages: Stages, label: str, version: str) -> None:
    """Moved from where it was. AWSCURRENT leaves AWSPREVIOUS behind. Raises
    LimitExceededException."""
    was = stages.get(label)
    stages[label] = version
    if label == CURRENT and was is not None and was != version:
        stages[PREVIOUS] = was
    if len(labels_of(stages, version)) > STAGES_MAX:
        raise exceeded(f"A version of a secret can have at most {STAGES_MAX} staging labels.")


def labels_of(stages: Stages, version: str) -> list[str]:
    return [label for label, holder in stages.items() if holder == version]


def by_version(stages: Stages) -> dict[str, list[str]]:
    return {version: labels_of(stages, version) for version in dict.fromkeys(stages.values())}


def is_pending(stages: Stages) -> bool:
    """A rotation has begun and has not come to its end."""
    return PENDING in stages and stages[PENDING] != stages.get(CURRENT)
