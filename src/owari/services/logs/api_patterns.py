"""Trying a filter pattern out."""

from __future__ import annotations

from owari.services.logs.pattern import parse_pattern
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("logs", "TestMetricFilter", reads=True)
def test_metric_filter(tx: Tx, p: Params) -> Result:
    pattern = parse_pattern(p["filterPattern"])
    matches = (
        (number, message, pattern.match(message))
        for number, message in enumerate(p["logEventMessages"], 1)
    )
    return {
        "matches": [
            {"eventNumber": number, "eventMessage": message, "extractedValues": values}
            for number, message, values in matches
            if values is not None
        ]
    }
