"""The page about the wire suffices: a client written from it alone reads and steers a run, in JavaScript.

It is in tools/js-client; `npm install --no-package-lock` there, else this is skipped.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
import zmq

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "tools/js-client"
NODE = shutil.which("node")
FLEET = (sys.executable, "-m", "fleet")
DEADLINE_S = 120.0
PATIENCE = ("--timeout", "60")
TURN_BACK = ("bad-signature", "replay")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.thorough,
    pytest.mark.skipif(NODE is None, reason="there is no node"),
    pytest.mark.skipif(
        not (CLIENT / "node_modules").is_dir(), reason="tools/js-client has no node_modules: npm install there"
    ),
]


def run(*command, cwd=ROOT):
    """(exit code, what it printed) of a program that ends by itself."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command, cwd=cwd, **pipes, text=True, timeout=DEADLINE_S, check=False)
    return done.returncode, done.stdout


def order(*arguments):
    return run(NODE, CLIENT / "order.mjs", *arguments, *PATIENCE)


class Program:
    """A program that goes on beside the test. At its deadline it is killed, so that no read waits for ever."""

    def __init__(self, *command):
        self.printed = []
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.watchdog = threading.Timer(DEADLINE_S, self.process.kill)
        self.watchdog.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.watchdog.cancel()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def until(self, pattern):
        """Read on to a line in which `pattern` is found."""
        for line in self.process.stdout:
            self.printed.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"{pattern!r} was not printed:\n{self.text()}")

    def finish(self):
        """The exit code, when everything is printed."""
        self.printed.extend(self.process.stdout)
        return self.process.wait()

    def text(self):
        return "".join(self.printed)


def free_endpoint():
    """tcp endpoint of six ports in a row that nobody listens at."""
    with zmq.Context() as context:
        while True:
            with ExitStack() as stack:
                sockets = [stack.enter_context(context.socket(zmq.REP)) for _ in range(6)]
                first = sockets[0].bind_to_random_port("tcp://127.0.0.1")
                try:
                    for offset, socket in enumerate(sockets[1:], 1):
                        socket.bind(f"tcp://127.0.0.1:{first + offset}")
                except zmq.ZMQError:
                    continue
                return f"tcp://127.0.0.1:{first}"


@pytest.fixture
def keys(tmp_path):
    for name, role in (("kim", "operator"), ("vic", "viewer"), ("bea", "blue")):
        code, printed = run(*FLEET, "keys", "new", name, "--role", role, "--keys", "ring", cwd=tmp_path)
        assert code == 0, printed
    return tmp_path


@pytest.mark.parametrize("locks", [(), ("--insecure",)], ids=["curve", "insecure"])
def test_it_watches_and_steers_a_run(keys, locks):
    url = free_endpoint()
    kim = (url, "--key", keys / "kim.key", *locks)
    viewer = locks or ("--key", keys / "vic.key")
    serve = [*FLEET, "serve", "configs/neo-terra.yaml", "--speed", "60", "--paused", "--json", "--bus", url]
    with Program(*serve, "--keys", keys / "ring", *locks) as city:
        city.until("listening at")
        # Held before its first tick, it waits until somebody watches.
        watching = (NODE, CLIENT / "watch.mjs", url, *viewer, "--every", "0", "--vehicle", "light-07", *PATIENCE)
        with Program(*watching) as watch:
            watch.until("neo-terra, until 18:00:00")
            assert order(*kim, "resume") == (0, "receipt: heard at tick 0\n")
            watch.until(r"08:0\d:\d\d  tick \d+  60x  40 vehicles: .*battery \d+ Wh  alerts 0  missed 0")

            code, printed = order(*kim, "recall", "light-07", "depot-south")
            assert code == 0, printed
            assert re.fullmatch(r"receipt: heard at tick \d+\nlight-07 obeys \(operator/kim, .*\)\n", printed)
            watch.until(r"light-07 climbing  order js-\w+  bound for depot-south")
            watch.until(r"light-07 (charging|queueing|unloading|idle)  order js-\w+")

            code, printed = order(*kim, "pause")
            assert (code, printed[:22]) == (0, "receipt: heard at tick")
            watch.until(r"  paused  ")
            assert order(*kim, "--forge", "resume") == (1, "receipt: refused: bad-signature\n")
            code, printed = order(*kim, "--replay", "resume")
            assert code == 1
            assert re.fullmatch(r"receipt: heard at tick \d+\nreceipt: refused: replay\n", printed)
            told = {watch.until(r"refused at command: 1 by operator/kim: (\S+)")[1] for _ in TURN_BACK}
            assert told == set(TURN_BACK)

            alert = {"type": "Alert", "alert_id": "bea-1", "detector": "eyes", "attack_class": "spoofing",
                     "entity": "light-07", "score": 2.0, "threshold": 1.0, "evidence": "seen"}  # fmt: skip
            send = (*FLEET, "send", "raw", json.dumps(alert), "--url", url, "--key", keys / "bea.key", *locks)
            assert run(*send)[0] == 0
            watch.until(r"ALERT eyes: spoofing of light-07 \(seen\)")
            watch.until(r"alerts 1  missed 0")

            assert run(*FLEET, "send", "stop", "--url", url, "--key", keys / "kim.key", *locks)[0] == 0
            (digest,) = watch.until(r"ended interrupted at tick \d+, digest (\S+)").groups()
            assert watch.finish() == 0
            assert watch.printed[-1] == "missed 0\n"
        city.finish()
        assert digest in city.text(), "what the last message says of the run is what the run says of itself"


