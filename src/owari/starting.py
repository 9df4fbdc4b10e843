"""`owari up`, before anything heavy is loaded: the data folder is locked and the socket listens.

Clients may connect from then on; they are answered as soon as the rest is loaded.
"""

from __future__ import annotations

import errno
import gc
import importlib
import os
import socket
import sys
from dataclasses import replace

from owari import folder
from owari.config import Config
from owari.held import listen
from owari.port_owner import data_folder_at


def run(config: Config) -> int:
    """Becomes the server. Returns the exit status; says on stderr why it could not start."""
    os.umask(0o077)
    gc.disable()  # until everything is loaded
    try:
        folder.prepare(config.data)
        config = replace(config, data=config.data.resolve())
        lock = folder.lock(config)
    except folder.Unusable as error:
        return _fail(str(error))
    try:
        with listen(config) as listening:
            config = replace(config, port=listening.getsockname()[1])
            status: int = importlib.import_module("owari.server").run(config, listening)
            return status
    except OSError as error:
        return _fail(_why(error, config))
    finally:
        lock.release()


def _fail(message: str) -> int:
    print(f"owari up: {message}", file=sys.stderr, flush=True)
    return 1


def _by(port: int) -> str:
    data = data_folder_at(port)
    if data is None:
        return ""
    return (
        f" by the agent of {data}, which keeps it for its server (was it killed?):"
        f" start that again, or end it with `owari down --data {data}`"
    )


def _why(error: OSError, config: Config) -> str:
    where = f"{config.host} port {config.port}"
    match error:
        case OSError(errno=errno.EADDRINUSE):
            return (
                f"{where} is in use{_by(config.port)}; choose another with --port (0: any free one)"
            )
        case OSError(errno=errno.EADDRNOTAVAIL) | socket.gaierror():
            return f"{config.host} is no address of this machine"
        case OSError(errno=errno.EACCES):
            return f"{error.filename or where}: permission denied"
        case _:
            return f"{where}: {error}"
