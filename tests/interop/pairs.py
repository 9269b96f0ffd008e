"""A simulator, and Kannel as its application."""

from itertools import count

import kannel
from kannel import Answer
from smsc import Smsc
from wiretap import Wiretap

LOGIN, LOGOUT, SUBMIT, DELIVER, REPORT, ALIVE, GENERAL_ERROR, NACK = 1, 2, 3, 20, 23, 40, 98, 99
RESPONSE = 50  # added to the operation of a request
PASSWORD, DESTINATION, ALPHANUMERIC_SENDER, TIMESTAMP, ERROR = 11, 21, 27, 60, 900
SCHEME, HEADER, USER_DATA, BINARY = 30, 32, 33, 34
VALIDITY, PROTOCOL, REPLY_PATH, TARIFF = 50, 52, 55, 64

TAKEN = Answer(202, "0: Accepted for delivery")
QUEUED = Answer(202, "3: Queued for later delivery")  # it has just logged in again


class Pair:
    """Both, with a wiretap between them; they end with the `stack`.

    Args:
        stack: an ExitStack.
        directory: for Kannel's configuration.
        options: of the simulator.
        kannel_options: see `kannel.Kannel`.
    """

    def __init__(self, stack, directory, options, **kannel_options):
        self._stack = stack
        self._start_center(options)
        self.wiretap = Wiretap(self.smsc.port)
        stack.callback(self.wiretap.stop)
        self.kannel = stack.enter_context(
            kannel.running(directory, self.wiretap.port, **kannel_options)
        )
        self._numbers = (f"+35840{number:07}" for number in count(1))

    def _start_center(self, options):
        self.smsc = Smsc(*options)
        self._stack.callback(self.smsc.end)

    def replace_center(self, *options):
        """Stop the simulator while Kannel is connected, and start another in its place."""
        self.smsc.end()
        self._start_center(options)
        self.wiretap.connect_to(self.smsc.port)

    def submit(self, text, **options):
        """Let Kannel submit a text to a number that no other has; return the number."""
        number = next(self._numbers)
        assert self.kannel.send(text, to=number, **options) in (TAKEN, QUEUED)
        return number

    def submits_to(self, number, count=1):
        """Wait for so many packets with messages to a number."""
        octets = number.encode()
        return self.smsc.packets(SUBMIT, count, lambda seen: seen.get(DESTINATION) == octets)

    def answers_to(self, requests):
        """Wait for the simulator's answers to packets."""
        asked = {(request.connection, request.number) for request in requests}
        operation = requests[0].operation + RESPONSE
        return self.smsc.packets(
            operation,
            len(requests),
            lambda seen: (seen.connection, seen.number) in asked,
            mark=self.smsc.out.place_of(requests[0]),
        )

    def delivered(self, text, **options):
        """Let Kannel submit a text; return its packet, which the simulator has accepted."""
        (request,) = self.submits_to(self.submit(text, **options))
        (response,) = self.answers_to([request])
        assert (response.get(DESTINATION), response.get(ERROR)) == (request.get(DESTINATION), None)
        return request

    def from_phone(self, octets):
        """Wait until Kannel hands on a message from a phone, with this as its text."""
        (message,) = self.kannel.handed.wait_for(
            lambda handed: handed.kind == "mo" and handed.text == octets
        )
        return message
