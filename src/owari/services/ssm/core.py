"""Names of parameters and of their versions. Pure.

Sources: Systems Manager API reference, "PutParameter" and "GetParameter"; user guide,
"Requirements and constraints for parameter names".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from owari.arn import make_arn, parse_arn
from owari.errors import ServiceError
from owari.services.ssm.faults import invalid, not_found

LEVELS_MAX = 15
ARN_MAX = 1011
PUBLIC = "/aws/service/"
OF_SECRETS = "/aws/reference/secretsmanager/"
_CHARACTERS = re.compile(r"[a-zA-Z0-9_.\-/]+")
_PATH = re.compile(r"(?=/)(?:/[a-zA-Z0-9_.\-]+)*/?")
_FORM = (
    " (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol;"
    " each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_"
)
_PATH_FORM = (
    "The parameter doesn't meet the parameter name requirements. The parameter name must begin"
    ' with a forward slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It'
    " must use only letters, numbers, or the following symbols: . (period), - (hyphen), _"
    " (underscore). Special characters are not allowed. All sub-paths, if specified, must use the"
    ' forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.'
)


def arn_of(account: str, region: str, name: str) -> str:
    return make_arn("ssm", region, account, f"parameter/{name.removeprefix('/')}")


def check_new(name: str, arn: str) -> None:
    """Raises ValidationException, AccessDeniedException, HierarchyLevelLimitExceededException."""
    first = name.removeprefix("/").lower()
    is_path = name.count("/") > 1
    if is_path and name.startswith("/") and first.startswith("aws"):
        raise ServiceError(
            "AccessDeniedException", f"No access to reserved parameter name: {name}."
        )
    if first.startswith(("aws", "ssm")):
        if is_path:
            raise invalid(f'Parameter name: can\'t be prefixed with "ssm"{_FORM}')
        raise invalid('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).')
    check_form(name)
    if name.endswith("/"):
        raise invalid("Parameter name must not end with slash.")
    if name.count("/") > LEVELS_MAX:
        raise ServiceError(
            "HierarchyLevelLimitExceededException",
            f"A hierarchy can have a maximum of {LEVELS_MAX} levels. For more information, see"
            " About requirements and constraints for parameter names in the AWS Systems Manager"
            " User Guide.",
        )
    if len(arn) > ARN_MAX:
        raise invalid(f"The ARN of a parameter can't be longer than {ARN_MAX} characters.")


def check_form(name: str) -> None:
    """Raises ValidationException."""
    if not _CHARACTERS.fullmatch(name):
        raise invalid(f'Parameter name: can\'t be prefixed with "ssm"{_FORM}')
    if "/" in name and not name.startswith("/"):
        raise invalid("Parameter name must be a fully qualified name.")


def check_path(path: str) -> str:
    """The path with a slash at its end. Raises ValidationException."""
    if not _PATH.fullmatch(path):
        raise invalid(_PATH_FORM)
    return path.rstrip("/") + "/"


@dataclass(frozen=True, slots=True)
class Asked:
    """A parameter as it is asked for: its name, or the two that an ARN may mean, and `:selector`,
    a version's number or label, or ''."""

    names: tuple[str, ...]
    selector: str

    @property
    def version(self) -> int | None:
        digits = self.selector[1:]
        return int(digits) if digits.isascii() and digits.isdigit() else None


def asked_for(text: str, account: str, region: str) -> Asked:
    """Raises ValidationException; ParameterNotFound for what only others could have."""
    text = text.strip()
    if not text.startswith("arn:"):
        name, colon, selector = text.partition(":")
        check_form(name)
        return Asked((name,), colon + selector)
    arn = parse_arn(text)
    if arn is None or arn.service != "ssm" or not arn.resource.startswith("parameter/"):
        raise invalid(f"Invalid parameter ARN: {text}")
    if (arn.account, arn.region) != (account, region):
        raise not_found()
    name, colon, selector = arn.resource.removeprefix("parameter/").partition(":")
    check_form(f"/{name}")
    names = (f"/{name}",) if "/" in name else (name, f"/{name}")
    return Asked(names, colon + selector)
