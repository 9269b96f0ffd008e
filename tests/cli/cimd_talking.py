"""What tests of ``talk cimd`` have in common: servers with a script, and what was said."""

import json
import socket
import threading
from contextlib import contextmanager

PATIENCE_S = 20
TO = "+358401234567"
USER = ("--user", "kannel", "--password", "secret")
WELCOME = b"\x0251:001\t3C\x03"


@contextmanager
def scripted(*steps, closes=True):
    """Serve one client: wait for some packets, then say something; again and again.

    A step is the number of packets that are waited for, and the bytes that are said.
    """
    heard = []

    def work():
        client, _ = listening.accept()
        client.settimeout(PATIENCE_S)
        with client:
            for count, said in steps:
                while sum(each.count(b"\x03") for each in heard) < count:
                    heard.append(client.recv(65536))
                client.sendall(said)
            while not closes and client.recv(65536):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}", heard
        finally:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


def goodbye(number):
    return b"\x0252:%03d\t\x03" % number


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def asked(smsc, operation):
    """The packets of an operation that the application has sent."""
    return [
        packet
        for sender, packet in smsc.packets
        if sender == "application" and packet.operation == operation
    ]
