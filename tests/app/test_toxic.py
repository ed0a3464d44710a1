"""`fleet toxic`: what it says, what it refuses, and that it stands where it says."""

import re
import socket

import pytest

from .command import fleet, spawn


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


@pytest.mark.parametrize(
    "words, said",
    [
        (("nowhere", "127.0.0.1:1"), "`nowhere` is no address"),
        (("127.0.0.1:0", "127.0.0.1:1", "--latency-ms", "nan"), "expected a number from 0 to"),
        (("127.0.0.1:0", "127.0.0.1:1", "--cut", "maybe"), "maybe"),
    ],
)
def test_a_mistake_is_told(words, said):
    result = fleet("toxic", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_taken_port_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = fleet("toxic", f"127.0.0.1:{port}", "127.0.0.1:1", "--ports", "1")
    assert result.exit_code == 2
    assert f"cannot listen at `127.0.0.1:{port}`" in result.stderr


def test_it_stands_between_until_its_time_is_over():
    with socket.create_server(("127.0.0.1", 0)) as server:
        upstream = f"127.0.0.1:{server.getsockname()[1]}"
        child = spawn("toxic", "127.0.0.1:0", upstream, "--ports", "1", "--for-s", "20", "--latency-ms", "1")
        try:
            said = child.stderr.readline()
            port = int(re.fullmatch(r"listening at 127\.0\.0\.1:(\d+)\n", said)[1])
            with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
                server.settimeout(10)
                far, _ = server.accept()
                with far:
                    far.settimeout(10)
                    peer.sendall(b"through")
                    assert far.recv(7) == b"through"
        finally:
            child.kill()
            child.communicate()


def test_it_ends_after_the_time_that_was_asked_for():
    result = fleet("toxic", f"127.0.0.1:{free_port()}", "127.0.0.1:1", "--ports", "1", "--for-s", "0.05")
    assert result.exit_code == 0
    assert result.stderr.startswith("listening at 127.0.0.1:")
