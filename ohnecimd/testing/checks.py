"""What every protocol owes its users, as checks that fail with an `AssertionError`."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from ohnecimd.errors import RemoteProtocolError, Truncated
from ohnecimd.testing.costs import Cost, measure
from ohnecimd.testing.cutting import CUTS, cut_every, cuts, name_of_cut
from ohnecimd.testing.noise import garbage as make_garbage
from ohnecimd.testing.outcomes import NOTHING, Failure, Outcome, difference, excerpt, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ohnecimd.testing.outcomes import Application, Factory

__all__ = [
    "check_cuts",
    "check_eof",
    "check_garbage",
    "check_linear",
    "check_round_trip",
    "protocol_conforms",
]

SIZES = (2000, 8000)  # from about 1000 bytes on, the engine's savings for small input are over
TOLERANCE = 1.5
PREFIXES = 100


def protocol_conforms(
    factory: Factory,
    *,
    examples: Sequence[bytes],
    encode: Callable[[Any], bytes] | None = None,
    make_input: Callable[[int], bytes] | None = None,
    garbage: Iterable[bytes] | Any = None,  # noqa: ANN401 - or a strategy: Hypothesis is optional
    application: Application | None = None,
) -> None:
    r"""Check everything that a protocol owes its users.

    1. The same under all cuts: `check_cuts`, for each example.
    2. Round trip: `check_round_trip`, for each example, if there is `encode`.
    3. Garbage raises only `RemoteProtocolError`: `check_garbage`.
    4. Cost linear in size: `check_linear`; without `make_input`, for the longest example
       repeated, if that is valid input.
    5. The end of the input is clean or `Truncated`: `check_eof`, for each example.

    Args:
        factory: makes a new connection each time.
        examples: valid input, each from the beginning of a connection.
        encode: makes bytes of an event, or of the result if the protocol emits nothing.
        make_input: makes valid input of about so many bytes.
        garbage: byte strings, or a Hypothesis strategy for them, instead of those that the
            examples are spoilt to.
        application: called with the connection and each event, where the protocol needs answers.

    >>> from ohnecimd import at_eof, emit, protocol, read_until
    >>> @protocol
    ... def lines():
    ...     while not (yield from at_eof()):
    ...         yield from emit((yield from read_until(b"\n")))
    >>> protocol_conforms(
    ...     lines, examples=[b"Hello\n\nWorld\n"], encode=lambda line: line + b"\n"
    ... )
    """
    if not examples:
        raise ValueError("protocol_conforms() takes at least one example")
    for example in examples:
        check_cuts(factory, example, application=application)
        check_eof(factory, example, application=application)
        if encode is not None:
            check_round_trip(factory, example, encode, application=application)
    check_garbage(
        factory, make_garbage(examples) if garbage is None else garbage, application=application
    )
    if make_input is None:
        example = max(examples, key=len)
        if (
            not example
            or run(factory, [example * 2], eof=False, application=application).failure is not None
        ):
            return

        make_input = functools.partial(_repeat, example)
    check_linear(factory, make_input, application=application)


def _repeat(example: bytes, nbytes: int) -> bytes:
    return example * (nbytes // len(example) + 1)


def check_cuts(
    factory: Factory,
    data: bytes,
    *,
    at: Iterable[int] = (),
    limit: int = CUTS,
    application: Application | None = None,
) -> None:
    r"""Check that the same comes of `data`, however it is cut (`cuts`) and taken.

    Output, events, result, error (its type, text, position, path and hint) and what is left have
    to be the same as when it comes whole; with the end of the input after it, and without; and
    after each beginning of it (at most 100 of them, the shortest), so that nothing is known late.

    Args:
        factory: makes a new connection each time.
        data: the peer's bytes, valid or not.
        at: places worth cutting at, beside those that `cuts` knows.
        limit: how many cuts at most.
        application: called with the connection and each event.

    >>> from ohnecimd import emit, protocol, read
    >>> @protocol
    ... def careless():
    ...     yield from emit((yield from read(1)) + (yield from read()))
    >>> check_cuts(careless, b"ab")
    Traceback (most recent call last):
    AssertionError: the outcome depends on how the input was cut
    byte by byte, then its end: [b'a', b'b']
    events differ at event 0:
      whole  [b'ab']
      cut    [b'a']
    unread differs at byte 0:
      whole  b''
      cut    b'b'
    """
    for eof in (True, False):
        whole = run(factory, [data], eof=eof, application=application)
        for pieces in cuts(data, at=at, limit=limit):
            _compare(factory, whole, pieces, eof=eof, late=False, application=application)
        for pieces in ([data], cut_every(data, 1)):
            _compare(factory, whole, pieces, eof=eof, late=True, application=application)
    for size in range(min(len(data), PREFIXES)):
        begun = data[:size]
        whole = run(factory, [begun], eof=False, application=application)
        _compare(
            factory, whole, cut_every(begun, 1), eof=False, late=False, application=application
        )


def _compare(
    factory: Factory,
    whole: Outcome,
    pieces: list[bytes],
    *,
    eof: bool,
    late: bool,
    application: Application | None,
) -> None:
    outcome = run(factory, pieces, eof=eof, late=late, application=application)
    if outcome != whole:
        end = ", then its end" if eof else ""
        taking = ", all output taken at the end" if late else ""
        raise AssertionError(
            "the outcome depends on how the input was cut\n"
            f"{name_of_cut(pieces)}{end}{taking}: {excerpt(repr(list(pieces)))}\n"
            f"{difference(whole, outcome, ('whole', 'cut'))}"
        )


def check_round_trip(
    factory: Factory,
    example: bytes,
    encode: Callable[[Any], bytes],
    *,
    exact: bool = True,
    application: Application | None = None,
) -> None:
    r"""Check that what comes of `example`, encoded again, gives the same bytes.

    Args:
        factory: makes a new connection each time.
        example: valid input.
        encode: makes bytes of an event, or of the result if the protocol emits nothing.
        exact: whether the bytes have to be the same; if not, only what comes of them has to be,
            as where the peer may write one thing in several ways.
        application: called with the connection and each event.

    >>> from functools import partial
    >>> from ohnecimd import protocol, read_uint
    >>> number = protocol(partial(read_uint, 2))
    >>> check_round_trip(number, b"\1\2", lambda n: n.to_bytes(2, "little"))
    Traceback (most recent call last):
    AssertionError: round trip: 258 came of b'\x01\x02' and is encoded as b'\x02\x01'
    """
    before = run(factory, [example], application=application)
    values = list(before.events)
    if not values and before.result is not None:
        values = [before.result]
    if before.failure is not None or any(value is NOTHING for value in values):
        raise AssertionError(f"round trip: nothing came of {excerpt(repr(example))}\n{before}")
    again = b"".join(encode(value) for value in values)
    shown = before.result if values and not before.events else values
    report = (
        f"round trip: {excerpt(repr(shown))} came of {excerpt(repr(example))} "
        f"and is encoded as {excerpt(repr(again))}"
    )
    if exact:
        if again != example[: len(example) - len(before.unread)]:
            raise AssertionError(report)
        return
    after = run(factory, [again], application=application)
    if (after.events, after.result) != (before.events, before.result):
        changes = difference(before, after, ("before", "after"))
        raise AssertionError(f"{report}, of which something else comes\n{changes}")


def check_garbage(
    factory: Factory,
    garbage: Iterable[bytes] | Any,  # noqa: ANN401 - or a strategy: Hypothesis is optional
    *,
    application: Application | None = None,
) -> None:
    r"""Check that garbage is refused with a `RemoteProtocolError`, if at all, and never hangs.

    It is fed whole and byte by byte, with the end of the input after it, and without; both have
    to come to the same.

    Args:
        factory: makes a new connection each time.
        garbage: byte strings, such as from `garbage`, or a Hypothesis strategy for them.
        application: called with the connection and each event.

    >>> from ohnecimd import protocol, read
    >>> @protocol
    ... def digit():
    ...     return int((yield from read(1)))
    >>> check_garbage(digit, [b"7", b"x"])
    Traceback (most recent call last):
    AssertionError: garbage has to raise RemoteProtocolError, or nothing
    b'x' raised ValueError: invalid literal for int() with base 10: b'x'
    """

    def check(data: bytes) -> None:
        for eof in (True, False):
            whole = run(factory, [data], eof=eof, application=application)
            _check_refusal(whole, data)
            single = cut_every(data, 1)
            _compare(factory, whole, single, eof=eof, late=False, application=application)

    hypothesis: Any = sys.modules.get("hypothesis")
    if hypothesis is not None and isinstance(garbage, hypothesis.strategies.SearchStrategy):
        checked = hypothesis.given(garbage)(check)
        hypothesis.settings(deadline=None, database=None, derandomize=True)(checked)()
        return
    for data in garbage:
        check(data)


def _check_refusal(outcome: Outcome, data: bytes) -> None:
    failure = outcome.failure
    if failure is not None and not issubclass(failure.kind, RemoteProtocolError):
        raise AssertionError(
            f"garbage has to raise RemoteProtocolError, or nothing\n"
            f"{excerpt(repr(data))} raised {failure}"
        ) from failure.exception


def check_eof(
    factory: Factory,
    example: bytes,
    *,
    may_wait: bool = False,
    application: Application | None = None,
) -> None:
    r"""Check that the input may end after each byte of `example`.

    The parser has to return, or to raise `Truncated` with the position of the end. Waiting on is
    allowed for a time (a deadline), not for ever.

    Args:
        factory: makes a new connection each time.
        example: valid input.
        may_wait: whether the parser may wait on for its application.
        application: called with the connection and each event.

    >>> from functools import partial
    >>> from ohnecimd import protocol, read
    >>> check_eof(protocol(partial(read, 3)), b"abc")
    """
    whole = run(factory, [example], eof=False, application=application)
    if whole.failure is not None:
        raise AssertionError(
            f"the example is not valid: {excerpt(repr(example))} raised {whole.failure}"
        ) from whole.failure.exception
    for size in range(len(example) + 1):
        outcome = run(factory, [example[:size]], application=application)
        fault = _fault_at_end(outcome, size, may_wait=may_wait)
        if fault:
            cause = None if outcome.failure is None else outcome.failure.exception
            raise AssertionError(
                f"at the end of the input after {size} of {len(example)} bytes, {fault}\n"
                f"the input was {excerpt(repr(example[:size]))}"
            ) from cause


def _fault_at_end(outcome: Outcome, size: int, *, may_wait: bool) -> str:
    """Say what is wrong with an outcome where the input ended after `size` bytes, if anything."""
    failure: Failure | None = outcome.failure
    if failure is None:
        if outcome.state == "waiting" and outcome.deadline is None and not may_wait:
            return "the parser waits on for ever"
        return ""
    if not issubclass(failure.kind, Truncated):
        return f"expected Truncated, found {failure}"
    if failure.position != size:
        return f"expected position {size} in the error, found {failure.position}: {failure}"
    return ""


def check_linear(
    factory: Factory,
    make_input: Callable[[int], bytes],
    *,
    sizes: tuple[int, int] = SIZES,
    tolerance: float = TOLERANCE,
    application: Application | None = None,
) -> None:
    r"""Check that the cost grows as the input does, whole and byte by byte.

    Operations are counted (see `measure`), not seconds. Of four times the input, linear work
    makes 4 times the cost, quadratic work 16; the limit is 4 times `tolerance`, 6.

    Args:
        factory: makes a new connection each time.
        make_input: makes valid input of about so many bytes; check one long message as well as
            many short ones.
        sizes: two sizes in bytes, the smaller one at least 1000.
        tolerance: how much faster than the input the cost may grow.
        application: called with the connection and each event.

    >>> from ohnecimd import peek, protocol, wait
    >>> @protocol
    ... def impatient():
    ...     while b"\n" not in (yield from peek()):
    ...         yield from wait()
    >>> check_linear(
    ...     impatient, lambda size: b"x" * size + b"\n"
    ... )  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: the cost grows 15.6 times, for input 4.0 times as long, byte by byte
    2001 bytes: 6150847 = 12005 requests + 0 bytes searched + 6005001 copied + ...
    8001 bytes: 96207847 = 48005 requests + 0 bytes searched + 96020001 copied + ...
    """
    small, large = (make_input(size) for size in sizes)
    if not 0 < len(small) < len(large):
        raise ValueError(f"make_input made {len(small)} and {len(large)} bytes for sizes {sizes}")
    growth = len(large) / len(small)
    for how in ("whole", "byte by byte"):
        costs: list[Cost] = []
        for data in (small, large):
            pieces = [data] if how == "whole" else cut_every(data, 1)
            costs.append(measure(factory, pieces, application=application))
        factor = costs[1].total / max(1, costs[0].total)
        if factor > growth * tolerance:
            raise AssertionError(
                f"the cost grows {factor:.1f} times, for input {growth:.1f} times as long, {how}\n"
                f"{len(small)} bytes: {costs[0]}\n"
                f"{len(large)} bytes: {costs[1]}"
            )
