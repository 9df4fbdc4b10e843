"""The layers a function names: found, allowed, and small enough together.

A layer version is looked for among those published here; one of another account that was never
published here may be a public one that this machine supplies (`tx.public_layer`).
"""

from __future__ import annotations

from collections.abc import Sequence

from owari.services.lambda_ import layer_rows
from owari.services.lambda_.faults import denied, invalid
from owari.services.lambda_.layer_names import LayerRef, parse_version
from owari.services.lambda_.layer_policy import lets_in
from owari.services.lambda_.model import Layer, Source
from owari.store.tx import Tx

LAYERS_MAX = 5


def layers_named(tx: Tx, arns: Sequence[str]) -> tuple[Layer, ...]:
    """Raises ValidationException, InvalidParameterValueException and AccessDeniedException."""
    if len(arns) > LAYERS_MAX:
        raise invalid(f"Cannot reference more than {LAYERS_MAX} layers.")
    refs = [parse_version(arn, "layers") for arn in arns]
    for ref in refs:
        if ref.region != tx.region:
            raise invalid(
                "Layers are not in the same region as the function. Layers are expected to be in"
                f" region {tx.region}."
            )
    if len({ref.layer_arn for ref in refs}) < len(refs):
        raise invalid(
            "Two different versions of the same layer are not allowed to be referenced in the same"
            " function. " + " and ".join(arns) + " are versions of the same layer."
        )
    return tuple(Layer(ref.arn, _source(tx, ref)) for ref in refs)


def _source(tx: Tx, ref: LayerRef) -> Source:
    found = layer_rows.find(tx, ref)
    if found is not None:
        check_allowed(tx, ref)
        return found.source
    folder = tx.public_layer(ref.arn)
    if folder is not None:
        return Source(folder=folder)
    if ref.account == tx.account:
        raise invalid(f"Layer version {ref.arn} does not exist.")
    raise invalid(
        f"Layer version {ref.arn} does not exist: it is another account's and was not published"
        f" here. Say what it is on this machine with `owari layers map {ref.arn}=DIR`."
    )


def check_allowed(tx: Tx, ref: LayerRef) -> None:
    """Raises AccessDeniedException for another account's layer that is not shared."""
    if ref.account != tx.account and not lets_in(layer_rows.statements(tx, ref), tx.account):
        raise denied(tx.principal, "GetLayerVersion", ref.arn)


def check_together(source: Source, layers: Sequence[Layer], most: int) -> None:
    """Raises InvalidParameterValueException when code and layers unzipped exceed `most` bytes."""
    total = source.unzipped + sum(layer.source.unzipped for layer in layers)
    if layers and total > most:
        raise invalid(
            "Function code combined with layers exceeds the maximum allowed size of"
            f" {most} bytes. The actual size is {total} bytes."
        )
