# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of the tests' own client, and TLS with them, written from tchat-protocol(7) alone."""
import atexit
import base64
import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile

from peer_wire import Broken, Closed

SPKI = bytes.fromhex("302a300506032b6570032100")  # what stands before an Ed25519 key


def pin_of(certificate):
    """The pin of a certificate in DER: the first key in it is its own."""
    start = certificate.find(SPKI)
    if start < 0:
        raise Broken("a certificate without an Ed25519 key")
    return hashlib.sha256(certificate[start:start + 44]).digest()


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Identity:
    """A key and its certificate: two files in a folder of their own, made by openssl; or one file with both."""

    def __init__(self, folder=None, pem=None):
        if pem is not None:
            self.key = self.certificate = pem
            self.pin = self.read_pin()
            return
        if folder is None:
            folder = tempfile.mkdtemp(prefix="tchat-peer-")
            atexit.register(shutil.rmtree, folder, True)
        self.folder = folder
        self.key, self.certificate = os.path.join(folder, "user.key"), os.path.join(folder, "user.crt")
        if not os.path.exists(self.certificate):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=tchat", "-days", "36500",
                            "-keyout", self.key, "-out", self.certificate], check=True, stderr=subprocess.DEVNULL)
        self.pin = self.read_pin()

    def read_pin(self):
        with open(self.certificate, encoding="ascii") as file:
            text = file.read()
        return pin_of(ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE"):]))

    def prove(self, token, host, host_nonce, user_nonce):
        """The proof that one holds an invitation's token."""
        secret = bytes.fromhex("302e020100300506032b657004220420") + hashlib.sha256(b"tchat invitation" + token).digest()
        said = b"tchat invitation\0client\0" + host + self.pin + host_nonce + user_nonce
        with tempfile.TemporaryDirectory(prefix="tchat-peer-") as folder:
            for name, data in (("key", secret), ("said", said)):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(data)
            public = subprocess.run(["openssl", "pkey", "-inform", "DER", "-in", os.path.join(folder, "key"), "-pubout",
                                     "-outform", "DER"], check=True, stdout=subprocess.PIPE).stdout[len(SPKI):]
            sign = ["openssl", "pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", os.path.join(folder, "key"), "-in",
                    os.path.join(folder, "said")]
            return public + subprocess.run(sign, check=True, stdout=subprocess.PIPE).stdout


def greeting():
    """What a client sends first in TLS; any number of connections may begin with the same bytes."""
    context, outgoing = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.MemoryBIO()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Tls:
    """TLS over a socket; looks like one. The host's pin is compared before the own certificate leaves."""

    def __init__(self, sock, identity, pin=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(identity.certificate, identity.key)
        self.sock, self.incoming, self.outgoing = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flush()
                if not self.feed():
                    raise Closed() from None
        self.pin = pin_of(self.tls.getpeercert(True))
        if pin is not None and pin != self.pin:
            sock.close()
            raise Broken("the host has another key")
        self.flush()

    def feed(self):
        data = self.sock.recv(1 << 16)
        self.incoming.write(data)
        return data

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.sock.sendall(data)

    def sendall(self, data):
        while data:
            data = data[self.tls.write(data[:1 << 14]):]
            self.flush()

    def recv(self, size):
        """All that is there, whatever the size, and at least something; b"" at the end."""
        data = b""
        while True:
            try:
                piece = self.tls.read(1 << 16)
                if not piece:
                    return data
                data += piece
            except ssl.SSLWantReadError:
                self.flush()
                if data:
                    return data
                if not self.feed():
                    raise ConnectionResetError("the end came without a farewell") from None
            except ssl.SSLZeroReturnError:
                return data

    def shutdown(self, _how):
        """Says that no more will be sent; the other side may go on."""
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        self.flush()
        self.sock.shutdown(socket.SHUT_WR)

    def fileno(self):
        return self.sock.fileno()

    def settimeout(self, timeout):
        self.sock.settimeout(timeout)

    def close(self):
        self.sock.close()
