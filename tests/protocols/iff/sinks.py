"""Where tests put what a writer gives."""

from __future__ import annotations

from ohnecimd.protocols.iff.writer import Writer

RIFF = (b"RIFF", b"TEST")
FORM = (b"FORM", b"TEST")


class Sink:
    """Takes what a writer gives, and its patches."""

    def __init__(self, writer):
        self.writer = writer
        self.bytes = bytearray()

    def __call__(self, piece):
        self.bytes += piece
        assert self.writer.offset == len(self.bytes)

    def finish(self):
        self(self.writer.finish())
        for offset, data in self.writer.patches():
            assert offset + len(data) <= len(self.bytes)
            self.bytes[offset : offset + len(data)] = data
        return bytes(self.bytes)


def begun(dialect="riff", *groups, can_seek=True, size=None, **options):
    """Return a writer that is in these groups, and a sink that has what it gave.

    `size` is that of the innermost.
    """
    writer = Writer(dialect, can_seek=can_seek, **options)
    sink = Sink(writer)
    for group in groups:
        sink(writer.begin(*group, size=size if group is groups[-1] else None))
    return writer, sink
