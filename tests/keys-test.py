# SPDX-License-Identifier: GPL-3.0-or-later
"""--fingerprint and --rotate-key: keys looked at and changed from outside, by the real program."""
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from peer_support import TCHAT, TIMEOUT, Program, holds, run_in, same  # noqa: E402

FINGERPRINT = r"SHA256:[A-Za-z0-9+/]{43}\n[a-z]+(?:-[a-z]+){5}\n"


class Host(Program):
    """A host of the account, open to everybody."""

    def __init__(self, home):
        super().__init__("--headless", "--host", "127.0.0.1:0", "--data", home.data, "--access=open",
                         environment=home.environment())
        self.address = self.err.find(r"listening (127\.0\.0\.1:\d+)")[1]

    def pin(self):
        """Of its key, as links have it."""
        fingerprint = self.err.find(r"SHA256:([A-Za-z0-9+/]{43})")[1]
        return fingerprint.replace("+", "-").replace("/", "_")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        status = self.status()
        if kind is None:
            same(status, 0)


class Home:
    """An account's home folder, empty at first."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="tchat-keys-")
        self.user = os.path.join(self.path, ".local/share/tchat/user.pem")
        self.data = os.path.join(self.path, "data")
        self.host_key = os.path.join(self.data, "host.pem")

    def environment(self, home=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
        environment.update(HOME=home or self.path, XDG_RUNTIME_DIR=self.path)
        return environment

    def tchat(self, *arguments, home=None):
        """Runs tchat to its end: status, output, errors."""
        done = subprocess.run([TCHAT, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment(home), timeout=TIMEOUT)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def fingerprint(self, *arguments):
        status, out, err = self.tchat("--fingerprint", *arguments)
        same((status, err), (0, ""))
        if not re.fullmatch(FINGERPRINT, out):
            raise AssertionError("no fingerprint: %r" % out)
        return out

    def refused(self, expected, words, *arguments, **more):
        status, out, err = self.tchat(*arguments, **more)
        same((status, out), (expected, ""))
        for word in words:
            holds(err, word)

    def host(self):
        return Host(self)

    def with_host(self):
        """A host's folder with a key in it."""
        self.fingerprint()
        os.mkdir(self.data, 0o700)
        shutil.copy(self.user, self.host_key)
        os.chmod(self.host_key, 0o600)
        return self

    def end(self):
        shutil.rmtree(self.path, ignore_errors=True)


def test_the_first_look_makes_a_key_the_next_shows_the_same(home):
    first = home.fingerprint()
    same(home.fingerprint(), first)
    same(stat.S_IMODE(os.stat(home.user).st_mode), 0o600)
    same(stat.S_IMODE(os.stat(os.path.dirname(home.user)).st_mode), 0o700)


def test_another_account_has_another_key(home):
    first = home.fingerprint()
    os.rename(home.user, home.user + ".away")
    if home.fingerprint() == first:
        raise AssertionError("the same key again")


def test_a_key_that_others_may_read_is_refused(home):
    home.fingerprint()
    os.chmod(home.user, 0o644)
    home.refused(78, [home.user, "chmod"], "--fingerprint")
    same(stat.S_IMODE(os.stat(home.user).st_mode), 0o644)
    os.chmod(home.user, 0o600)
    os.chmod(os.path.dirname(home.user), 0o750)
    home.refused(78, [home.user], "--fingerprint")


def test_a_file_that_is_no_key_is_refused_and_stays(home):
    home.fingerprint()
    with open(home.user, "w") as file:
        file.write("hello\n")
    home.refused(78, [home.user], "--fingerprint")
    with open(home.user) as file:
        same(file.read(), "hello\n")


def test_without_a_home_there_is_no_key_to_show(home):
    home.refused(69, ["home"], "--fingerprint", home="/nonexistent")
    home.refused(64, ["--data"], "--rotate-key", home="/nonexistent")


def test_a_host_that_never_ran_has_no_key(home):
    home.refused(69, [home.host_key], "--fingerprint", "--data", home.data)
    home.refused(69, [home.host_key], "--rotate-key", "--data", home.data)
    home.refused(69, ["50000/host.pem"], "--rotate-key")
    same(os.path.exists(home.data), False)


