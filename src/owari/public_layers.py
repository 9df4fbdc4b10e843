"""Public layers of other accounts: which folder of this machine stands for one.

`layers.json` in the data folder says so, written by `owari layers map`: `{PATTERN: FOLDER}`, a
pattern being an ARN in which `*` stands for anything. It is read when a function names a layer.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

log = logging.getLogger("owari.layers")

FILE = "layers.json"


@dataclass(frozen=True, slots=True)
class PublicLayers:
    data: Path

    def folder(self, arn: str) -> str | None:
        """Of a layer version; the longest pattern wins. None when nothing is mapped."""
        try:
            entries: dict[str, str] = json.loads((self.data / FILE).read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.error("%s cannot be read: %s", FILE, error)
            return None
        matching = [pattern for pattern in entries if fnmatchcase(arn, pattern)]
        return entries[max(matching, key=len)] if matching else None
