"""What twenty dashboards cost the run they watch: one of them stopped, one slow.

    python tools/dashboards.py [--rounds 3] [--hours 2] [--speed 240] [--write docs/dashboards.md]

Each round serves the same day twice, to nobody and to twenty readers in processes of their own with a recorder
beside them, in turn first. What is compared: the processor time of the run's own thread per tick, the memory of
its process, the digest, the recorder's events against the run's own, and what each reader says that it missed. The
stopped reader stops itself at the first frame and is let go on shortly before the end, so that it can tell.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import fleet
from fleet.base.errors import FleetError

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = ROOT / "configs" / "neo-terra.yaml"
READERS = 20
SLOW_S = 0.05
SAMPLES_FROM = 0.3
"""Memory is flat if it does not grow after this share of the run."""
GO_ON_AFTER = 0.8
"""The stopped reader is stopped until this share of the run is over."""
FAREWELL_S = 180


# ---- the processes


def serve(options: argparse.Namespace) -> None:
    """The run. Prints one JSON object: what its own thread and its process took."""
    from fleet.app import session
    from fleet.app.admission import BusOptions
    from fleet.app.load import load_scenario
    from fleet.app.run import Runner

    class TimedRunner(Runner):
        """Says what the ticks alone took: building the city is no part of the figure."""

        took_s = 0.0

        def run(self) -> None:
            begun_at(options.out).touch()
            began_s = time.thread_time()
            super().run()
            TimedRunner.took_s = time.thread_time() - began_s

    # A session makes its own runner; there is no other way to look at its thread from outside.
    session.Runner = TimedRunner
    loaded = load_scenario(SCENARIO, [f"run.duration_h={options.hours}"])
    bus = BusOptions(options.url, insecure=True, wait_s=60.0 if options.watched else 0.0)
    live = session.LiveOptions(options.speed, every_tick=True)
    ended = session.run_session(
        loaded, session.SessionOptions(record=Path(options.out), bus=bus, quiet=True, live=live)
    )
    print(json.dumps({"thread_s": TimedRunner.took_s, "digest": ended.summary.digest}))


def read(options: argparse.Namespace) -> None:
    """One dashboard. Prints what it got and what it knows that it missed, by topic."""
    with fleet.connect(options.url, timeout_s=60.0, insecure=True) as city:
        before = dict(city.snapshot.numbers)
        got: dict[str, int] = {}
        stopped_s = 0.0
        try:
            for message in city.messages():
                topic = type(message.body).__name__
                got[topic] = got.get(topic, 0) + 1
                if options.kind == "slow" and topic == "TelemetryFrame":
                    time.sleep(SLOW_S)
                if options.kind == "stopped" and topic == "TelemetryFrame" and not stopped_s:
                    began_s = time.monotonic()
                    os.kill(os.getpid(), signal.SIGSTOP)
                    stopped_s = time.monotonic() - began_s
        except FleetError as error:
            print(error, file=sys.stderr)
        said = {"kind": options.kind, "before": before, "got": got, "missed": dict(city.missed)}
        ended = None if city.ended is None else city.ended.status
        print(json.dumps({**said, "ended": ended, "stopped_s": stopped_s}))


def call(*arguments: str) -> list[str]:
    return [sys.executable, str(Path(__file__).resolve()), *arguments]


def begun_at(out: str | Path) -> Path:
    """A file that is there once the run proper has begun: building the city takes memory, which is not meant."""
    return Path(f"{out}.begun")


def memory_mib(pid: int) -> float:
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def one_run(options: argparse.Namespace, folder: Path, port: int, *, watched: bool) -> dict[str, Any]:
    """Serve once; with `watched` to everybody. What was found."""
    url = f"tcp://127.0.0.1:{port}"
    out = folder / "own"
    arguments = [
        "serve",
        "--url",
        url,
        "--out",
        str(out),
        "--hours",
        str(options.hours),
        "--speed",
        str(options.speed),
    ]
    run = subprocess.Popen(call(*arguments, *(["--watched"] if watched else [])), stdout=subprocess.PIPE)
    readers: list[Reader] = []
    recorder = None
    if watched:
        recorder = subprocess.Popen(
            [
                sys.executable, "-m", "fleet", "record", url, "-o", str(folder / "elsewhere"), "--insecure",
                "--wait", "60",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        kinds = ["stopped", "slow", *["quick"] * (READERS - 2)]
        readers = [Reader(url, kind, folder / f"reader-{number}") for number, kind in enumerate(kinds)]
    memory: list[float] = []
    expected_s = options.hours * 3600 / options.speed
    go_on_s = math.inf
    while run.poll() is None:
        if begun_at(out).exists():
            memory.append(memory_mib(run.pid))
        if readers and go_on_s == math.inf and readers[0].stopped:
            # It stopped at the first frame, when the run proper began.
            go_on_s = time.monotonic() + GO_ON_AFTER * expected_s
        if time.monotonic() > go_on_s:
            readers[0].go_on()
        time.sleep(0.25)
    assert run.stdout is not None
    found: dict[str, Any] = json.loads(run.stdout.read())
    found["ticks"] = int(options.hours * 3600)
    settled = memory[int(SAMPLES_FROM * len(memory)) : -4] or memory
    found["grown_mib"] = max(settled) - settled[0]
    found["events"] = hashlib.sha256((out / "events.jsonl").read_bytes()).hexdigest()
    if recorder is not None:
        recorder.wait(60)
        found["recorded"] = hashlib.sha256((folder / "elsewhere" / "events.jsonl").read_bytes()).hexdigest()
        found["readers"] = [reader.farewell() for reader in readers]
    return found


class Reader:
    """A dashboard in a process of its own; what it says on standard error is kept at `errors`."""

    def __init__(self, url: str, kind: str, errors: Path) -> None:
        self._kind = kind
        self._errors = errors
        with errors.open("wb") as file:
            self._process = subprocess.Popen(
                call("read", "--url", url, "--kind", kind), stdout=subprocess.PIPE, stderr=file
            )

    @property
    def stopped(self) -> bool:
        """Whether it has stopped itself since this was last asked."""
        return os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOHANG) is not None

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def farewell(self) -> dict[str, Any]:
        """Its last words. A stopped one is let go on first; one that says nothing is dead, and it is told how."""
        self.go_on()
        end = ""
        try:
            said, _ = self._process.communicate(timeout=FAREWELL_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            said, _ = self._process.communicate()
            end = f"it said nothing for {FAREWELL_S} s and was killed; "
        errors = self._errors.read_text(errors="replace").strip()
        if not said.strip():
            print(
                f"the {self._kind} reader died: {end}status {self._process.returncode}\n{errors}", file=sys.stderr
            )
            return {"kind": "dead", "was": self._kind, "status": self._process.returncode, "error": errors}
        result: dict[str, Any] = json.loads(said)
        return {**result, "error": errors}


# ---- the whole


def compare(rounds: list[dict[str, dict[str, Any]]]) -> str:
    """What to read, as Markdown."""
    each = {who: [1e6 * r[who]["thread_s"] / r[who]["ticks"] for r in rounds] for who in ("nobody", "twenty")}
    ratios = [t / n for t, n in zip(each["twenty"], each["nobody"], strict=True)]
    grown = {who: max(r[who]["grown_mib"] for r in rounds) for who in each}
    last = rounds[-1]["twenty"]
    alike = all(r["nobody"]["digest"] == r["twenty"]["digest"] for r in rounds)
    kept = all(r["twenty"]["recorded"] == r["twenty"]["events"] for r in rounds)
    lines = [
        "| | nobody | twenty dashboards and a recorder |",
        "|---|---|---|",
        *(f"| processor time of the run's thread per tick, us, round {n} | {a:.1f} | {b:.1f} |"
          for n, (a, b) in enumerate(zip(each["nobody"], each["twenty"], strict=True), 1)),
        f"| growth of the process after {SAMPLES_FROM:.0%} of the run, MiB, most | {grown['nobody']:.1f} | "
        f"{grown['twenty']:.1f} |",
    ]  # fmt: skip
    return "\n".join(
        [
            *lines,
            "",
            f"Processor time: median ratio {statistics.median(ratios):.3f}, {min(ratios):.3f}..{max(ratios):.3f}.",
            f"Digest {'the same' if alike else 'NOT the same'} in every run: `{rounds[0]['nobody']['digest']}`.",
            f"The recorder's events are {'byte-equal to' if kept else 'NOT'} the run's own.",
            "",
            *accounts(last["readers"]),
        ]
    )


def accounts(readers: list[dict[str, Any]]) -> list[str]:
    """What each kind of reader says of itself, as Markdown, held against what the run published."""
    alive = [reader for reader in readers if reader["kind"] != "dead"]
    # Who heard the end of the run, and accounts for most, knows how much there was.
    published = max((total(reader) for reader in alive if reader["ended"]), default=0)
    lines = [
        "| readers (last round) | heard | missed, as it says | after its last word | how it ended |",
        "|---|---|---|---|---|",
    ]
    rows = Counter(account(reader, published) for reader in readers)
    lines += [f"| {count} {row}" for row, count in rows.items()]
    dead = len(readers) - len(alive)
    return [*lines, "", f"Published: {published:,} messages. Readers that died: {dead}."]


def account(reader: dict[str, Any], published: int) -> str:
    """The row of one reader, without its first cell's beginning."""
    if reader["kind"] == "dead":
        return f"{reader['was']} | | | | died: status {reader['status']} |"
    kind = reader["kind"] + (f" for {reader['stopped_s']:.1f} s" if reader["stopped_s"] else "")
    heard, missed = sum(reader["got"].values()), sum(reader["missed"].values())
    end = "heard the run end" if reader["ended"] else reader["error"].splitlines()[-1]
    return f"{kind} | {heard:,} | {missed:,} | {published - total(reader):,} | {end} |"


