"""Processes of other programs: what they print is read as it comes, and they are ended for sure."""

import subprocess
from threading import Thread

from journal import PATIENCE_S, Journal


class Program:
    """One running program; `out` and `log` are its standard output and error, line by line.

    `understand` makes an entry of the journal from a line of its output.
    """

    def __init__(self, name, *command, understand=str):
        self.out = Journal(f"output of {name}")
        self.log = Journal(f"log of {name}")
        self._process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._readers = [
            Thread(target=follow, args=(self._process.stdout, self.out, understand)),
            Thread(target=follow, args=(self._process.stderr, self.log, str)),
        ]
        for reader in self._readers:
            reader.start()

    def say(self, line):
        """Write a line to its standard input."""
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def ask_to_stop(self):
        self._process.terminate()

    def kill(self):
        """End it at once; it does not get to know."""
        self._process.kill()
        return self.wait()

    def stop(self):
        """End it in order, or by force if that takes too long; return its status."""
        self.ask_to_stop()
        return self.wait()

    def wait(self):
        """Wait for its end, which is by force if it takes too long; return its status."""
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(PATIENCE_S)
        for reader in self._readers:
            reader.join(PATIENCE_S)
        self._process.stdin.close()
        return self._process.returncode


def follow(stream, journal, understand):
    """Note each line of a stream until it ends."""
    with stream:
        for line in stream:
            journal.note(understand(line.decode("utf-8", "backslashreplace").rstrip("\n")))
    journal.end()
