"""Kannel, a deployed SMS gateway, as a CIMD2 application.

``bearerbox`` holds the link to the SMSC; ``smsbox`` takes messages over HTTP, and hands deliveries
and reports on over HTTP: here to a server in this process that notes them.
"""

import http.client
import shutil
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlencode, urlsplit

from journal import PATIENCE_S, Journal
from programs import Program

HOST = "127.0.0.1"
NEEDED = ("bearerbox", "smsbox")  # of the Debian package "kannel"
STARTS = 3  # another program may have taken a port that was free
DELIVERED, FAILED, ACCEPTED, REFUSED, EXPIRED = 1, 2, 8, 16, 34  # what Kannel calls outcomes
ALL_REPORTS = 31


def missing():
    return [name for name in NEEDED if shutil.which(name) is None]


@dataclass(frozen=True)
class Handed:
    """What Kannel handed on: a message from a phone ("mo") or a report ("dlr")."""

    kind: str
    fields: dict
    text: bytes

    @property
    def outcome(self):
        return int(self.fields["outcome"])


@dataclass(frozen=True)
class Answer:
    """What Kannel said to a message it was given."""

    status: int
    text: str


class Sink(ThreadingHTTPServer):
    """Notes what Kannel asks of it, and agrees."""

    daemon_threads = False

    def __init__(self):
        super().__init__((HOST, 0), Visit)
        self.handed = Journal("what Kannel handed on")
        self._serving = Thread(target=partial(self.serve_forever, poll_interval=0.05))
        self._serving.start()

    @property
    def address(self):
        return f"http://{HOST}:{self.server_port}"

    def stop(self):
        self.shutdown()
        self.server_close()
        self._serving.join(PATIENCE_S)


class Visit(BaseHTTPRequestHandler):
    def do_GET(self):
        place = urlsplit(self.path)
        fields = dict(parse_qsl(place.query, keep_blank_values=True, encoding="latin-1"))
        text = fields.pop("text").encode("latin-1")
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.handed.note(Handed(place.path.removeprefix("/"), fields, text))

    def log_message(self, *args):
        pass


def free_ports(count):
    """Find ports that nobody listens at, all different."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [taken.getsockname()[1] for taken in sockets]
    for taken in sockets:
        taken.close()
    return ports


def configuration(smsc, sink, ports):
    """Write down what Kannel shall do: one group of settings for each of its parts."""
    admin, boxes, messages = ports
    groups = [
        {
            "group": "core",
            "admin-port": admin,
            "admin-interface": HOST,
            "admin-password": "admin",
            "smsbox-port": boxes,
            "smsbox-interface": HOST,
            "box-deny-ip": "*.*.*.*",
            "box-allow-ip": HOST,
            "dlr-storage": "internal",
            "sms-resend-freq": 1,
        },
        {
            "group": "smsc",
            "smsc": "cimd2",
            "smsc-id": "ohnecimd",
            "host": HOST,
            "my-number": "",
            "reconnect-delay": 1,
            **smsc,
        },
        {
            "group": "smsbox",
            "bearerbox-host": HOST,
            "sendsms-port": messages,
            "sendsms-interface": HOST,
        },
        {
            "group": "sendsms-user",
            "username": "tests",
            "password": "tests",
            "concatenation": "true",
            "max-messages": 20,
        },
        {
            "group": "sms-service",
            "keyword": "default",
            "catch-all": "true",
            "max-messages": 0,
            "get-url": f"{sink.address}/mo?from=%p&to=%P&coding=%c&class=%m&header=%u&text=%b",
        },
    ]
    return "\n".join(map(written, groups))


def written(group):
    return "".join(f'{name} = "{value}"\n' for name, value in group.items())


class Kannel:
    """A running gateway whose link goes to the SMSC at `port`.

    `handed` is the journal of what it handed on, `log` that of its side of the link.
    """

    def __init__(self, directory, port, *, user="kannel", password="secret", keepalive_s=1):
        self._sink = Sink()
        self._programs = []
        self.handed = self._sink.handed
        admin, boxes, self._messages = free_ports(3)
        smsc = {
            "port": port,
            "smsc-username": user,
            "smsc-password": password,
            "keepalive": keepalive_s,
        }
        self._file = directory / f"kannel-{admin}.conf"
        self._file.write_text(configuration(smsc, self._sink, (admin, boxes, self._messages)))
        try:
            self.log = self._start("bearerbox", "entering mainloop").log
            # It says that it is connected a moment before it can take messages, and fails then.
            self._start("smsbox", "(gw/heartbeat.c:heartbeat_thread)")
        except BaseException:
            self.stop()
            raise

    def _start(self, name, words):
        """Start a part, and wait until it says these words."""
        program = Program(name, name, "-v", "0", self._file)
        self._programs.append(program)
        program.log.wait_for(lambda line: words in line)
        return program

    def until_logged_in(self, times=1):
        self.log.wait_for(lambda line: "CIMD2[ohnecimd] logged in" in line, count=times)

    def send(self, text="", **options):
        """Give it a message to submit; `text` is str, or bytes with a `coding` that takes them."""
        query = {
            "username": "tests",
            "password": "tests",
            "from": "12345",
            "to": "+358401234567",
            "text": text,
            **options,
        }
        if isinstance(text, str):
            query["charset"] = "utf-8"
        link = http.client.HTTPConnection(HOST, self._messages, timeout=PATIENCE_S)
        try:
            link.request("GET", f"/cgi-bin/sendsms?{urlencode(query)}")
            answer = link.getresponse()
            return Answer(answer.status, answer.read().decode("latin-1").strip())
        finally:
            link.close()

    def reporting(self, name):
        """Return the options for `send` that ask for reports under this name."""
        address = f"{self._sink.address}/dlr?name={name}&outcome=%d&to=%p&text=%b"
        return {"dlr-mask": ALL_REPORTS, "dlr-url": address}

    def reports(self, name, count=1):
        """Wait for so many reports on a message; return their outcomes."""
        found = self.handed.wait_for(
            lambda handed: handed.kind == "dlr" and handed.fields["name"] == name, count=count
        )
        return [handed.outcome for handed in found]

    def complaints(self):
        """Return what it found wrong on the link: it checks each parameter that it is sent."""
        grave = ("WARNING", "ERROR", "PANIC")
        return [
            line
            for line in self.log.since()
            if "CIMD2" in line and any(f"{word}: " in line for word in grave)
        ]

    def log_out(self):
        """Let it end the session, for which there has to be nothing left to do."""
        self._programs[0].ask_to_stop()
        self.log.wait_for(lambda line: "CIMD2[ohnecimd] logged out" in line)

    def stop(self):
        """Stop it at once: in order it may take for ever, with a message on its way."""
        for program in self._programs:
            program.kill()
        self._sink.stop()


@contextmanager
def running(directory, port, **options):
    """Lend a gateway."""
    gateway = None
    for attempt in range(STARTS):
        try:
            gateway = Kannel(directory, port, **options)
            break
        except AssertionError:
            if attempt == STARTS - 1:
                raise
    try:
        yield gateway
    finally:
        gateway.stop()
