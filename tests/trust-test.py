# SPDX-License-Identifier: GPL-3.0-or-later
"""The network attacks: older TLS, another host's key, a host in between. On the wire, with hosts that the tests play."""
import base64
import contextlib
import os
import re
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
import peer_client  # noqa: E402
import peer_support  # noqa: E402
from peer_client import Identity, Peer  # noqa: E402
from peer_support import TIMEOUT, holds, same  # noqa: E402

CERTIFICATE, APPLICATION, ALERT, CHANGE = 11, 23, 21, 20
NOT_INVITED, BAD_PROOF = 77, 79
AES, CHACHA = "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"


# --- What a host speaks

def s_client(host, *arguments):
    """openssl s_client, which says something that no tchat host knows, and so gets an ERROR and the end."""
    identity = Identity()
    done = subprocess.run(["openssl", "s_client", "-connect", host.address, "-cert", identity.certificate, "-key", identity.key,
                           "-ign_eof", *arguments], input=b"GET / HTTP", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=TIMEOUT)
    return done.stdout.decode("latin-1")


def openssl_finds_tls_1_3_without_tickets_and_early_data(host):
    with tempfile.TemporaryDirectory(prefix="tchat-test-") as folder:
        ticket = os.path.join(folder, "ticket")
        said = s_client(host, "-msg", "-sess_out", ticket)
        holds(said, "New, TLSv1.3, Cipher is TLS_")
        holds(said, "CertificateRequest")
        holds(said, "warning close_notify")  # whatever a host says after the handshake was there before
        same([word for word in ("NewSessionTicket", "Reused", "ALPN protocol") if word in said], [])
        holds(said, "Early data was not sent")
        holds(said, "Compression: NONE")
        same(os.path.exists(ticket) and os.path.getsize(ticket) > 0, False)
    same(len(re.findall("^New, TLSv1.3", s_client(host, "-reconnect"), re.M)), 6)
    peer = Peer(host.address, "ann", identity=peer_support.owner())
    peer.ping()
    same((peer.sock.tls.version(), peer.sock.tls.session.has_ticket), ("TLSv1.3", False))
    for version in "-tls1_2", "-tls1_1", "-tls1":
        said = s_client(host, version, "-cipher", "ALL:@SECLEVEL=0")
        same(("alert" in said, "Cipher is TLS" in said, "BEGIN CERTIFICATE" in said), (True, False, False))