def total(reader: dict[str, Any]) -> int:
    """How many messages a reader can account for."""
    return sum(sum(reader[what].values()) for what in ("before", "got", "missed"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", default="compare", choices=("compare", "serve", "read"))
    parser.add_argument("--url", default="")
    parser.add_argument("--out", default="")
    parser.add_argument("--kind", default="quick")
    parser.add_argument("--watched", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--speed", type=float, default=240.0)
    parser.add_argument("--port", type=int, default=5710)
    parser.add_argument("--write", type=Path, metavar="FILE.md")
    options = parser.parse_args()
    if options.what == "serve":
        serve(options)
        return 0
    if options.what == "read":
        read(options)
        return 0
    rounds = []
    for number in range(options.rounds):
        found = {}
        for who in ("nobody", "twenty") if number % 2 == 0 else ("twenty", "nobody"):
            with tempfile.TemporaryDirectory() as folder:
                found[who] = one_run(options, Path(folder), options.port, watched=who == "twenty")
            print(f"round {number + 1}, {who}: {found[who]['thread_s']:.2f} s", file=sys.stderr)
        rounds.append(found)
    text = compare(rounds)
    print(text)
    if options.write:
        options.write.write_text(
            f"# Twenty dashboards\n\nMade by `tools/dashboards.py --rounds {options.rounds} "
            f"--hours {options.hours:g} --speed {options.speed:g}`: Neo-Terra, a telemetry frame at every tick."
            f"\n\n{text}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
