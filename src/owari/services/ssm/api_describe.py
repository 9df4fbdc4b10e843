"""DescribeParameters."""

from __future__ import annotations

from owari.services.ssm import rows
from owari.services.ssm.filters import described
from owari.services.ssm.paging import found_page
from owari.services.ssm.showing import metadata
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_USUAL = 10


@operation("ssm", "DescribeParameters", reads=True)
def describe_parameters(tx: Tx, p: Params) -> Result:
    """Parameters that others share are none: there is nobody to share them."""
    tests = described(p)
    if p.get("Shared"):
        return {"Parameters": []}
    most = p.get("MaxResults") or PAGE_USUAL
    found, more = found_page(tx, p.get("NextToken"), most, tests, "", rows.AFTER_ALL)
    return {"Parameters": [metadata(one, one.latest) | {"ARN": one.arn} for one in found]} | more
