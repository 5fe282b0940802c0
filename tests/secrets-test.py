# SPDX-License-Identifier: GPL-3.0-or-later
"""Where keys and invitations are not: arguments, environment, logs, memory after use; and files that others may read."""
import base64
import os
import re
import stat
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import peer_client  # noqa: E402
import peer_support  # noqa: E402
from peer_support import TCHAT, TIMEOUT, Program, Screen, holds, same  # noqa: E402

LARGEST = 256 << 20  # of a mapping that is looked through


def secret_key(path):
    """The 32 bytes of a key file's key, and the line of text that holds them."""
    with open(path, encoding="ascii") as file:
        text = file.read().split("-----")[2]
    return base64.b64decode(text)[-32:], text.split()[0].encode()


def secrets_of(link):
    """What must not be found: an invitation as its text and as its bytes."""
    text = link.rpartition(".")[2]
    return {"the invitation's text": text.encode(), "the invitation": peer_client.unbase64(text)}


def user_key(environment):
    key, line = secret_key(os.path.join(environment["XDG_DATA_HOME"], "tchat", "user.pem"))
    return {"the user's key": key, "the text of the user's key": line}


def can_be_looked_into(process):
    """Only by root, for the process hides; and not where freed memory is kept to find faults."""
    if peer_support.is_sanitized():
        return False
    try:
        with open("/proc/%d/mem" % process.pid, "rb"):
            pass
    except OSError:
        if os.geteuid() == 0:
            print("# no process may be looked into here")
        return False
    if os.geteuid() != 0:
        raise AssertionError("another process of the account may look into it")
    return True


def memory(process):
    """All that the process may read, in pieces."""
    with open("/proc/%d/maps" % process.pid, encoding="ascii") as maps, open("/proc/%d/mem" % process.pid, "rb", 0) as bytes_of:
        for line in maps:
            span, mode = line.split()[:2]
            start, end = (int(number, 16) for number in span.split("-"))
            if "r" not in mode or end - start > LARGEST or "[v" in line:
                continue
            try:
                bytes_of.seek(start)
                yield line.strip(), bytes_of.read(end - start)
            except OSError:
                continue


def found_in(process, secrets):
    """Which of the secrets, {name: bytes}, are in its memory."""
    return {name for _, piece in memory(process) for name, secret in secrets.items() if secret in piece}


def looked_through(process, secrets, known=()):
    """Looks for secrets wherever others may look; those in known may be in its memory, and nowhere else."""
    for name in "cmdline", "environ":
        try:
            with open("/proc/%d/%s" % (process.pid, name), "rb") as file:
                text = file.read()
        except OSError:
            continue
        same((name, [secret for secret in secrets if secrets[secret] in text]), (name, []))
    if can_be_looked_into(process):
        # Others may hear of it before it wipes what it used.
        end = time.monotonic() + TIMEOUT
        while found_in(process, secrets) - set(known):
            if time.monotonic() > end:
                same(found_in(process, secrets) - set(known), set())


def told(program):
    return "\n".join(program.out.lines + program.err.lines).encode()


class Child:
    def __init__(self, pid):
        self.pid = pid


def child_of(process):
    """The host of a face."""
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%s/stat" % name, encoding="utf-8", errors="replace") as file:
                if name.isdigit() and file.read().rpartition(")")[2].split()[1] == str(process.pid):
                    return Child(int(name))
        except OSError:
            continue
    raise AssertionError("the face has no host")


def link_of(host):
    return host.out.find(r"tchat://\S+")[0]


# --- Invitations

def a_used_invitation_is_nowhere_in_line_and_json_mode(host):
    link = link_of(host)
    environment = peer_support.stranger()
    member = Program("--json", "--join", link, environment=environment)
    member.out.find('"type":"ready"')
    secrets = secrets_of(link)
    looked_through(member.process, {**secrets, **user_key(environment)}, known=["the user's key"])
    looked_through(host.process, secrets)
    same([name for name in secrets if secrets[name] in told(member) + b"\n".join(line.encode() for line in host.err.lines)], [])
    with open("/proc/%d/cmdline" % member.process.pid, "rb") as file:
        holds(file.read(), b"--join\0xxxxxxxxxxxxxxx")
    member.kill()


def an_invitation_that_is_read_is_nowhere_either(host):
    link, environment = link_of(host), peer_support.stranger()
    member = Program("--lines", "--stay", "--join", "-", environment=environment)
    member.type(link + "\n")
    host.err.find(r"came from 127")
    looked_through(member.process, {**secrets_of(link), **user_key(environment)}, known=["the user's key"])
    member.kill()


