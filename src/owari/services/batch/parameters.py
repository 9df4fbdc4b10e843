"""`Ref::` parameters in a command.

Source: Batch user guide, "Job definition parameters": a placeholder is replaced by the value from
SubmitJob, else by the definition's default; a placeholder without either stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_PLACEHOLDER = re.compile(r"Ref::([A-Za-z0-9_-]+)")


def substitute(command: Iterable[str], parameters: Mapping[str, str]) -> list[str]:
    """Each argument with its placeholders replaced; values are not looked at again."""
    return [_PLACEHOLDER.sub(lambda m: parameters.get(m[1], m[0]), word) for word in command]
