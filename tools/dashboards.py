"""What twenty dashboards cost the run they watch: one of them stopped, one slow.

    python tools/dashboards.py [--rounds 3] [--hours 2] [--speed 240] [--write docs/dashboards.md]

Each round serves the same day twice, to nobody and to twenty readers in processes of their own with a recorder
beside them, in turn first. What is compared: the processor time of the run's own thread per tick, the memory of
its process, the digest, the recorder's events against the run's own, and what each reader says that it missed. The
stopped reader is let go on shortly before the end, so that it can tell.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
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
        stopped = False
        try:
            for message in city.messages():
                topic = type(message.body).__name__
                got[topic] = got.get(topic, 0) + 1
                if options.kind == "slow" and topic == "TelemetryFrame":
                    time.sleep(SLOW_S)
                if options.kind == "stopped" and topic == "TelemetryFrame" and not stopped:
                    stopped = True
                    os.kill(os.getpid(), signal.SIGSTOP)
        except FleetError as error:
            print(error, file=sys.stderr)
        print(json.dumps({"kind": options.kind, "before": before, "got": got, "missed": dict(city.missed)}))


def call(*arguments: str) -> list[str]:
    return [sys.executable, str(Path(__file__).resolve()), *arguments]


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
    readers: list[subprocess.Popen[bytes]] = []
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
        readers = [
            subprocess.Popen(
                call("read", "--url", url, "--kind", kind), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            for kind in kinds
        ]
    memory: list[float] = []
    expected_s = options.hours * 3600 / options.speed
    began_s = time.monotonic()
    while run.poll() is None:
        memory.append(memory_mib(run.pid))
        if readers and time.monotonic() - began_s > GO_ON_AFTER * expected_s:
            readers[0].send_signal(signal.SIGCONT)
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
        found["readers"] = [farewell(reader) for reader in readers]
    return found


def farewell(reader: subprocess.Popen[bytes]) -> dict[str, Any]:
    """A reader's last words. The stopped one is let go on, and finds out that the run is gone."""
    reader.send_signal(signal.SIGCONT)
    try:
        said, _ = reader.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        reader.kill()
        said, _ = reader.communicate()
    result: dict[str, Any] = json.loads(said) if said.strip() else {"kind": "dead", "got": {}, "missed": {}}
    return result


# ---- the whole


def compare(rounds: list[dict[str, dict[str, Any]]]) -> str:
    """What to read, as Markdown."""
    each = {who: [1e6 * r[who]["thread_s"] / r[who]["ticks"] for r in rounds] for who in ("nobody", "twenty")}
    ratios = [t / n for t, n in zip(each["twenty"], each["nobody"], strict=True)]
    grown = {who: max(r[who]["grown_mib"] for r in rounds) for who in each}
    last = rounds[-1]["twenty"]
    missed = dict.fromkeys(("quick", "slow", "stopped", "dead"), 0)
    for reader in last["readers"]:
        missed[reader["kind"]] += sum(reader["missed"].values())
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
            f"Messages missed, as the readers themselves say (last round): 18 quick ones {missed['quick']:,}, "
            f"the slow one {missed['slow']:,}, the stopped one {missed['stopped']:,}; readers that died: "
            f"{sum(r['kind'] == 'dead' for r in last['readers'])}.",
        ]
    )


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
