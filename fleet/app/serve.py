"""The page and the metrics of a live run: a process of its own that comes in by the doors like anybody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fleet.app.admission import Admission
from fleet.app.dashboard import Dashboard, start

LOOK_S = 1.0


@dataclass(frozen=True)
class PageOptions:
    """Where the page and the metrics listen, as HOST:PORT; None is not at all."""

    http: str | None = None
    metrics: str | None = None


@contextmanager
def page_for(
    options: PageOptions | None, url: str, admission: Admission, title: str, say: Callable[[str], None]
) -> Iterator[None]:
    """While inside, the page of the run at `url` is served, if one was asked for.

    Raises `UsageError` if it cannot listen where it should. Should it die later, that is said once, and the run
    goes on.
    """
    if options is None:
        yield
        return
    with start(
        url,
        admission.page,
        http=options.http,
        metrics=options.metrics,
        title=title,
        insecure=admission.keyring is None,
    ) as board:
        if board.url is not None:
            say(f"page at {board.url}")
        if board.metrics_url is not None:
            say(f"metrics at {board.metrics_url}")
        over = threading.Event()
        watch = threading.Thread(target=_watch, args=(board, over, say), name="fleet-page", daemon=True)
        watch.start()
        try:
            yield
        finally:
            over.set()
            watch.join()


def _watch(board: Dashboard, over: threading.Event, say: Callable[[str], None]) -> None:
    while not over.wait(LOOK_S):
        if not board.alive:
            say("the page is gone; the run goes on without it")
            return
