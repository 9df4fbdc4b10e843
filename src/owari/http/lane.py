"""Jobs of one upload, run in order on threads that all uploads share."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor

Job = Callable[[], None]


class Lane:
    """Jobs must not raise. However many lanes share few threads, none waits for another's."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._jobs: deque[Job] = deque()
        self._lock = threading.Lock()
        self._running = False

    def put(self, job: Job) -> None:
        with self._lock:
            self._jobs.append(job)
            if self._running:
                return
            self._running = True
        self._threads.submit(self._run)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._running = False
                    return
                job = self._jobs.popleft()
            job()
