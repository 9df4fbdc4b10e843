"""What the user has mapped images to (`owari images map`), as it stands in the data folder."""

from __future__ import annotations

import json
from typing import Any

from owari.store.blobs import BlobStore

FILE = "images.json"


def mapped_images(blobs: BlobStore) -> dict[str, Any]:
    """By name; nothing when there is no such file or it is broken."""
    try:
        found = json.loads((blobs.folder.parent / FILE).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
