"""What a command is, and the parser of arguments that is made of all of them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from ohnecimd import __version__
from ohnecimd.cli.failures import BadUse
from ohnecimd.cli.standard import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ohnecimd.cli.sides import AnySide, Protocol

__all__ = ["Command", "argument", "parser_of", "positive", "seconds"]

T = TypeVar("T")

PROGRAM = "ohnecimd"
MOST_DIGITS = 15
MOST_SECONDS = 1e6


def _nothing(parser: argparse.ArgumentParser) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Command:
    """A command.

    Args:
        summary: for the help.
        run: does it and returns the exit status; finds the side of the protocol in `side` of the
            options.
        add_arguments: adds what follows the name of the command, or of the protocol.
        add_options: adds options; for a command with protocols they may stand before and after
            the name of the protocol, so that their defaults are given apart.
        defaults: of those options.
        side: the side of a protocol that the command is about, None if the protocol has none;
            no function if the command is not about protocols.
    """

    summary: str
    run: Callable[[argparse.Namespace], int]
    add_arguments: Callable[[argparse.ArgumentParser], None] = _nothing
    add_options: Callable[[argparse.ArgumentParser], None] = _nothing
    defaults: Mapping[str, object] = field(default_factory=dict)
    side: Callable[[Protocol], AnySide | None] | None = None


def argument(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Return `parse` for argparse: the text of its ValueError is what the user reads."""

    def parse_argument(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse_argument


def positive(what: str) -> Callable[[str], int]:
    """Return the type of an argument that is a number of something, at least 1."""

    def parse_number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS and int(text)):
            raise argparse.ArgumentTypeError(
                f"bad {what} {text!r}: it is at least 1, in at most {MOST_DIGITS} digits"
            )
        return int(text)

    return parse_number


def seconds(what: str) -> Callable[[str], float]:
    """Return the type of an argument that is a number of seconds, more than 0."""

    def parse_seconds(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if not 0 < number <= MOST_SECONDS:
            raise argparse.ArgumentTypeError(
                f"bad {what} {text!r}: it is a number of seconds, more than 0"
            )
        return number

    return parse_seconds


class _Parser(argparse.ArgumentParser):
    """Raises what is wrong instead of printing it."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise BadUse(f"{message} (see {self.prog} --help)")

    def print_help(self, file: object = None) -> None:  # noqa: ARG002 - it is standard output
        Output().write(self.format_help())


class _Version(argparse.Action):
    """Prints the version."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        Output().line(f"{PROGRAM} {__version__}")
        parser.exit()


class _Leaf(_Parser):
    """Lets options stand among the other arguments."""

    _is_inside = False

    def parse_known_args(  # type: ignore[override] # the overloads of it say the same
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        if namespace is None:
            namespace = argparse.Namespace()
        if self._is_inside:
            return super().parse_known_args(args, namespace)
        self._is_inside = True
        try:
            found, unknown = self.parse_known_intermixed_args(args, namespace)
        except AttributeError as error:  # of argparse, which an interrupt leaves half done
            if isinstance(error.__context__, KeyboardInterrupt):
                raise error.__context__ from None
            raise
        finally:
            self._is_inside = False
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def parser_of(
    commands: Mapping[str, Command], protocols: Mapping[str, Protocol]
) -> argparse.ArgumentParser:
    """Return the parser of all arguments."""
    parser = _Parser(
        prog=PROGRAM,
        description="Wire protocols without I/O: see them, serve them, talk them, decode them.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    names = parser.add_subparsers(metavar="COMMAND", required=True, dest="command")
    for name, command in commands.items():
        below = names.add_parser(name, help=command.summary, description=_sentence(command.summary))
        if command.side is None:
            _fill(below, command)
        else:
            command.add_options(below)
            below.set_defaults(**command.defaults)
            _add_protocols(below, command.side, command, protocols)
    return parser


def _add_protocols(
    parser: argparse.ArgumentParser,
    side_of: Callable[[Protocol], AnySide | None],
    command: Command,
    protocols: Mapping[str, Protocol],
) -> None:
    names = parser.add_subparsers(
        metavar="PROTOCOL", required=True, dest="protocol", parser_class=_Leaf
    )
    for name, protocol in protocols.items():
        side = side_of(protocol)
        if side is None:
            continue
        leaf = names.add_parser(
            name,
            help=side.summary,
            description=f"{name}: {side.summary}.",
            argument_default=argparse.SUPPRESS,
        )
        _fill(leaf, command)
        side.add_options(leaf)
        leaf.set_defaults(side=side)


def _fill(parser: argparse.ArgumentParser, command: Command) -> None:
    command.add_arguments(parser)
    command.add_options(parser)
    parser.set_defaults(run=command.run)


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."
