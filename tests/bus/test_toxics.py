"""The spoiling proxy against plain sockets, and a ZeroMQ conversation with CURVE through it."""

import contextlib
import socket
import threading
import time

import pytest
import zmq

from fleet.base.errors import UsageError
from fleet.bus.toxics import CLEAN, Spoil, Toxic, ToxicProxy, address

SOON_S = 10.0


class Echo:
    """A server that sends back what it gets, and ends when its peer does. `ended` says how each one ended."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = self.listening.getsockname()
        self.ended = []
        self.got = 0
        self.peers = []
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            self.peers.append(peer)
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer:
            try:
                while data := peer.recv(65_536):
                    self.got += len(data)
                    peer.sendall(data)
                self.ended.append("fin")
            except OSError:
                self.ended.append("rst")

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join(SOON_S)
        for peer in self.peers:
            peer.close()


@pytest.fixture
def echo():
    server = Echo()
    yield server
    server.close()


def client(proxy):
    found = socket.create_connection(proxy.address, timeout=SOON_S)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def receive(peer, size):
    data = b""
    while len(data) < size:
        piece = peer.recv(size - len(data))
        assert piece, "the connection ended"
        data += piece
    return data


def until(condition):
    end = time.monotonic() + SOON_S
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.005)


def silent_for(peer, seconds):
    """Whether nothing comes for so long, and no end either."""
    peer.settimeout(seconds)
    try:
        peer.recv(1)
    except TimeoutError:
        return True
    finally:
        peer.settimeout(SOON_S)
    return False


def test_a_clean_proxy_passes_every_byte_and_the_end(echo):
    data = bytes(range(256)) * 8_000
    with ToxicProxy(("127.0.0.1", 0), echo.address) as proxy, client(proxy) as peer:
        sender = threading.Thread(target=peer.sendall, args=(data,))
        sender.start()
        assert receive(peer, len(data)) == data
        sender.join(SOON_S)
        assert proxy.open_connections == 1
        peer.shutdown(socket.SHUT_WR)
        assert peer.recv(1) == b""
        until(lambda: echo.ended == ["fin"] and proxy.open_connections == 0)


def test_latency_holds_in_each_direction_and_jitter_comes_on_top(echo):
    spoil = Spoil(up=Toxic(latency_ms=60.0), down=Toxic(latency_ms=30.0, jitter_ms=20.0))
    with ToxicProxy(("127.0.0.1", 0), echo.address, spoil=spoil) as proxy, client(proxy) as peer:
        for _ in range(5):
            began = time.monotonic()
            peer.sendall(b"x")
            assert receive(peer, 1) == b"x"
            assert time.monotonic() - began >= 0.089


def test_bandwidth_is_not_exceeded(echo):
    size, rate_bps = 30_000, 800_000.0
    spoil = Spoil(down=Toxic(bandwidth_bps=rate_bps))
    with ToxicProxy(("127.0.0.1", 0), echo.address, spoil=spoil) as proxy, client(proxy) as peer:
        began = time.monotonic()
        peer.sendall(bytes(size))
        receive(peer, size)
        # What is written at once may go ahead of its time: one piece.
        assert time.monotonic() - began >= 8 * size / rate_bps - 0.03


@pytest.mark.parametrize("how, seen", [("rst", ConnectionResetError), ("fin", None)])
def test_a_cut_reaches_both_ends(echo, how, seen):
    with ToxicProxy(("127.0.0.1", 0), echo.address) as proxy, client(proxy) as peer:
        peer.sendall(b"x")
        receive(peer, 1)
        assert proxy.cut(how) == 1
        if seen is None:
            assert peer.recv(1) == b""
        else:
            with pytest.raises(seen):
                peer.recv(1)
        until(lambda: echo.ended == [how])
        until(lambda: proxy.open_connections == 0)


def test_connections_are_cut_when_they_are_old(echo):
    spoil = Spoil(cut_after_s=0.05, cut="fin")
    with ToxicProxy(("127.0.0.1", 0), echo.address, spoil=spoil) as proxy, client(proxy) as peer:
        assert peer.recv(1) == b""


def test_half_open_takes_everything_and_the_far_side_never_learns(echo):
    gone = Toxic(swallow=True)
    with ToxicProxy(("127.0.0.1", 0), echo.address) as proxy:
        with client(proxy) as peer:
            peer.sendall(b"x")
            receive(peer, 1)
            proxy.set(Spoil(up=gone, down=gone))
            peer.sendall(bytes(3_000_000))
            assert silent_for(peer, 0.1)
        # The client is gone; nobody tells the server.
        far = echo.peers[0]
        assert far.fileno() >= 0
        assert echo.ended == []
        assert echo.got < 100_000
        assert proxy.open_connections == 1


def test_a_reader_that_stops_fills_the_senders_buffers_and_loses_nothing(echo):
    deaf = Spoil(up=Toxic(deaf=True))
    with ToxicProxy(("127.0.0.1", 0), echo.address, spoil=deaf) as proxy, client(proxy) as peer:
        peer.setblocking(False)
        sent = 0
        data = bytes(range(251)) * 1_000
        deadline = time.monotonic() + SOON_S
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < 0.2:
            assert time.monotonic() < deadline
            try:
                sent += peer.send(data[sent % len(data) :])
                quiet_since = time.monotonic()
            except BlockingIOError:
                time.sleep(0.005)
        assert sent < 64 * 2**20
        assert echo.got == 0
        proxy.set(Spoil())
        peer.settimeout(SOON_S)
        expected = (data * (sent // len(data) + 1))[:sent]
        assert receive(peer, sent) == expected


def test_a_server_that_is_not_there_ends_the_connection():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()
    with ToxicProxy(("127.0.0.1", 0), nobody) as proxy, client(proxy) as peer:
        with contextlib.suppress(ConnectionResetError):
            assert peer.recv(1) == b""
        until(lambda: proxy.open_connections == 0)


def test_a_port_that_is_taken_is_a_clear_error(echo):
    with pytest.raises(UsageError, match=f"cannot listen at `127.0.0.1:{echo.address[1]}`"):
        ToxicProxy(echo.address, echo.address)


@pytest.mark.parametrize("text", ["", "5570", "host:", ":80", "host:99999", "tcp://host", "host:x"])
def test_what_is_no_address_is_named(text):
    with pytest.raises(UsageError, match="is no address: expected HOST:PORT"):
        address(text)


@pytest.mark.parametrize(
    "bad", [{"latency_ms": -1.0}, {"jitter_ms": float("nan")}, {"bandwidth_bps": float("inf")}]
)
def test_numbers_that_make_no_sense_are_named(bad):
    (name,) = bad
    with pytest.raises(UsageError, match=f"{name}: expected a number of at least 0"):
        Toxic(**bad)


def test_closing_twice_is_closing_once(echo):
    proxy = ToxicProxy(("127.0.0.1", 0), echo.address)
    peer = client(proxy)
    peer.sendall(b"x")
    receive(peer, 1)
    proxy.close()
    proxy.close()
    with pytest.raises(ConnectionResetError):
        peer.recv(1)
    peer.close()
    with pytest.raises(ConnectionRefusedError):
        client(proxy)


def test_many_connections_at_once(echo):
    with ToxicProxy(("127.0.0.1", 0), echo.address, spoil=Spoil(up=Toxic(latency_ms=20.0))) as proxy:
        peers = [client(proxy) for _ in range(40)]
        for number, peer in enumerate(peers):
            peer.sendall(bytes([number]) * 1_000)
        for number, peer in enumerate(peers):
            assert receive(peer, 1_000) == bytes([number]) * 1_000
            peer.close()
        until(lambda: proxy.open_connections == 0)


def test_a_conversation_under_curve_survives_a_bad_road_and_a_cut():
    """ZeroMQ reconnects by itself; what it says afterwards arrives. The proxy sees ciphertext only."""
    server_public, server_secret = zmq.curve_keypair()
    public, secret = zmq.curve_keypair()
    context = zmq.Context()
    door, peer = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
    try:
        for one in (door, peer):
            one.setsockopt(zmq.LINGER, 0)
            one.setsockopt(zmq.RCVTIMEO, int(1000 * SOON_S))
        door.curve_server, door.curve_publickey, door.curve_secretkey = True, server_public, server_secret
        peer.curve_serverkey, peer.curve_publickey, peer.curve_secretkey = server_public, public, secret
        port = door.bind_to_random_port("tcp://127.0.0.1")
        slow = Toxic(latency_ms=5.0, jitter_ms=5.0, bandwidth_bps=4e6)
        with ToxicProxy(("127.0.0.1", 0), ("127.0.0.1", port), spoil=Spoil(slow, slow), seed=3) as proxy:
            peer.setsockopt(zmq.RECONNECT_IVL, 10)
            peer.connect(f"tcp://127.0.0.1:{proxy.address[1]}")
            for number in range(20):
                peer.send(b"order %d" % number)
                assert door.recv_multipart()[1] == b"order %d" % number
            assert proxy.cut("rst") == 1
            until(lambda: proxy.open_connections == 1)
            proxy.set(Spoil(CLEAN, CLEAN))
            # ZeroMQ may drop what is said while the handshake is under way on a connection that just broke.
            peer.setsockopt(zmq.RCVTIMEO, 50)
            door.setsockopt(zmq.RCVTIMEO, 200)

            def arrives():
                peer.send(b"again")
                try:
                    return door.recv_multipart()[1] == b"again"
                except zmq.Again:
                    return False

            until(arrives)
    finally:
        peer.close()
        door.close()
        context.term()
