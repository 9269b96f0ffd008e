"""CIMD2, for the commands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ohnecimd.cli.cimd_serve import SERVER
from ohnecimd.cli.cimd_showing import Judged, show
from ohnecimd.cli.cimd_talk import CLIENT
from ohnecimd.cli.commands import positive
from ohnecimd.cli.sides import Decoder, Explainer, Protocol
from ohnecimd.connection import protocol
from ohnecimd.primitives import emit, get_input
from ohnecimd.protocols.cimd.explaining import explain
from ohnecimd.protocols.cimd.framing import Reader
from ohnecimd.protocols.cimd.packets import LIMIT, Checksums, Packet, fault_in

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from ohnecimd.steps import Steps

__all__ = ["ROWS"]


@protocol
def _judged(limit: int, checksums: Checksums) -> Steps[None]:
    """Emit what `ohnecimd.protocols.cimd.framing.decode` does, packets with their errors."""
    reader = Reader((yield from get_input()), limit)
    while (item := (yield from reader.next())) is not None:
        if isinstance(item, Packet):
            yield from emit(Judged(item, fault_in(item, checksums)))
        else:
            yield from emit(item)


def _add_decoding(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--limit",
        metavar="BYTES",
        type=positive("number of bytes"),
        default=LIMIT,
        help="of a packet (default: %(default)s)",
    )
    parser.add_argument(
        "--checksums",
        choices=[each.value for each in Checksums],
        default=Checksums.ACCEPT.value,
        help="accept: those that are there have to be right; demand: they have to be there, too; "
        "ignore: nobody minds (default: %(default)s)",
    )


ROWS = (
    Protocol(
        "cimd",
        server=SERVER,
        client=CLIENT,
        decoder=Decoder(
            "packets of CIMD2",
            lambda options: partial(_judged, options.limit, Checksums(options.checksums)),
            show,
            _add_decoding,
        ),
        explainer=Explainer(
            "packets of CIMD2, all that went one way",
            lambda options, data: explain(data, options.limit, Checksums(options.checksums)),
            _add_decoding,
        ),
    ),
)