def test_a_changed_key_is_another_one_and_the_former_is_kept(home):
    home.with_host()
    first = home.fingerprint("--data", home.data)
    status, out, err = home.tchat("--rotate-key", "--data", home.data)
    same((status, err), (0, ""))
    holds(out, home.host_key + ".old")
    second = home.fingerprint("--data", home.data)
    if second == first:
        raise AssertionError("the key is the old one")
    same(out.endswith(second), True)
    for path in home.host_key, home.host_key + ".old":
        same(stat.S_IMODE(os.stat(path).st_mode), 0o600)
    os.rename(home.host_key + ".old", home.host_key)
    same(home.fingerprint("--data", home.data), first)
    # The user's own is another matter.
    same(home.fingerprint(), first)


def test_a_hosts_key_that_others_may_read_is_not_changed(home):
    home.with_host()
    with open(home.host_key, "rb") as file:
        before = file.read()
    os.chmod(home.host_key, 0o640)
    home.refused(78, [home.host_key], "--rotate-key", "--data", home.data)
    with open(home.host_key, "rb") as file:
        same(file.read(), before)
    same(os.listdir(home.data), ["host.pem"])


def test_who_knows_the_former_key_takes_the_new_one_and_no_other(home):
    guest = Home()

    def join(*arguments):
        environment = dict(guest.environment(), XDG_RUNTIME_DIR=guest.path)
        done = subprocess.run([TCHAT, "--lines", *arguments], input=b"hello\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=environment, timeout=2 * TIMEOUT)
        return done.returncode, done.stderr.decode()

    path = os.path.join(guest.path, ".local/share/tchat/known_hosts")

    def known():
        with open(path) as file:
            return file.read()

    try:
        with home.host() as host:
            same(join("--trust=pinned", "--join", host.address)[0], 77)
            same(join("--trust=new", "--join", host.address), (0, ""))
            pin = host.pin()
            holds(known(), pin + " " + host.address)
        same(home.tchat("--rotate-key", "--data", home.data)[0], 0)
        with home.host() as host:
            # By the former key's word, under the pinned policy and at another port.
            same(join("--trust=pinned", "--join", host.address), (0, ""))
            if host.pin() == pin:
                raise AssertionError("the host shows its former key")
            holds(known(), host.pin() + " ")
            same(pin in known(), False)
            # A link with the former key is to the same host.
            same(join("--join", "tchat://%s/lobby#%s" % (host.address, pin)), (0, ""))
            same(join("--join", "tchat://%s/lobby#%s" % (host.address, "A" * 43))[0], 77)
            address = host.address
        os.remove(home.host_key)
        with home.host() as host:
            # As if it were at the same port again, which the system may have given to somebody else.
            text = known().replace(address, host.address)
            with open(path, "w") as file:
                file.write(text)
            status, err = join("--trust=new", "--join", host.address)
            same(status, 77)
            holds(err, "known_hosts")
    finally:
        guest.end()


def test_options_that_do_not_go_together_are_refused(home):
    home.refused(64, [], "--fingerprint", "--rotate-key")
    home.refused(64, [], "--fingerprint", "--join", "localhost")
    home.refused(64, [], "--rotate-key", "--host", "50000")
    home.refused(64, ["--keep"], "--fingerprint", "--keep", "100")
    home.refused(64, ["--keep"], "--rotate-key", "--data", home.data, "--keep", "100")
    same(os.listdir(home.path), [])


def test_nothing_secret_is_printed(home):
    home.with_host()
    out = home.fingerprint() + home.fingerprint("--data", home.data)
    for run in home.tchat("--rotate-key", "--data", home.data), home.tchat("--fingerprint", "--data", home.data):
        out += run[1] + run[2]
    for path in home.user, home.host_key, home.host_key + ".old":
        with open(path) as file:
            secret = file.read().split("\n")[1]
        same(len(secret) > 40, True)
        same(secret[-30:] in out, False)


def main():
    tests = [test for name, test in sorted(globals().items()) if name.startswith("test_")]
    return run_in(Home, tests)


if __name__ == "__main__":
    sys.exit(main())
