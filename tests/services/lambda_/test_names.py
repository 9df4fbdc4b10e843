from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owari.services.lambda_.names import FunctionRef, parse_function
from tests.services.lambda_.support import refusal

HERE = {
    "account": "000000000000",
    "region": "us-east-1",
    "principal": "arn:aws:iam::000000000000:root",
    "action": "GetFunction",
}


def parse(text: str, qualifier: str | None = None) -> FunctionRef:
    return parse_function(text, qualifier, **HERE)


@pytest.mark.parametrize(
    ("text", "qualifier", "meant"),
    [
        ("f", None, ("f", None)),
        ("f:$LATEST", None, ("f", "$LATEST")),
        ("f:7", None, ("f", "7")),
        ("f", "live", ("f", "live")),
        ("f:live", "live", ("f", "live")),
        ("function:f", None, ("f", None)),
        ("000000000000:f", None, ("f", None)),
        ("000000000000:function:f", None, ("f", None)),
        ("000000000000:function:f:live", None, ("f", "live")),
        ("us-east-1:000000000000:function:f", None, ("f", None)),
        ("arn:aws:lambda:us-east-1:000000000000:function:f", None, ("f", None)),
        ("arn:aws:lambda:us-east-1:000000000000:function:f:2", None, ("f", "2")),
        ("a" * 64, None, ("a" * 64, None)),
    ],
)
def test_every_way_to_name_a_function(text: str, qualifier: str | None, meant: Any) -> None:
    assert parse(text, qualifier) == meant


@pytest.mark.parametrize(
    ("text", "qualifier", "code", "message"),
    [
        ("", None, "ValidationException", "regular expression pattern"),
        ("no spaces", None, "ValidationException", "Value 'no spaces' at 'functionName'"),
        ("f:g:h:i", None, "ValidationException", "regular expression pattern"),
        ("arn:aws:s3:::bucket", None, "ValidationException", "regular expression pattern"),
        ("a" * 65, None, "ValidationException", "length less than or equal to 64"),
        (
            "f:1",
            "2",
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        ),
        (
            "arn:aws:lambda:eu-west-1:000000000000:function:f",
            None,
            "ResourceNotFoundException",
            "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
        ),
        ("111111111111:function:f", None, "AccessDeniedException", "is not authorized to perform"),
    ],
)
def test_names_that_mean_nothing_here(
    text: str, qualifier: str | None, code: str, message: str
) -> None:
    error = refusal(lambda: parse(text, qualifier))
    assert error.code == code
    assert message in error.message


@given(st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True), st.sampled_from(["", "$LATEST", "3"]))
def test_a_full_arn_means_what_its_name_means(name: str, qualifier: str) -> None:
    tail = f":{qualifier}" if qualifier else ""
    full = parse(f"arn:aws:lambda:us-east-1:000000000000:function:{name}{tail}")
    assert full == (name, qualifier or None)