def test_who_has_no_right_is_turned_away(keys):
    url = free_endpoint()
    with Program(*FLEET, "serve", "configs/four-corners.yaml", "--keys", keys / "ring", "--bus", url) as city:
        city.until("listening at")
        code, printed = order(url, "--key", keys / "vic.key", "pause")
        assert (code, printed) == (1, "error: the key is refused at the command door\n")
        stranger = json.loads((keys / "vic.key").read_text())
        stranger["curve_public"], stranger["curve_secret"] = (part.decode() for part in zmq.curve_keypair())
        (keys / "stranger.key").write_text(json.dumps(stranger))
        code, printed = run(NODE, CLIENT / "watch.mjs", url, "--key", keys / "stranger.key", *PATIENCE)
        assert (code, printed) == (1, "error: the key is refused\n")


def test_the_bytes_of_the_worked_examples():
    page = (ROOT / "docs/wire.md").read_text()
    examples = re.findall(r"The envelope that goes to the command door.*?```hex\n(.*?)```", page, re.DOTALL)
    wanted = ["".join(each.split()) for each in examples]
    assert len(wanted) == 2
    run_id = re.search(r"The `run_id` of the snapshot is `(\w+)`", page)[1]
    program = f"""
        import {{ decode }} from "@msgpack/msgpack";
        import {{ seal }} from "./client.mjs";
        for (const hex of {json.dumps(wanted)})
          {{
            const order = {{ run_id: "{run_id}", ...decode(Buffer.from(hex, "hex")) }};
            console.log(seal(order, "01".repeat(32)).toString("hex"));
          }}
    """
    code, printed = run(NODE, "--input-type=module", "--eval", program, cwd=CLIENT)
    assert code == 0, printed
    assert printed.split() == wanted


class FalseRun:
    """A telemetry door that says just what the test wants to be said."""

    def __init__(self, url):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.XPUB)
        self.socket.linger = 5_000
        self.socket.rcvtimeo = int(DEADLINE_S * 1000)
        self.socket.bind(url)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.context.term()  # now the door is free again

    def say(self, topic, number, body):
        envelope = {"v": 1, "sender": "gate", "seq": 0, "t_ms": 0, "body": body}
        parts = topic.encode(), number.to_bytes(8, "little"), msgspec.msgpack.encode(envelope)
        self.socket.send_multipart(parts)

    def admit(self, run="a", **numbers):
        """Answer the next one who asks for a snapshot, as `run`; what was asked for."""
        asked = b""
        while not asked.startswith(b"\x01?snapshot/"):
            asked = self.socket.recv()
        body = {"type": "Snapshot", "name": "false", "start_hour": 8.0, "end_ms": 0, "frame": None, "alerts": []}
        self.say(asked[1:].decode(), 0, {**body, "run_id": run * 32, "numbers": numbers})
        return asked

    def beat(self, number):
        self.say("Beat", number, {"type": "Beat", "tick": number, "now_ms": 0, "speed": 1.0, "paused": False})

    def end(self):
        self.say("RunEnded", 0, {"type": "RunEnded", "tick": 1, "status": "complete", "digest": "d"})


def test_it_counts_what_it_missed_also_while_it_was_away(tmp_path):
    url = f"ipc://{tmp_path}/door"
    with ExitStack() as stack:
        with FalseRun(url) as door:
            watching = (NODE, CLIENT / "watch.mjs", url, "--insecure", "--every", "0", *PATIENCE)
            watch = stack.enter_context(Program(*watching))
            asked = door.admit(Beat=3)
            door.beat(2)  # the snapshot contains it
            door.beat(3)
            watch.until("tick 3 .*missed 0")
            door.beat(6)
            watch.until("tick 6 .*missed 2")
        with FalseRun(url) as door:
            assert door.admit(Beat=10) != asked
            watch.until("connected anew$")
            door.beat(10)
            watch.until("tick 10 .*missed 5")
        with FalseRun(url) as door:
            door.admit("b", Beat=12)
            watch.until("connected anew, to another run: false")
            door.beat(12)
            watch.until("tick 12 .*missed 5")
            door.end()
            assert watch.finish() == 0
        assert watch.printed[-2:] == ["ended complete at tick 1, digest d\n", "missed 5\n"]
        assert "tick 2 " not in watch.text()
