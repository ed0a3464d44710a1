"""One link of a run: the stages a message on it passes, and how they are made and taken away.

Telemetry frames have a chain of their own beside that of messages, and rows of frames are drawn by tick: frames
are said more or less often as people watch, and nobody's watching may change what happens to messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fleet.base.streams import Noise
from fleet.bus.rows import RowStage
from fleet.messages.codec import encode
from fleet.messages.envelope import Message
from fleet.messages.interception import Chain, Replay, Replayer, Rewrite, Rewriter
from fleet.messages.links import Draws, Fault, Link, Stage
from fleet.messages.plane import Frame

Stages = list[Stage[Message]]


@dataclass(slots=True)
class Way:
    """What lies on one link, first to last. `over` is what was taken away and may still hold messages."""

    name: str
    chain: Chain[Message] = field(default_factory=lambda: Chain([]))
    frames: Chain[Message] = field(default_factory=lambda: Chain([]))
    rows: list[RowStage] = field(default_factory=list)
    over: Stages = field(default_factory=list)

    def chain_of(self, message: Message) -> Chain[Message]:
        """The chain that carries a message."""
        return self.frames if isinstance(message.body, Frame) else self.chain

    def due(self, now_ms: int) -> list[Message]:
        """What comes out by now: messages, then frames."""
        return [due.message for chain in (self.chain, self.frames) for due in chain.due(now_ms)]

    def next_due_ms(self) -> int | None:
        """No later than anything comes out; None if nothing is under way."""
        times = [at for chain in (self.chain, self.frames) if (at := chain.next_due_ms()) is not None]
        return min(times, default=None)

    def prune(self) -> None:
        """Forget what was taken away and holds nothing any more."""
        for stage in [stage for stage in self.over if not stage.waiting]:
            self.over.remove(stage)
            for chain in (self.chain, self.frames):
                if stage in chain.stages:
                    chain.stages.remove(stage)


@dataclass(frozen=True)
class Laid:
    """Something that was laid on a link, and how to take it away at a moment."""

    stage: Stage[Message]
    take_away: Callable[[int], None]


def size_of(message: Message) -> int:
    """Bytes of a message on the wire."""
    return len(encode(message))


def lay_faults(way: Way, noise: Noise, faults: Sequence[tuple[int, Fault]]) -> None:
    """Put numbered faults of the scenario on a link, for the whole run; each has its own window of time."""
    for number, fault in faults:
        label = f"{way.name}/{number}"
        way.chain.stages.append(Link(fault, Draws(noise, label), size_of))
        way.frames.stages.append(Link(fault, Draws(noise, f"frames/{label}"), size_of))
        way.rows.append(RowStage(fault, Draws(noise, f"rows/{label}"), fault.active))


def lay_replay(way: Way, replay: Replay, old: Sequence[Message], now_ms: int) -> Laid:
    """Let old messages be said again on a link from now on."""
    replayer = Replayer(replay, old, now_ms)
    way.chain.stages.append(replayer)

    def take_away(at_ms: int) -> None:
        replayer.to_ms = at_ms
        way.over.append(replayer)

    return Laid(replayer, take_away)


def lay(way: Way, noise: Noise, label: str, what: Fault | Rewrite) -> Laid:
    """Put a fault or a rewriting on a link from now on."""
    over: list[int] = []

    def holds() -> bool:
        return not over

    label = f"{way.name}/{label}"
    message_stage = _stage(what, Draws(noise, label), holds)
    frame_stage = _stage(what, Draws(noise, f"frames/{label}"), holds)
    row_stage = RowStage(what, Draws(noise, f"rows/{label}"), lambda at_ms: holds())
    way.chain.stages.append(message_stage)
    way.frames.stages.append(frame_stage)
    way.rows.append(row_stage)

    def take_away(at_ms: int) -> None:
        over.append(at_ms)
        way.over += [message_stage, frame_stage]
        way.rows.remove(row_stage)

    return Laid(message_stage, take_away)


def _stage(what: Fault | Rewrite, draws: Draws, holds: Callable[[], bool]) -> Stage[Message]:
    return Rewriter(what, holds) if isinstance(what, Rewrite) else Link(what, draws, size_of, holds)
