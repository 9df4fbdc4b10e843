"""A function that is a container image: from what the image means here to a program.

The image brings its own runtime interface client. Sources: "Create a Lambda function using a
container image" and ImageConfig (developer guide, API reference).
"""

from __future__ import annotations

import os
from pathlib import Path

from owari.compute import containers
from owari.compute.agent import commands
from owari.compute.agent.environment import Definition
from owari.compute.agent.image_lookup import Images
from owari.compute.agent.runtimes import Program, Refused, Runtime
from owari.compute.images import Host, Image, Root
from owari.compute.images import Runtime as Contained

ENTRY = "lambda-entrypoint.sh"  # of AWS's base images
ROOT_VARIABLES = {
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
    "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/task:/opt/lib",
    "LAMBDA_TASK_ROOT": "/var/task",
}
NOT_PASSED = frozenset({"LD_LIBRARY_PATH", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "PYTHONPATH"})


def program(
    definition: Definition,
    image: Image,
    images: Images,
    mark: str,
    name: str,
    scratch: Path,
    file_systems: list[list[str]],
) -> Runtime:
    """`name`: of its container; `scratch`: a folder for what it changes in its root folder;
    `file_systems`: [folder, target]…
    """
    config = definition.image_config
    entry = list(config.get("entry_point") or [])
    command = list(config.get("command") or [])
    folder = config.get("working_directory") or ""
    words = f"image {definition.image}"
    match image:
        case Host(_, python):
            if not entry and not command:
                return _no_command(definition)
            path = definition.variables["PATH"]
            if python:
                path = f"{images.interpreter_folder(python)}:{path}"
            kept = [str(images.folder)]
            return Program(
                [*entry, *command], words, folder=folder or "/", variables={"PATH": path}, keep=kept
            )
        case Root(root):
            if not entry and (Path(root) / ENTRY).exists():
                entry = [f"/{ENTRY}"]
            if not entry and not command:
                return _no_command(definition)
            targets = [target for _, target in file_systems]
            return _in_root(root, [*entry, *command], words, folder, scratch, targets)
        case Contained(reference):
            images.note_containers()
            return _contained(definition, reference, words, mark, name, file_systems)
        case _:
            return Refused(image.why, "")


def _no_command(definition: Definition) -> Refused:
    why = f"What image {definition.image} stands for says nothing of an entry point: "
    return Refused(why + "give one with ImageConfig's EntryPoint and Command.", "")


def _in_root(
    root: str, argv: list[str], words: str, folder: str, scratch: Path, shown: list[str]
) -> Program:
    """`shown`: places of the environment that are to be seen in the image too."""
    (scratch / "tmp").mkdir(parents=True, exist_ok=True)
    has_task = (Path(root) / "var" / "task").is_dir()
    return Program(
        argv,
        words,
        folder=folder or ("/var/task" if has_task else "/"),
        variables=ROOT_VARIABLES,
        keep=[root, str(scratch)],
        box={
            "root": root,
            "scratch": str(scratch),
            "own_tmp": False,
            "mounts": [[place, place, False] for place in ("/tmp", *shown)],
            "tmpfs": [],
            "user": None,
        },
    )


def _contained(
    definition: Definition,
    reference: str,
    words: str,
    mark: str,
    name: str,
    file_systems: list[list[str]],
) -> Program:
    config = definition.image_config
    path = containers.program()
    variables = containers.passed(definition.variables)
    variables = {k: v for k, v in variables.items() if k not in NOT_PASSED}
    passed = [*variables, "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_LOG_STREAM_NAME"]
    argv = containers.function_command(
        path,
        reference,
        name=name,
        mark=mark,
        memory_mib=definition.memory_mib,
        variables=passed,
        entry_point=config.get("entry_point"),
        command=config.get("command"),
        folder=config.get("working_directory"),
        volumes=file_systems,
    )
    client = {"PATH": os.environ.get("PATH", commands.CONTAINER_PATH), **containers.settings()}
    return Program(argv, words, folder="/", variables=client, box={"outside": True}, container=name)
