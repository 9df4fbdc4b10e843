"""What an image means, asked for by a run: answered at once where nothing need be looked up.

Whether a container runtime has an image is asked by its own program (a few hundred
milliseconds), so that is awaited, once per image and minute.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from owari.compute import containers
from owari.compute.agent import interpreters
from owari.compute.agent.asking import ask
from owari.compute.agent.folder import CONTAINERS
from owari.compute.agent.loop import Loop
from owari.compute.images import Image, Mapping, Runtime, Unknown, base, refusal

FRESH_S = 60.0
ASK = '"$@" >/dev/null 2>&1; echo $?'  # the agent's own reaper has the status otherwise

Answer = Callable[[Image], None]


class Images:
    """`found` are the machine's interpreters; `folder` is the agent's."""

    def __init__(
        self, loop: Loop, folder: Path, mapping: Mapping, found: dict[int, interpreters.Interpreter]
    ) -> None:
        self.loop = loop
        self.folder = folder / "interpreters"
        self.mapping = mapping
        self.found = found
        self._noted = False
        self._asked: dict[str, list[Answer]] = {}
        self._has: dict[str, tuple[float, bool]] = {}  # (until, whether the runtime has it)

    def resolve(self, image: str, answer: Answer) -> None:
        mapped = self.mapping.find(image)
        if mapped is not None:
            answer(mapped)
            return
        if image == "host":
            answer(self._without_runtime(image))
            return
        until, has = self._has.get(image, (0.0, False))
        if self.loop.now < until:
            answer(self._answer(image, has))
        elif image in self._asked:
            self._asked[image].append(answer)
        else:
            self._ask(image, answer)

    def _answer(self, image: str, has: bool) -> Image:
        return Runtime(image) if has else self._without_runtime(image)

    def _without_runtime(self, image: str) -> Image:
        return base(image) or Unknown(refusal(image))

    def _ask(self, image: str, answer: Answer) -> None:
        program = containers.program()
        if not program:
            self._has[image] = (self.loop.now + FRESH_S, False)
            answer(self._without_runtime(image))
            return
        self._asked[image] = [answer]
        command = ["/bin/sh", "-c", ASK, "sh", *containers.exists(program, image)]
        ask(self.loop, command, lambda said: self._told(image, said.strip() == b"0"))

    def _told(self, image: str, has: bool) -> None:
        self._has[image] = (self.loop.now + FRESH_S, has)
        for answer in self._asked.pop(image):
            answer(self._answer(image, has))

    def note_containers(self) -> None:
        """Should the agent die, the next looks for containers (folder.bury_predecessor)."""
        if not self._noted:
            self._noted = True
            (self.folder.parent / CONTAINERS).touch()

    def interpreter_folder(self, name: str) -> str:
        """A folder in which `python` and `python3` are the nearest to `python3.x`."""
        chosen = interpreters.choose(name, self.found)
        assert chosen is not None
        folder = self.folder / f"python3.{chosen.minor}"
        if not folder.exists():
            folder.mkdir(parents=True)
            for link in ("python", "python3", f"python3.{chosen.minor}"):
                (folder / link).symlink_to(chosen.path)
        return str(folder)
