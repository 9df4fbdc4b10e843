"""What a job's child does to itself before it becomes the command: mounts, root folder, user."""

# pathlib and contextlib would cost memory and time in every keeper.
# ruff: noqa: PTH101, PTH103, PTH110, PTH112, PTH114, PTH115, PTH116, PTH118, PTH120, PTH123, PTH208, PTH211

from __future__ import annotations

import ctypes
import os
from typing import Any

from . import sandbox

MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC = 1, 32, 4096, 16384
CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MIB = 1024 * 1024
HOST_FILES = ("/etc/resolv.conf", "/etc/hosts")
HOST_FOLDERS = ("/dev", "/proc", "/sys")

Box = Any  # a dict: the oldest interpreters that load this cannot say of what


def settle(scratch: str, mounts: list[list[Any]], *, own_tmp: bool) -> None:
    """Enter mounts that all jobs of a keeper share. Raises OSError."""
    asked = any(not target.startswith("/tmp/") or source != target for source, target, _ in mounts)
    _own_namespace(as_user=asked)
    box = {"root": None, "scratch": scratch, "own_tmp": own_tmp, "mounts": mounts, "tmpfs": []}
    _go_in(_build(box))
    os.chdir("/")


def enter(box: Box, folder: str, variables: dict[str, str]) -> dict[str, str]:
    """Become what `box` says; the variables to go on with. Raises OSError or LookupError.

    root      a folder that is the root of the file system, or None: the host's
    scratch   an empty folder: for changes to `root`, for volumes, and `tmp` in it for /tmp
    own_tmp   whether /tmp is the job's own
    mounts    [source (None: an empty folder), target, read_only]…;   tmpfs [target, mib]…
    read_only optional: the root is, but for what is mounted in it
    user      `USER[:GROUP]`, names or numbers, or None
    enter     optional, a process id: go where that one is instead
    folder    to work in; "" with `enter`: the one that process is in
    """
    if box.get("enter"):
        _join(box["enter"])
    elif box["root"] or box["mounts"] or box["tmpfs"] or box["own_tmp"] or box.get("read_only"):
        _own_namespace(as_user=True)
        _go_in(_build(box))
    if folder:
        os.chdir(folder if os.path.isdir(folder) else "/")
    return _become_user(box["user"], variables) if box["user"] else variables


def _join(pid: int) -> None:
    """The mounts, the root and the folder of another process. Raises OSError."""
    root = os.open(f"/proc/{pid}/root", os.O_RDONLY | os.O_DIRECTORY)
    folder = os.open(f"/proc/{pid}/cwd", os.O_RDONLY | os.O_DIRECTORY)
    spaces = [("user", CLONE_NEWUSER), ("mnt", CLONE_NEWNS)]
    opened = [
        (os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY), kind)
        for name, kind in spaces
        if os.stat(f"/proc/{pid}/ns/{name}").st_ino != os.stat(f"/proc/self/ns/{name}").st_ino
    ]
    for fd, kind in opened:
        if sandbox.LIBC.setns(fd, kind) != 0:
            raise OSError(f"setns: {os.strerror(ctypes.get_errno())}")
    os.fchdir(root)
    os.chroot(".")
    os.fchdir(folder)


def _go_in(root: str) -> None:
    if root != "/":
        os.chroot(root)


def _mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    encoded = kind.encode() if kind else None
    words = data.encode() if data else None
    if sandbox.LIBC.mount(os.fsencode(source), os.fsencode(target), encoded, flags, words) != 0:
        number = ctypes.get_errno()
        raise OSError(f"mount {source} at {target}: {os.strerror(number)}")


def _build(box: Box) -> str:
    """Where the root is."""
    sources = [
        _opened(source or f"{box['scratch']}/volumes/{number}")
        for number, (source, _, _) in enumerate(box["mounts"])
    ]
    targets = [target for _, target, _ in box["mounts"]] + [t for t, _ in box["tmpfs"]]
    sealed = bool(box.get("read_only"))
    root = "/"
    if box["root"]:
        root = _own_root(box["root"], box["scratch"])
        for path in (*HOST_FOLDERS, *HOST_FILES):
            _bind(path, root + path, read_only=False)
    elif sealed or not all(map(_has_a_place, targets)):
        root = _copy_of_root(box["scratch"], sealed=sealed)
    if box["own_tmp"]:
        _mount(os.path.join(box["scratch"], "tmp"), os.path.join(root, "tmp"), None, MS_BIND)
    for source, (_, target, read_only) in zip(sources, box["mounts"], strict=True):
        _bind(source, os.path.join(root, target.lstrip("/")), read_only=read_only)
    for target, mib in box["tmpfs"]:
        place = os.path.join(root, target.lstrip("/"))
        os.makedirs(place, exist_ok=True)
        _mount("tmpfs", place, "tmpfs", 0, f"size={mib * MIB},mode=1777")
    if sealed:
        _seal(root)
    return root


