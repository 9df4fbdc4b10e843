"""Where an environment finds its code, layers and SDK, and the variables that say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from owari.compute.agent import orphans
from owari.compute.agent.environment import Definition
from owari.compute.agent.file_systems import FileSystems
from owari.compute.agent.runtimes import Fork, Program, apart


class Places:
    """`folder` is the agent's; `keep` what every environment needs, visible even below /tmp."""

    def __init__(
        self, folder: Path, sdk: Path, keep: list[str], mark: str, file_systems: FileSystems
    ) -> None:
        self.folder = folder
        self.sdk = sdk
        self.keep = keep
        self.mark = mark
        self.file_systems = file_systems

    def of(
        self, definition: Definition, runtime: Fork | Program
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """For the worker's INIT frame (runtime/settling.py), and variables it has besides.

        Raises OSError.
        """
        code = definition.code_folder
        if definition.code:
            code = str(self.folder / "code" / _name(definition))
        meta: dict[str, Any] = {
            "zip": "" if definition.code_folder else definition.zip,
            "code": code,
            "pycache": self.pycache(definition),
            # A .pyc tells times apart by seconds: too coarse for code that is being edited.
            "write_bytecode": not definition.code_folder,
            "opt": str(self.folder / "layers"),
            "layers": [self._layer(layer, definition) for layer in definition.layers],
            "layers_max_bytes": definition.unzipped_max_bytes,
            "unzipped_max_bytes": definition.unzipped_max_bytes,
            "ephemeral_mib": definition.ephemeral_mib,
            "file_systems": self.file_systems.mounts(definition.file_systems),
            "keep": [*self.keep, *(runtime.keep if isinstance(runtime, Program) else ())],
        }
        variables = {"LAMBDA_TASK_ROOT": code, orphans.FOLDER_MARK: self.mark}
        variables |= self._library_path(definition, code)
        if isinstance(runtime, Fork):
            program = apart(runtime.interpreter, definition, meta["pycache"])
            meta["apart"] = program.meta()
            meta["keep"] += program.keep
        else:
            meta["program"] = runtime.meta()
            if runtime.container:  # its runtime mounts them
                meta["file_systems"] = []
        if isinstance(runtime, Fork) or runtime.python:
            own = definition.variables.get("PYTHONPATH", "")
            variables["PYTHONPATH"] = f"{own}:{self.sdk}".lstrip(":")
            variables["LAMBDA_RUNTIME_DIR"] = str(self.sdk)
        else:
            variables |= {"LAMBDA_RUNTIME_DIR": "/var/runtime"} | runtime.variables
        return meta, variables

    def pycache(self, definition: Definition) -> str:
        """Where compiled modules of its code are kept."""
        return str(self.folder / "pycache" / _name(definition))

    def scratch(self, number: int) -> Path:
        """For what an environment changes in its image."""
        return self.folder / "tmp" / f"image-{number}"

    def _layer(self, layer: dict[str, str], definition: Definition) -> dict[str, str]:
        if "folder" in layer:
            return {"folder": layer["folder"]}
        return {"zip": layer["zip"], "name": f"{layer['code']}-{definition.unzipped_max_bytes}"}

    def _library_path(self, definition: Definition, code: str) -> dict[str, str]:
        """The function's own libraries and those of its layers, after the system's."""
        before = definition.variables.get("LD_LIBRARY_PATH", "")
        opt = ["/opt/lib"] if definition.layers else []
        parts = [before, *([code, f"{code}/lib"] if code else ()), *opt]
        return {"LD_LIBRARY_PATH": ":".join(filter(None, parts))}


def _name(definition: Definition) -> str:
    """Of its code."""
    return f"{definition.code}-{definition.unzipped_max_bytes}"