def openssl_finds_two_ciphers_and_two_groups(host):
    for option, good, bad in (("-ciphersuites", (AES, CHACHA), ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_CCM_SHA256")),
                              ("-groups", ("X25519", "P-256"), ("X448", "P-384", "P-521"))):
        same([name for name in good + bad if "Cipher is TLS_" in s_client(host, option, name)], list(good))


# --- Hosts that the tests play

class Wire:
    """A connection as the side that listens sees it: TLS, and below it what came, record by record."""

    def __init__(self, sock):
        self.sock, self.came = sock, b""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    def feed(self):
        data = self.sock.recv(1 << 16)
        self.came += data
        self.incoming.write(data)
        return data

    def handshake(self, identity):
        """True: the other side came through with a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.certificate, identity.key)
        context.num_tickets = 0
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        while True:
            try:
                self.tls.do_handshake()
                return True
            except ssl.SSLWantReadError:
                self.flush()
                if not self.feed():
                    return False
            except ssl.SSLError:
                return False

    def flush(self):
        self.sock.sendall(self.outgoing.read())

    def to_the_end(self):
        try:
            while self.feed():
                pass
        except ConnectionError:
            pass

    def records(self):
        """The types and lengths of what came."""
        found, at = [], 0
        while at + 5 <= len(self.came):
            length = int.from_bytes(self.came[at + 3:at + 5], "big")
            found.append((self.came[at], length))
            at += 5 + length
        same(at, len(self.came))
        return found


class FakeHost:
    """Listens, and gives each connection to a function, one after the other."""

    def __init__(self, serve):
        self.server, self.serve, self.wires, self.failure = socket.create_server(("127.0.0.1", 0)), serve, [], None
        self.address = "127.0.0.1:%d" % self.server.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                sock = self.server.accept()[0]
            except OSError:
                return
            with sock:
                sock.settimeout(TIMEOUT)
                self.wires.append(Wire(sock))
                with contextlib.suppress(ConnectionError):
                    self.serve(self.wires[-1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A thread in accept() is not woken by close().
        with contextlib.suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join(TIMEOUT)


def pin_text(identity):
    return base64.urlsafe_b64encode(identity.pin).decode().rstrip("=")


def tchat(*arguments, environment, text=b"hello\n"):
    """Runs tchat to its end, which wants to say something."""
    return peer_support.tchat(*arguments, environment=environment, text=text)


def assert_nothing_was_said(wire):
    """A ClientHello, perhaps the empty record for old boxes in the network, perhaps an alert; nothing else: no certificate,
    and nothing that could hold one."""
    records = wire.records()
    same(records[0][0], 22)
    rest = [(kind, length) for kind, length in records[1:] if (kind, length) != (CHANGE, 1)]
    # An alert under a handshake's key has two bytes, their type and the check of 16 bytes.
    same([kind for kind, length in rest if kind != ALERT and not (kind == APPLICATION and length <= 19)], [])


def the_client_speaks_tls_1_3_and_prefers_what_its_processor_does(_):
    identity, environment, seen = Identity(), peer_support.stranger(), []

    def serve(wire):
        if wire.handshake(identity):
            seen.append((wire.tls.version(), wire.tls.getpeercert(True)))
    with FakeHost(serve) as fake:
        tchat("--lines", "--trust=new", "--join", fake.address, environment=environment)
    same(seen[0], ("TLSv1.3", None))  # who asks for no certificate gets none
    hello = fake.wires[0].came
    at = 5 + 4 + 2 + 32  # the headers, the version, the random bytes; then the session's id
    at += 1 + hello[at]
    ciphers = hello[at + 2:at + 2 + int.from_bytes(hello[at:at + 2], "big")]
    wanted = ["13011303", "13031301"]  # AES first, ChaCha20 first
    if sys.platform == "linux" and os.uname().machine in ("x86_64", "aarch64"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            has_aes = re.search(r"^(flags|Features)\s*:.*\baes\b", file.read(), re.M) is not None
        wanted = wanted[:1] if has_aes else wanted[1:]
    holds(wanted, ciphers.hex())


def takes_over(fake, host, environment):
    """Makes the host known, and the fake one what is at its address from now on. The file of known hosts, and its text."""
    known = os.path.join(environment["XDG_DATA_HOME"], "tchat", "known_hosts")
    same(tchat("--lines", "--join", link_of(host), environment=environment), (0, "", ""))
    with open(known, encoding="utf-8") as file:
        text = file.read().replace(host.address, fake.address)
    with open(known, "w", encoding="utf-8") as file:
        file.write(text)
    return known, text


def neither_side_falls_back_to_plain_text(host):
    environment = peer_support.stranger()
    for face in "--lines", "--json":
        status, out, err = tchat("--insecure", face, "--join", host.address, environment=environment)
        same(status, 76)
        holds(err, "is encrypted")

    def serve(wire):
        wire.sock.sendall(peer_client.encode("ERROR", code=64, type=0x02))
        wire.to_the_end()
    with FakeHost(serve) as fake:
        link = "tchat://%s/lobby#%s.%s" % (fake.address, pin_text(Identity()), "A" * 22)
        for target, why in ((fake.address, "is not encrypted"), (link, "somebody may be in between")):
            for trust in "new", "pinned":
                status, out, err = tchat("--lines", "--trust=" + trust, "--join", target, environment=environment)
                same((status, out), (76, ""))
                holds(err, why)
        takes_over(fake, host, environment)
        status, out, err = tchat("--lines", "--trust=new", "--join", fake.address, environment=environment)
        same((status, out), (76, ""))
        holds(err, "somebody may be in between")
        same("--insecure" in err, False)
    same(len(fake.wires), 5)
    for wire in fake.wires:
        assert_nothing_was_said(wire)


def a_swapped_key_is_refused_in_every_face(host):
    environment, other = peer_support.stranger(), Identity()

    def serve(wire):
        wire.handshake(other)
        wire.to_the_end()
    with FakeHost(serve) as fake:
        known, text = takes_over(fake, host, environment)
        for trust in "ask", "new", "pinned":
            status, out, err = tchat("--lines", "--trust=" + trust, "--join", fake.address, environment=environment)
            same((status, out), (77, ""))
            holds(err, "another key than before")
            holds(err, known)
            holds(err, "Nothing was sent")
            status, out, err = tchat("--json", "--trust=" + trust, "--join", fake.address, environment=environment)
            same(status, 77)
            holds(out, '"status":"changed"')
            same(tchat("--ping", fake.address, "--trust=" + trust, environment=environment)[0], 77)
        # No answer of a script makes it right.
        trust = '{"type":"trust","pin":"%s"}\n' % pin_text(other)
        same(tchat("--json", "--trust=ask", "--join", fake.address, environment=environment, text=trust.encode())[0], 77)
        screen = peer_support.Screen(fake.address, environment=environment)
        same(screen.status(), 77)
        holds(screen.seen.decode("utf-8", "replace"), "another key than before")
        with open(known, encoding="utf-8") as file:
            same(file.read(), text)
    same(len(fake.wires), 11)
    for wire in fake.wires:
        assert_nothing_was_said(wire)


def a_link_with_another_pin_says_nothing_to_the_host(host):
    environment, fake_key, real = peer_support.stranger(), Identity(), Identity()

    def serve(wire):
        wire.handshake(fake_key)
        wire.to_the_end()
    with FakeHost(serve) as fake:
        link = "tchat://%s/lobby#%s.%s" % (fake.address, pin_text(real), "A" * 22)
        for trust in "ask", "new", "pinned":
            for face in "--lines", "--json":
                status, out, err = tchat(face, "--trust=" + trust, "--join", link, environment=environment)
                same(status, 77)
                holds(err, "than the link says")
                same(link.rpartition(".")[2] in out + err, False)
        screen = peer_support.Screen(link, environment=environment)
        same(screen.status(), 77)
        holds(screen.seen.decode("utf-8", "replace"), "than the link says")
    same(len(fake.wires), 7)
    for wire in fake.wires:
        assert_nothing_was_said(wire)
    same(os.path.exists(os.path.join(environment["XDG_DATA_HOME"], "tchat", "known_hosts")), False)


class Relay(FakeHost):
    """A host of its own key, which passes on to the real one all that it is told, as a client of its own key."""

    def __init__(self, host):
        self.identity, self.address_of_host, self.passed = Identity(), host.address, b""
        super().__init__(self.relay)

    def relay(self, wire):
        if not wire.handshake(self.identity):
            wire.to_the_end()
            return
        real = peer_client.Tls(peer_client.connect(self.address_of_host, TIMEOUT), self.identity)
        with contextlib.closing(real):
            self.pass_up(wire, real)  # some came with the end of the handshake
            while True:
                ready = select.select([wire.sock, real], [], [], TIMEOUT)[0]
                if not ready:
                    return
                if wire.sock in ready and not (wire.feed() and self.pass_up(wire, real)):
                    return
                if real in ready and not self.down(wire, real):
                    return

    def pass_up(self, wire, real):
        """What was read already; false at the end."""
        with contextlib.suppress(ssl.SSLWantReadError):
            while True:
                data = wire.tls.read(1 << 16)
                if not data:
                    return False
                self.passed += data
                real.sendall(data)
        return True

    def down(self, wire, real):
        data = real.recv(1 << 16)
        if data:
            wire.tls.write(data)
        else:
            with contextlib.suppress(ssl.SSLError):
                wire.tls.unwrap()
        wire.flush()
        return bool(data)


def link_of(host):
    return host.out.find(r"tchat://\S+")[0]


def a_relay_with_a_link_in_sight_is_stopped_by_the_pin(host):
    link = link_of(host)
    with Relay(host) as relay:
        # As if the link's name led to the relay.
        environment = peer_support.stranger()
        for trust in "ask", "new", "pinned":
            status, out, err = tchat("--lines", "--trust=" + trust, "--join", link.replace(host.address, relay.address),
                                     environment=environment)
            same((status, out, relay.passed), (77, "", b""))
            holds(err, "than the link says")
    for wire in relay.wires:
        assert_nothing_was_said(wire)
    same([line for line in host.err.lines if "127.0.0.1:" in line and "listening" not in line], [])
    # And the invitation is still good.
    same(tchat("--lines", "--join", link, environment=environment), (0, "", ""))


def a_relay_cannot_use_the_proof_that_it_is_given(host):
    link = link_of(host)
    pin, token = link.rpartition("#")[2].split(".")
    with Relay(host) as relay:
        # The worst case: somebody was given the relay's key together with the real invitation.
        forged = "tchat://%s/lobby#%s.%s" % (relay.address, pin_text(relay.identity), token)
        status, out, err = tchat("--lines", "--join", forged, environment=peer_support.stranger())
        same((status, out), (77, ""))
        frames = peer_client.cut(relay.passed)[0]
        same([peer_client.NAMES[code] for code, _ in frames], ["HELLO", "AUTH"])
        proof = peer_client.decode(*frames[1])[1]["proof"]
        same((len(proof), peer_client.unbase64(token) in relay.passed), (96, False))
        # A recording is worth nothing on another connection, and its own key is a stranger's.
        with peer_client.connect(host.address) as sock:
            real = peer_client.Tls(sock, relay.identity)
            real.sendall(relay.passed)
            holds(peer_support.closed_by_host(real), peer_client.encode("ERROR", code=BAD_PROOF, type=0x06))
        try:
            Peer(host.address, "eve", identity=relay.identity)
            raise AssertionError("the relay's key came in")
        except peer_client.Refused as refusal:
            same(refusal.code, NOT_INVITED)
    host.err.wait(lambda lines: sum("does not prove itself" in line for line in lines) == 2, "the refused proof")
    same(tchat("--lines", "--join", link, environment=peer_support.stranger()), (0, "", ""))


if __name__ == "__main__":
    sys.exit(peer_support.run([openssl_finds_tls_1_3_without_tickets_and_early_data, openssl_finds_two_ciphers_and_two_groups,
                               the_client_speaks_tls_1_3_and_prefers_what_its_processor_does, neither_side_falls_back_to_plain_text,
                               a_swapped_key_is_refused_in_every_face, a_link_with_another_pin_says_nothing_to_the_host,
                               a_relay_with_a_link_in_sight_is_stopped_by_the_pin,
                               a_relay_cannot_use_the_proof_that_it_is_given], "--access", "invite"))
