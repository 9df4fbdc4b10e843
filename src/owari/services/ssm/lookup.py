"""The parameter and the version that are asked for."""

from __future__ import annotations

from owari.services.ssm import rows
from owari.services.ssm.core import PUBLIC, Asked, asked_for
from owari.services.ssm.faults import no_label, no_version, not_found
from owari.services.ssm.records import Parameter, Version
from owari.store.tx import Tx


def existing(tx: Tx, name: str) -> Parameter:
    """By its name alone. Raises ParameterNotFound."""
    found = rows.find(tx, name.strip())
    if found is None:
        raise not_found()
    return found


def asked(tx: Tx, text: str) -> tuple[Parameter, Version, str]:
    """By name or ARN, with or without `:version` or `:label`, which comes back as the selector.

    Raises ValidationException, ParameterNotFound, ParameterVersionNotFound.
    """
    wanted = asked_for(text, tx.account, tx.region)
    parameter = next(filter(None, (rows.find(tx, name) for name in wanted.names)), None)
    if parameter is None:
        is_public = wanted.names[0].startswith(PUBLIC)
        raise not_found(f"Owari supplies no public parameters ({PUBLIC}...)." if is_public else "")
    return parameter, _version(tx, parameter, wanted), wanted.selector


def _version(tx: Tx, parameter: Parameter, wanted: Asked) -> Version:
    if not wanted.selector:
        return parameter.latest
    if wanted.version is not None:
        found = rows.version(tx, parameter.name, wanted.version)
        if found is None:
            raise no_version(parameter.name, wanted.version)
        return found
    label = wanted.selector[1:]
    found = rows.labelled(tx, parameter.name, label)
    if found is None:
        raise no_label(parameter.name, label)
    return found
