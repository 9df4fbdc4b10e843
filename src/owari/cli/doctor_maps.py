"""What the user said is on this machine and is not there any more: images, layers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from owari.cli.batch import mapping
from owari.cli.finding import Finding, output_of

LAYERS = "layers.json"


def images(data: Path) -> Iterator[Finding]:
    try:
        entries = mapping.read(data)
    except mapping.NoImage as error:
        yield Finding("images map", "warn", str(error), f"mend or remove {data / mapping.FILE}")
        return
    bad = {name: why for name, found in sorted(entries.items()) if (why := _lacks(found))}
    for name, why in bad.items():
        mend = f"owari images map {name}=DIR|Dockerfile|host   (or: owari images unmap {name})"
        yield Finding(f"image {name}", "warn", why, mend)
    if len(entries) > len(bad):
        yield Finding("images map", "ok", _count(len(entries) - len(bad), "image"))


def _lacks(found: dict[str, str]) -> str:
    """Why an entry would not do; '' when it would."""
    match found:
        case {"kind": "host"}:
            return ""
        case {"kind": "dir", "path": path}:
            return "" if Path(path).is_dir() else f"is mapped to {path}, which is not there"
        case {"kind": "runtime", "image": reference}:
            return _lacks_image(reference)
        case _:
            return mapping.words(found)


def _lacks_image(reference: str) -> str:
    program = next((p for p in map(shutil.which, mapping.RUNTIMES) if p), None)
    if program is None:
        return f"is mapped to {reference}, and there is neither podman nor docker"
    status, _ = output_of(program, "image", "inspect", reference)
    return "" if status == 0 else f"is mapped to {reference}, which {program} does not have"


def layers(data: Path) -> Iterator[Finding]:
    path = data / LAYERS
    try:
        entries = dict(json.loads(path.read_text())) if path.exists() else {}
    except (OSError, ValueError, TypeError) as error:
        yield Finding(
            "layers map", "warn", f"{path} cannot be read: {error}", f"mend or remove {path}"
        )
        return
    gone = {arn: folder for arn, folder in sorted(entries.items()) if not Path(folder).is_dir()}
    for arn, folder in gone.items():
        detail = f"is mapped to {folder}, which is not there"
        mend = f"owari layers map {arn}=DIR   (or: owari layers unmap {arn})"
        yield Finding(f"layer {_name(arn)}", "warn", detail, mend)
    if len(entries) > len(gone):
        yield Finding("layers map", "ok", _count(len(entries) - len(gone), "layer"))


def _name(arn: str) -> str:
    return arn.partition(":layer:")[2] or arn


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'} mapped, and there"
