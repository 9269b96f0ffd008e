"""Write wire protocols as straight-line generator code; run them on any I/O, test them on none.

>>> from ohnecimd import protocol, read_until, write
>>> @protocol
... def shout():
...     while True:
...         word = yield from read_until(b" ")
...         yield from write(word.upper() + b"! ")
>>> connection = shout()
>>> connection.send(b"hel")
>>> connection.send(b"lo wor")
>>> connection.read()
b'HELLO! '
"""

from ohnecimd import errors
from ohnecimd.combinators import (
    bounded,
    choice,
    commit,
    composable,
    expect,
    label,
    limited,
    lookahead,
    many,
    optional,
    sep_by,
    timeout,
    times,
)
from ohnecimd.connection import Connection, parse, protocol
from ohnecimd.errors import NoResult
from ohnecimd.output import Buffer
from ohnecimd.primitives import (
    at_eof,
    emit,
    get_input,
    peek,
    put,
    read,
    read_exactly,
    read_rest,
    read_struct,
    read_uint,
    read_until,
    read_upto,
    skip,
    skip_upto,
    sleep,
    wait,
    wait_for,
    write,
)
from ohnecimd.steps import Parser, Steps
from ohnecimd.stream import InputStream

__version__ = "0.1.0"

__all__ = [
    "Buffer",
    "Connection",
    "InputStream",
    "NoResult",
    "Parser",
    "Steps",
    "at_eof",
    "bounded",
    "choice",
    "commit",
    "composable",
    "emit",
    "errors",
    "expect",
    "get_input",
    "label",
    "limited",
    "lookahead",
    "many",
    "optional",
    "parse",
    "peek",
    "protocol",
    "put",
    "read",
    "read_exactly",
    "read_rest",
    "read_struct",
    "read_uint",
    "read_until",
    "read_upto",
    "sep_by",
    "skip",
    "skip_upto",
    "sleep",
    "timeout",
    "times",
    "wait",
    "wait_for",
    "write",
]
