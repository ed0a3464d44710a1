"""Processes for the cells of a large problem, and the points of a study, which never outlive who asked for them.

Each is started anew, as a copy of a process with threads may hang. It waits for work as long as its pool is there,
and longer: where the program is killed nobody tells it. So each process looks after its parent itself.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def pool(workers: int) -> Iterator[Executor | None]:
    """So many processes, none for one worker. Whatever ends the block early ends what they are at, too."""
    if workers == 1:
        yield None
        return
    with processes(workers) as found:
        yield found


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """The same, but one worker is a process too."""
    others = active_children()
    with _Deaf(workers, get_context("spawn"), initializer=end_with_parent) as executor:
        try:
            yield executor
        except BaseException:
            # An orderly end would wait for the cells that are being searched, which nobody wants any more. Where
            # the pool broke just as it started one more process, it would wait for that one without end.
            for child in active_children():
                if child not in others:
                    child.kill()
            raise


class _Deaf(ProcessPoolExecutor):
    """Its processes hear no Ctrl-C from their first moment on, when they could only answer with a traceback."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Start what is to be started with the signal held back; a process inherits that from who starts it."""
        if not hasattr(signal, "pthread_sigmask"):
            return super().submit(fn, *args, **kwargs)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return super().submit(fn, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """In a process of a pool: leave Ctrl-C to the parent, and end when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
