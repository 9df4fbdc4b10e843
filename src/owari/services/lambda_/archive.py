"""Is this really a deployment package? Decided from the archive, before anything is unpacked.

Whatever compute unpacks later stays in the function's folder: no name leaves it, and no symbolic
link leads out of it, not even through another link.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib

from owari.errors import ServiceError
from owari.limits import MIB
from owari.services.lambda_.faults import invalid

VERIFIED_MAX_BYTES = 32 * MIB  # larger contents are verified by compute as it unpacks them
LINK_MAX_BYTES = 4_096
_ENCRYPTED = 0x1
_NAME_MAX_BYTES, _PATH_MAX_BYTES = 255, 3_072


def check_archive(data: bytes, unzipped_max_bytes: int) -> int:
    """How many bytes it is unzipped. Raises InvalidParameterValueException, as CreateFunction and
    UpdateFunctionCode do."""
    if not data:
        raise invalid("Uploaded file must be a non-empty zip")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _check(archive, unzipped_max_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError):
        raise not_a_zip() from None


def not_a_zip() -> ServiceError:
    return invalid(
        "Could not unzip uploaded file. Please check your file, then try to upload again."
    )


def _check(archive: zipfile.ZipFile, unzipped_max_bytes: int) -> int:
    entries = archive.infolist()
    if not entries:
        raise invalid("Uploaded file must be a non-empty zip")
    size = sum(entry.file_size for entry in entries)
    if size >= unzipped_max_bytes:
        raise invalid(f"Unzipped size must be smaller than {unzipped_max_bytes} bytes")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise not_a_zip()
    _check_names(entries)
    for entry in entries:
        if stat.S_ISLNK(entry.external_attr >> 16):
            _check_link(archive, entry)
    if size <= VERIFIED_MAX_BYTES and archive.testzip() is not None:
        raise not_a_zip()
    return size


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in name.split("/") if part not in ("", "."))


def _check_names(entries: list[zipfile.ZipInfo]) -> None:
    """Relative, downwards only, and never inside something that is not a folder."""
    files = {_parts(e.filename) for e in entries if not e.is_dir()}
    for entry in entries:
        parts = _parts(entry.filename)
        if entry.filename.startswith("/") or ".." in parts or _is_too_long(parts):
            raise not_a_zip()
        if any(parts[:depth] in files for depth in range(1, len(parts))):
            raise not_a_zip()
        if parts in files if entry.is_dir() else not parts:
            raise not_a_zip()


def _is_too_long(parts: tuple[str, ...]) -> bool:
    """For a file system; the folder it is unpacked in has its own part of the path."""
    sizes = [len(part.encode("utf-8", "surrogateescape")) for part in parts]
    return max(sizes, default=0) > _NAME_MAX_BYTES or sum(sizes) + len(sizes) > _PATH_MAX_BYTES


def _check_link(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """A link may climb first and descend afterwards, no further up than the root.

    Its own folder is a real one (`_check_names`), so by induction no chain of links leaves it.
    """
    if entry.file_size > LINK_MAX_BYTES:
        raise not_a_zip()
    target = archive.read(entry).decode("utf-8", "surrogateescape")
    parts = _parts(target)
    climbs = 0
    while climbs < len(parts) and parts[climbs] == "..":
        climbs += 1
    depth = len(_parts(entry.filename)) - 1
    if not target or target.startswith("/") or climbs > depth or ".." in parts[climbs:]:
        raise not_a_zip()
