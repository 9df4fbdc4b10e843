"""A /tmp of a bounded size: a file system of its own in a sparse file.

A tmpfs would be charged to the function's memory; a file system in a file behaves as the disk it
is, ENOSPC included. An empty one is made once per size, and each environment gets a copy (some
hundred KiB are written, whatever the size). The file has no name and the device clears itself:
both are gone when the environment's last process ends, however it ends.
"""

# pathlib and contextlib would cost memory and time in every worker.
# ruff: noqa: PTH103, PTH104, PTH106, PTH108, PTH110, PTH123

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
import subprocess

from . import sandbox

DEFAULT_MIB = 512
MIB = 1024 * 1024
INODES = 32_768
OVERHEAD_MIB = 12  # the inodes' tables and bitmaps
LOOP_MAJOR = 7
LOOP_CTL_GET_FREE, LOOP_CLR_FD, LOOP_CONFIGURE = 0x4C82, 0x4C01, 0x4C0A
LO_FLAGS_AUTOCLEAR = 4
BLOCK_BYTES = 4_096
LOOP_CONFIG = struct.Struct("=2I5Q4I64s64s32s2Q64x")  # loop_config, with its loop_info64
TRIES = 50  # another environment took the free device first
MS_NOSUID, MS_NODEV, MS_NOATIME, MNT_DETACH = 2, 4, 1024, 2
# Nothing here has to survive a crash: no barriers; and no writing of what is zero anyway.
OPTIONS = b"nobarrier,noinit_itable"


def put(folder: str, mib: int) -> None:
    """A fresh, empty file system of so many MiB at /tmp. `folder` has those to copy.

    Raises OSError where that cannot be done.
    """
    device = _attached(_copy(_template(folder, mib), folder))
    try:
        flags = MS_NOSUID | MS_NODEV | MS_NOATIME
        sandbox.mount(f"/dev/loop{device[0]}", "/tmp", flags, b"ext4", OPTIONS)
    except OSError:
        fcntl.ioctl(device[1], LOOP_CLR_FD)
        raise
    finally:
        os.close(device[1])
    os.rmdir("/tmp/lost+found")


def take_away() -> None:
    """What `put` has put."""
    sandbox.LIBC.umount2(b"/tmp", MNT_DETACH)


def _template(folder: str, mib: int) -> str:
    path = f"{folder}/{mib}.ext4"
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        part = f"{path}.{os.getpid()}"
        with open(part, "wb") as file:
            file.truncate((mib + mib // 64 + OVERHEAD_MIB) * MIB)
            try:
                _make(file.fileno())
                os.rename(part, path)
            except OSError:
                os.unlink(part)
                raise
    return path


def _make(file: int) -> None:
    command = ["mkfs.ext4", "-q", "-F", "-m", "0", "-I", "256", "-N", str(INODES)]
    command += [
        "-O",
        "^has_journal,^resize_inode",
        "-E",
        "lazy_itable_init=1,nodiscard",
        f"/proc/self/fd/{file}",
    ]
    environ = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
    made = subprocess.run(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, pass_fds=(file,), check=False,
    )  # fmt: skip
    if made.returncode:
        words = made.stderr.decode("utf-8", "replace").strip()
        raise OSError(errno.EIO, f"mkfs.ext4: {words}")


def _copy(template: str, folder: str) -> int:
    """The descriptor of a sparse copy without a name."""
    name = f"{folder}/{os.getpid()}"
    source = os.open(template, os.O_RDONLY | os.O_CLOEXEC)
    target = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    os.unlink(name)
    try:
        size = os.fstat(source).st_size
        os.ftruncate(target, size)
        place = 0
        while place < size:
            try:
                place = os.lseek(source, place, os.SEEK_DATA)
            except OSError:  # no more data
                break
            end = os.lseek(source, place, os.SEEK_HOLE)
            while place < end:
                place += os.pwrite(target, os.pread(source, min(end - place, MIB), place), place)
    finally:
        os.close(source)
    return target


def _attached(image: int) -> tuple[int, int]:
    """The number and the descriptor of a device that is the image, which is closed."""
    config = LOOP_CONFIG.pack(
        image, BLOCK_BYTES, *[0] * 8, LO_FLAGS_AUTOCLEAR, b"owari", b"", b"", 0, 0
    )
    control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(TRIES):
            number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
            device = os.open(_node(number), os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, LOOP_CONFIGURE, config)
            except OSError as error:
                os.close(device)
                if error.errno != errno.EBUSY:
                    raise
                continue
            return number, device
    finally:
        os.close(control)
        os.close(image)
    raise OSError(errno.EBUSY, "no loop device was free")


def _node(number: int) -> str:
    """Where /dev is not the kernel's own, the device may have no name yet."""
    path = f"/dev/loop{number}"
    if not os.path.exists(path):
        os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(LOOP_MAJOR, number))
    return path


def refusal(folder: str) -> str:
    """'' when a child may have a /tmp of a bounded size, else why not."""

    def act() -> None:
        sandbox.own_mounts()
        put(folder, DEFAULT_MIB)

    return sandbox.tried(act)
