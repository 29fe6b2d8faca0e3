"""Writing in the background: a key press never waits for a disk."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .config import ConfigError

Job = Callable[[], object]


class Writer:
    """One thread that runs the newest job of each name, in the order in which the names came."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_busy = False
        self._problems: dict[str, str] = {}

    @property
    def problem(self) -> str | None:
        """Why something could not be written, as long as it is so."""
        with self._changed:
            return next(iter(self._problems.values()), None)

    def submit(self, name: str, job: Job) -> None:
        """Run a job soon, in place of one of that name that has not begun."""
        with self._changed:
            self._jobs[name] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="headset-writer", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, within: float = 5.0) -> bool:
        """Wait until all jobs are done; return whether they are, in time and without a problem."""
        with self._changed:
            done = self._changed.wait_for(lambda: not self._jobs and not self._is_busy, within)
            return done and not self._problems

    def _run(self) -> None:
        while True:
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._jobs)
                name = next(iter(self._jobs))
                job = self._jobs.pop(name)
                self._is_busy = True
            problem = _run(job)
            with self._changed:
                self._problems.pop(name, None)
                if problem is not None:
                    self._problems[name] = problem


def _run(job: Job) -> str | None:
    try:
        job()
    except OSError as error:
        return f"{error.filename or 'A file'} can't be written: {error.strerror or error}."
    except ConfigError as error:
        return str(error)
    return None