def _has_a_place(target: str) -> bool:
    """Whether the host has the folder in `/` that a mount point would be made in."""
    return os.path.exists("/" + target.strip("/").partition("/")[0])


def _copy_of_root(scratch: str, *, sealed: bool) -> str:
    """All the host has in `/`, at a place where a mount point can be made and nobody sees it."""
    root = os.path.join(scratch, "root")
    os.makedirs(root, exist_ok=True)
    _mount("tmpfs", root, "tmpfs", 0, "size=1m,mode=755")
    for name in os.listdir("/"):
        path = "/" + name
        if os.path.islink(path):
            os.symlink(os.readlink(path), root + path)
        else:
            _bind(path, root + path, read_only=sealed and path not in HOST_FOLDERS)
    return root


def _own_namespace(*, as_user: bool) -> None:
    """A mount namespace; without the right to one, in a user namespace where that is allowed."""
    try:
        sandbox.own_mounts()
        return
    except OSError:
        user, group = os.getuid(), os.getgid()
        if not as_user or sandbox.LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
            raise
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"0 {user} 1")
    _write("/proc/self/gid_map", f"0 {group} 1")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _opened(source: str) -> str:
    """A source by its descriptor: still reached when something is mounted above it."""
    if not os.path.exists(source):  # Docker makes a missing host folder, and so does ECS
        os.makedirs(source)
    return f"/proc/self/fd/{os.open(source, os.O_PATH)}"


def _bind(source: str, target: str, *, read_only: bool) -> None:
    if not os.path.exists(source):
        return
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "a"):
            pass
    _mount(source, target, None, MS_BIND | MS_REC)
    if read_only:
        _seal(target)


def _seal(target: str) -> None:
    """Read-only, but not what is mounted in it."""
    _mount("none", target, None, MS_BIND | MS_REMOUNT | MS_RDONLY)


def _own_root(root: str, scratch: str) -> str:
    """`root` with a layer of its own for changes; without overlayfs, the folder itself."""
    upper, work, merged = (os.path.join(scratch, name) for name in ("upper", "work", "root"))
    for folder in (upper, work, merged):
        os.makedirs(folder, exist_ok=True)
    os.chmod(upper, 0o755)
    try:
        layers = f"lowerdir={root},upperdir={upper},workdir={work}"
        _mount("overlay", merged, "overlay", 0, layers)
    except OSError:
        _mount(root, merged, None, MS_BIND | MS_REC)
    return merged


# ---- users
def _entry(path: str, name: str) -> list[str] | None:
    """The line of /etc/passwd or /etc/group with this name or number."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.rstrip("\n").split(":") for line in file]
    except OSError:
        return None
    number = 2
    return next((e for e in lines if len(e) > number and name in (e[0], e[number])), None)


def _become_user(user: str, variables: dict[str, str]) -> dict[str, str]:
    name, _, group = user.partition(":")
    entry = _entry("/etc/passwd", name)
    if entry is None and not name.isdigit():
        raise LookupError(f"unable to find user {name}: no matching entries in passwd file")
    uid = int(entry[2]) if entry else int(name)
    gid = int(entry[3]) if entry else 0
    if group:
        found = _entry("/etc/group", group)
        if found is None and not group.isdigit():
            raise LookupError(f"unable to find group {group}: no matching entries in group file")
        gid = int(found[2]) if found else int(group)
    if (uid, gid) != (os.getuid(), os.getgid()):
        try:
            os.setgroups([gid])
            os.setgid(gid)
            os.setuid(uid)
        except PermissionError:
            raise LookupError(f"only root can run a job as user {user}") from None
    home = entry[5] if entry and len(entry) > 5 else "/"
    return {"HOME": home} | variables