def an_invitation_that_is_of_no_use_is_forgotten_too(host):
    # To who is known already it says nothing new; it is still good for somebody else.
    link = link_of(host)
    owner = Program("--json", "--join", link)
    owner.out.find('"type":"ready"')
    looked_through(owner.process, secrets_of(link))
    guest = Program("--json", "--join", link, environment=peer_support.stranger())
    guest.out.find('"type":"ready"')


def links_on_a_screen_leave_nothing_behind(host):
    link, environment = link_of(host), peer_support.stranger()
    for arguments, keys in (([link], b""), ([], b"\x1b[200~" + link.encode() + b"\x1b[201~\r"),
                            (["--join", "-"], link.encode() + b"\r")):
        screen = Screen(*arguments, environment=environment)
        try:
            if keys:
                screen.wait(b"Where to?" if not arguments else b"Link or address")
                screen.type(keys)
            screen.wait(b"#lobby>")
            secrets = {**secrets_of(link), **user_key(environment)}
            if arguments == []:
                secrets.pop("the invitation's text")  # that was on the screen
            looked_through(screen, secrets, known=["the user's key"])
        finally:
            screen.end()


def a_host_with_a_face_keeps_no_invitation(_):
    environment = peer_support.stranger()
    face = Program("--host", "127.0.0.1:0", "--json", "--linger", "1s", environment=environment)
    first = face.out.find(r'"type":"invited".*"(tchat://[^"]+)"')[1]
    face.type('{"type":"invite","ref":"second"}\n')
    link = face.out.find(r'"ref":"second".*"(tchat://[^"]+)"')[1]
    child = child_of(face.process)
    key, line = secret_key(os.path.join(environment["XDG_DATA_HOME"], "tchat", "user.pem"))
    key = {"the user's key": key, "the text of the user's key": line}
    for one in first, link:
        looked_through(child, {**secrets_of(one), **key})
        looked_through(face.process, {**secrets_of(one), **key}, known=["the invitation's text", "the user's key"])


# --- Files

def refused(environment, path, *arguments):
    """tchat ends with 78 and names the file."""
    done = subprocess.run([TCHAT, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment, timeout=TIMEOUT)
    same((done.returncode, done.stdout), (78, b""))
    holds(done.stderr.decode(), path)
    holds(done.stderr.decode(), "others may")


def what_others_may_read_is_refused(host):
    environment = peer_support.stranger()
    folder = os.path.join(environment["XDG_DATA_HOME"], "tchat")
    user, known = os.path.join(folder, "user.pem"), os.path.join(folder, "known_hosts")
    data = os.path.join(environment["XDG_DATA_HOME"], "history")
    member = Program("--lines", "--join", link_of(host), environment=environment)
    member.end_input()
    same(member.status(), 0)
    same([stat.S_IMODE(os.stat(path).st_mode) for path in (folder, user, known)], [0o700, 0o600, 0o600])
    opening = ["--headless", "--host", "127.0.0.1:0", "--data", data]
    joins = [["--lines", "--join", host.address], ["--json", "--join", host.address], ["--ping", host.address]]
    for path, modes, good in ((user, (0o644, 0o640, 0o604, 0o660), 0o600), (folder, (0o777, 0o755, 0o710), 0o700)):
        for mode in modes:
            os.chmod(path, mode)
            for arguments in joins + [opening, opening[1:] + ["--json"]]:
                refused(environment, user, *arguments)
            os.chmod(path, good)
    os.chmod(known, 0o666)
    for arguments in joins:
        refused(environment, known, *arguments)
    os.chmod(known, 0o600)
    other = Program(*opening, environment=environment)
    other.err.find("listening 127")
    other.process.terminate()
    same(other.status(), 0)
    key = os.path.join(data, "host.pem")
    same([stat.S_IMODE(os.stat(path).st_mode) for path in (data, key)], [0o700, 0o600])
    for path, mode in ((key, 0o644), (data, 0o777)):
        os.chmod(path, mode)
        refused(environment, data, *opening)
        os.chmod(path, 0o600 if path == key else 0o700)


def no_core_is_left(host):
    with open("/proc/%d/limits" % host.process.pid, encoding="ascii") as file:
        same(re.search(r"^Max core file size +(\S+) +(\S+)", file.read(), re.M).groups(), ("0", "0"))


if __name__ == "__main__":
    sys.exit(peer_support.run([a_used_invitation_is_nowhere_in_line_and_json_mode, an_invitation_that_is_read_is_nowhere_either,
                               an_invitation_that_is_of_no_use_is_forgotten_too, links_on_a_screen_leave_nothing_behind,
                               a_host_with_a_face_keeps_no_invitation, what_others_may_read_is_refused,
                               no_core_is_left], "--access", "invite"))
