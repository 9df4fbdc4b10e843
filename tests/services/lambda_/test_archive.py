from __future__ import annotations

import io
import stat
import zipfile

import pytest

from owari.services.lambda_.archive import check_archive
from tests.services.lambda_.support import package, refusal

MOST = 1024 * 1024
NOT_A_ZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."


def with_links(*entries: tuple[str, str, bool]) -> bytes:
    """(name, content or target, is a link)"""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text, link in entries:
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = ((stat.S_IFLNK if link else stat.S_IFREG) | 0o755) << 16
            archive.writestr(info, text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        package(),
        package({"a/b/c.py": "1", "a/d.py": "2", "a/": ""}),
        package({"./": "", "./x.py": "1"}),
        package({"..data/x..y": "1", "with space é": "2"}),
        with_links(("lib/real.so", "x", False), ("lib/link.so", "real.so", True)),
        with_links(("a/b/link", "../../c/d", True)),
        with_links(("to-root", ".", True)),
    ],
)
def test_packages_are_accepted(data: bytes) -> None:
    check_archive(data, MOST)


@pytest.mark.parametrize(
    "data",
    [
        b"not a zip",
        package()[:-10],
        package({"../up.py": "1"}),
        package({"a/../../up.py": "1"}),
        package({"/etc/passwd": "1"}),
        package({"a": "1", "a/b": "2"}),
        package({"m.py": "1", "é" * 128: "1"}),
        package({"m.py": "1", "/".join(["y" * 200] * 20): "1"}),
        with_links(("link", "/etc", True)),
        with_links(("link", "..", True)),
        with_links(("a/link", "../..", True)),
        with_links(("link", "a/../..", True)),
        with_links(("link", "", True)),
        with_links(("x/y/l", "../..", True), ("m", "x/y/l/../..", True)),
        with_links(("link", "folder", True), ("link/file", "x", False)),
    ],
)
def test_what_is_no_package_or_leaves_its_folder_is_refused(data: bytes) -> None:
    error = refusal(lambda: check_archive(data, MOST))
    assert (error.code, error.message) == ("InvalidParameterValueException", NOT_A_ZIP)


def test_damaged_contents_are_found() -> None:
    data = bytearray(package({"a.py": "x" * 1000}))
    data[45] ^= 0xFF
    assert refusal(lambda: check_archive(bytes(data), MOST)).message == NOT_A_ZIP


@pytest.mark.parametrize("data", [b"", with_links()])
def test_an_empty_package_is_refused(data: bytes) -> None:
    error = refusal(lambda: check_archive(data, MOST))
    assert error.message == "Uploaded file must be a non-empty zip"


def test_the_unzipped_size_is_bounded() -> None:
    bomb = package({"zeros": "0" * MOST})
    assert len(bomb) < MOST // 100
    error = refusal(lambda: check_archive(bomb, MOST))
    assert error.message == f"Unzipped size must be smaller than {MOST} bytes"
