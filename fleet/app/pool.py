"""Processes for the cells of a large problem, and the points of a study, which never outlive who asked for them.

Each is started anew, as a copy of a process with threads may hang. It waits for work as long as its pool is there,
and longer: where the program is killed nobody tells it. So each process looks after its parent itself.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread


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
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=end_with_parent) as executor:
        try:
            yield executor
        except BaseException:
            # An orderly end would wait for the cells that are being searched, which nobody wants any more.
            for child in active_children():
                if child not in others:
                    child.kill()
            raise


def end_with_parent() -> None:
    """In a process of a pool: leave Ctrl-C to the parent, and end when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
