r"""Write files of the IFF family: bytes come out, and the caller puts them where they belong.

A `Writer` is told what begins and ends, and gives the bytes for it. It pads, counts the padding of
chunks in the group around them, makes checksums, and refuses what would break the rules of the
dialect; whatever it refuses changes nothing. It never holds the data of a chunk.

A header holds the size of what follows. So either say the size when a chunk begins, or write to
something that can seek and apply `Writer.patches`, or, where the dialect can, say that the size is
not known. What fits in memory is easier written by `encode`.

>>> writer = Writer("iff", can_seek=True)
>>> writer.begin(b"FORM", b"TEXT") + writer.chunk(b"NAME", b"Joe") + writer.end()
b'FORM\x00\x00\x00\x00TEXTNAME\x00\x00\x00\x03Joe\x00'
>>> writer.finish(), writer.patches()
(b'', [Patch(offset=4, data=b'\x00\x00\x00\x10')])
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from ohnecimd.errors import FieldError, NotAllowedNow
from ohnecimd.protocols.iff.dialects import (
    HEADER_BYTES,
    SIZE_UNKNOWN,
    TYPE_BYTES,
    Dialect,
    dialect_of,
)
from ohnecimd.protocols.iff.growth import LARGEST_SIZE, Growth, Ledger, Patch, sizes_in
from ohnecimd.protocols.iff.nesting import NO_LIMIT, OpenChunk, name_of
from ohnecimd.protocols.iff.placing import PROP
from ohnecimd.protocols.iff.problems import PROBLEMS
from ohnecimd.protocols.iff.sizes import DS64

if TYPE_CHECKING:
    from typing_extensions import Buffer as BytesLike

__all__ = ["Writer"]

SIZE_BYTES = 4
CHECKSUM_BYTES = 4
PLAIN_BYTES = 1 << 24  # surely under the limit of each dialect
LARGEST_OF_ALL = 2**64 - 1
SEALED = "nothing can follow a chunk of unknown size"


class Writer:
    r"""Gives the bytes of one file or stream of chunks.

    Write what each method returns, one after the other. A `FieldError` says which rule a value or a
    place would break, and `NotAllowedNow` that it is not the time; after either, go on as if the
    call had not been made. The `hint` of a `FieldError` is the name of the problem that a reader
    would have, if there is one.

    Args:
        dialect: a `Dialect`, or its name: ``iff``, ``riff``, ``rifx``, ``rf64``, ``webp``, ``avi``,
            ``png``, ``mng`` or ``jng``.
        can_seek: the bytes go where they can be changed later; `patches` will be applied.
        growth: how a RIFF file becomes RF64 over 4 GiB; needs a sink that can seek, as `can_seek`.

    >>> from ohnecimd.protocols.iff.dialects import SIZE_UNKNOWN
    >>> pipe = Writer("riff")
    >>> pipe.begin(b"RIFF", b"WAVE", size=SIZE_UNKNOWN)
    b'RIFF\xff\xff\xff\xffWAVE'
    >>> pipe.begin(b"fmt ")
    Traceback (most recent call last):
    ohnecimd.errors.NotAllowedNow: at byte 12 in RIFF WAVE > fmt: say its size: nothing can seek
    """

    def __init__(
        self, dialect: str | Dialect, *, can_seek: bool = False, growth: Growth | None = None
    ) -> None:
        self.dialect = dialect_of(dialect)
        """What is written; one made for the type of the top group if there is one."""
        if growth is not None and self.dialect.name != "riff":
            raise FieldError(f"no {self.dialect.name} grows to {growth.to.decode()}, only riff")
        self.offset = 0
        """How many bytes have been given."""
        self.sample_count = 0
        """For ds64, if the file grows; to be set before the top group ends."""
        self.has_unknown_sizes = False
        """Whether a header says that the size was not known: the end of the stream will tell."""
        self._can_seek = can_seek or growth is not None
        self._ledger = None if growth is None else Ledger(growth)
        self._pack = self.dialect.header.pack
        self._open: list[OpenChunk] = []
        self._patches: list[Patch] = []
        self._tops = 0
        self._is_finished = False
        self._has_end = False  # the last chunk of a plain sequence
        self._sizes: dict[bytes, int] | None = None  # from ds64
        self._plain: set[bytes] = set()  # IDs that are known to be legal in the group that is open

    # What the caller does

    def begin(
        self, chunk_id: bytes, group_type: bytes | None = None, *, size: int | None = None
    ) -> bytes:
        """Begin a chunk, or a group, which has a type.

        Args:
            chunk_id: 4 bytes.
            group_type: 4 bytes; for groups.
            size: as it will stand in the header: of the data, the type of a group included, the
                padding of the chunk itself not. `SIZE_UNKNOWN`, where the dialect has it, and with
                all groups around of unknown size too, writes to a stream what has no known end;
                nothing can follow it then. None leaves the size open, for `patches`; in RF64 that
                of ``data`` is the one in ds64.

        Raises:
            FieldError: ID or type or size are not legal, or not here; or too large for the group.
            NotAllowedNow: a chunk that holds none is open; all is finished; no size is given, and
                the sink cannot seek.
        """
        chunk = self._admitted(chunk_id, group_type)
        if self._awaits_ds64:
            raise self._not_now("ds64 is written whole, with chunk()", chunk)
        dialect = self.dialect
        if not self._tops and chunk.type is not None and self._ledger is None:
            dialect = dialect.refined(chunk.type)
        head = self._head(chunk, self._measured(chunk, size, dialect))
        if not self._open:
            self.dialect = dialect
            self._tops += 1
            if self._ledger is not None:
                head += self._ledger.reserve
        else:
            self._open[-1].note(chunk)
        self._open.append(chunk)
        self._plain.clear()
        self.has_unknown_sizes |= chunk.is_unknown
        self.offset += len(head)
        return head

    def data(self, piece: BytesLike) -> BytesLike:
        """Take a piece of the data of the chunk that is open, and give it back to be written.

        Raises:
            FieldError: it is more than the size of the chunk, than the dialect allows, or than
                fits in the group around.
            NotAllowedNow: no chunk is open, or one that already has chunks inside.
        """
        count = len(piece) if isinstance(piece, bytes) else memoryview(piece).nbytes
        chunk = self._innermost()
        if chunk.is_group or chunk.has_inside:
            raise self._not_now("data belongs in a chunk: begin one")
        end = self.offset + count
        if end > chunk.reach:
            if chunk.size is not None:
                raise self._wrong(f"{end - chunk.start} bytes of data, expected {chunk.size}")
            raise self._too_far(end - chunk.start)
        padded = end + self._padding(chunk, end)
        if padded > chunk.room:
            raise self._too_far(padded - chunk.start)
        if self._ledger is not None:
            self._ledger.extend(self._open[1:], padded)
        if self.dialect.signature:
            chunk.checksum = crc32(piece, chunk.checksum)
        self.offset = end
        return piece

    def end(self) -> bytes:
        """End the chunk or group that was begun last.

        Raises:
            FieldError: it has not the size that was given.
            NotAllowedNow: none is open.
        """
        chunk = self._innermost()
        size = self.offset - chunk.start
        if chunk.size not in (None, size):
            raise self._wrong(f"{size} bytes of data, expected {chunk.size}")
        if self._awaits_ds64:
            raise self._fault("ds64-missing")
        tail = bytes(self._padding(chunk, self.offset))
        if self.dialect.signature:
            tail = chunk.checksum.to_bytes(CHECKSUM_BYTES, "big")
        self._patches += self._patches_of(chunk, size)
        self._open.pop()
        self._plain.clear()
        self.offset += len(tail)
        if self._open:
            self._open[-1].is_sealed |= chunk.is_unknown
        elif chunk.id == self.dialect.end:
            self._has_end = True
        return tail

    def chunk(self, chunk_id: bytes, data: BytesLike = b"") -> bytes:
        """Give a whole chunk that is no group; raises as `begin` and `data` do."""
        data = data if isinstance(data, bytes) else bytes(memoryview(data))
        size = len(data)
        if chunk_id in self._plain:  # all but the size has been looked at
            padding = size % self.dialect.alignment
            end = self.offset + HEADER_BYTES + size + padding
            if end <= self._open[-1].reach and size <= PLAIN_BYTES:
                self.offset = end
                return self._pack(chunk_id, size) + (data + b"\0" if padding else data)
        if chunk_id == DS64 and self._awaits_ds64:
            return self._ds64(data)
        known, self._plain = self._plain, set()
        try:
            head = self.begin(chunk_id, size=size)
            self.data(data)
            whole = b"".join((head, data, self.end()))
        finally:
            self._plain = known
        if self._open and not (self.dialect.has_ds64 or self._ledger or self.dialect.signature):
            known.add(chunk_id)
        return whole

    def finish(self) -> bytes:
        """Check that everything has ended, and give the last bytes there are: IEND of a PNG.

        Raises:
            NotAllowedNow: a chunk or group is open, nothing has been written, or all is finished.
        """
        self._check_not_finished()
        if self._open:
            raise self._not_now("it has not ended")
        if not self._tops:
            raise self._not_now("nothing has been written")
        is_ended = self._has_end or not self.dialect.end
        tail = b"" if is_ended else self.chunk(self.dialect.end)
        self._is_finished = True
        return tail

    def patches(self) -> list[Patch]:
        """Return what has to be written over earlier bytes, as known since the last call.

        Apply them in this order. Offsets count from the writer's first byte.
        """
        found, self._patches = self._patches, []
        return found

    # What stands where

    def _admitted(self, chunk_id: bytes, group_type: bytes | None) -> OpenChunk:
        """Return the chunk, if ID and type are legal, and where it would stand."""
        self._check_not_finished()
        dialect = self.dialect
        for each, what in ((chunk_id, "an ID"), (group_type, "a type")):
            if each is not None and (not isinstance(each, bytes) or len(each) != TYPE_BYTES):
                raise self._wrong(f"{what} is {TYPE_BYTES} bytes, not {each!r:.40}")
        start = self.offset + HEADER_BYTES + (0 if self._tops else len(dialect.signature))
        chunk = OpenChunk(
            chunk_id, group_type, start, self._open[-1].reach if self._open else NO_LIMIT
        )
        if kind := dialect.fault_of_id(chunk_id):
            raise self._fault(kind, repr(chunk_id))
        if self._open and chunk_id in dialect.top and chunk_id not in dialect.groups:
            raise self._wrong("the top group stands nowhere else", chunk)
        is_group = chunk_id in dialect.groups or chunk_id in dialect.top
        if is_group and not chunk.is_group:
            raise self._fault("no-type", inside=chunk)
        if chunk.is_group and not is_group:
            raise self._wrong(
                f"{name_of(chunk_id)} is no group of {dialect.name}, so it has no type", chunk
            )
        if group_type is not None and (kind := dialect.fault_of_type(chunk_id, group_type)):
            raise self._fault(kind, repr(group_type), chunk)
        if self._open:
            self._check_child(self._open[-1], chunk)
        elif dialect.is_grouped:
            self._check_top(chunk)
        elif self._has_end:
            raise self._not_now(f"{name_of(dialect.end)} has been written", chunk)
        return chunk

    def _check_top(self, chunk: OpenChunk) -> None:
        dialect = self.dialect
        if chunk.id not in dialect.top:
            raise self._fault("bad-magic", repr(chunk.id))
        if not self._tops:
            if dialect.types and chunk.type not in dialect.types:
                raise self._fault("bad-type", f"{dialect.name} is not {name_of(chunk.type)}")
        elif chunk.type not in dialect.further_types:
            raise self._not_now("the top group has ended", chunk)
        elif self.has_unknown_sizes:
            raise self._not_now(SEALED, chunk)

    def _check_child(self, parent: OpenChunk, chunk: OpenChunk) -> None:
        dialect = self.dialect
        if parent.is_sealed:
            raise self._not_now(SEALED, chunk)
        if not parent.is_group:
            before = dialect.inner.get(parent.id)
            if before is None:
                raise self._not_now("a chunk is open: end it first", chunk)
            if not parent.has_inside and self.offset - parent.start != before:
                raise self._not_now(f"{before} bytes of data come first", chunk)
        if self._awaits_ds64 and chunk.id != DS64:
            raise self._fault("ds64-missing", inside=chunk)
        if PROP in dialect.groups and (kind := parent.fault_of_child(chunk)):
            raise self._fault(kind, inside=chunk)

    # What size it has

    def _measured(self, chunk: OpenChunk, size: int | None, dialect: Dialect) -> int:
        """Set size and limits of a chunk; return the size that its header states."""
        is_elsewhere = False  # in ds64
        if dialect.has_ds64 and not self._open:
            if size is not None:
                raise self._wrong("its size stands in ds64", chunk)
            return SIZE_UNKNOWN
        if self._sizes is not None and chunk.id in self._sizes:
            is_elsewhere = size in (None, self._sizes[chunk.id])
            size = self._sizes[chunk.id] if is_elsewhere else size
        elif size == SIZE_UNKNOWN and not (dialect.has_ds64 or self._ledger):
            return self._measured_unknown(chunk, dialect)
        most = self._largest(dialect, is_elsewhere=is_elsewhere)
        self._measure(chunk, size, most, dialect)
        ledger = self._ledger
        if ledger is not None:
            if self._open:
                end = chunk.start + max(chunk.size or 0, chunk.least)
                ledger.extend([*self._open[1:], chunk], end + self._padding(chunk, end))
                ledger.begin(chunk)
            is_elsewhere = chunk.is_big or (size is not None and size > LARGEST_SIZE)
        return SIZE_UNKNOWN if is_elsewhere else size or 0

    def _measure(self, chunk: OpenChunk, size: int | None, most: int, dialect: Dialect) -> None:
        """Set the size of a chunk, if it is known, and how far it may reach."""
        least = chunk.least
        if self._ledger is not None and not self._open:
            least += len(self._ledger.reserve)
        if size is None:
            if not self._can_seek:
                raise self._not_now("say its size: nothing can seek", chunk)
            size = least
            chunk.reach = min(
                chunk.start + most // dialect.alignment * dialect.alignment, chunk.room
            )
        else:
            chunk.size, chunk.reach = size, chunk.start + size
        if size > most:
            raise self._fault("size-over-limit", f"{size} bytes of at most {most}", chunk)
        if size < least:
            kind = "size-negative" if size < 0 else "no-type"
            raise self._fault(kind, f"{size} bytes of at least {least}", chunk)
        padding = size % dialect.alignment
        if padding and chunk.is_group:
            raise self._wrong(f"groups have no odd size such as {size}", chunk)
        if chunk.start + size + padding > chunk.room:
            raise self._too_far(size, chunk)

    def _measured_unknown(self, chunk: OpenChunk, dialect: Dialect) -> int:
        most = self._largest(dialect)
        if most < SIZE_UNKNOWN:
            raise self._fault("size-over-limit", f"{SIZE_UNKNOWN} bytes of at most {most}", chunk)
        is_inside = self._open and chunk.type not in dialect.unknown_types
        if not dialect.unknown or (is_inside and chunk.id not in dialect.unknown):
            raise self._wrong("it cannot be of unknown size", chunk)
        if not all(each.is_unknown for each in self._open):
            raise self._wrong("the group around it is not of unknown size", chunk)
        chunk.is_unknown, chunk.reach = True, NO_LIMIT
        return SIZE_UNKNOWN

    def _largest(self, dialect: Dialect, *, is_elsewhere: bool = False) -> int:
        """Return the largest size that a chunk here may have, and that can be stated."""
        if self._ledger is not None:
            return LARGEST_OF_ALL
        if dialect.has_ds64 and not is_elsewhere:
            return LARGEST_SIZE
        if self._open:
            return min(dialect.max_size, dialect.max_top_size)
        return dialect.max_top_size

    def _padding(self, chunk: OpenChunk, end: int) -> int:
        """Return how many bytes follow data that ends there; none where it has no known end."""
        return 0 if chunk.is_unknown else (end - chunk.start) % self.dialect.alignment

    def _patches_of(self, chunk: OpenChunk, size: int) -> list[Patch]:
        """Return what there is to change now that a chunk has ended."""
        ledger = self._ledger
        if ledger is not None:
            ledger.end(chunk, size)
            if len(self._open) == 1 and (found := ledger.patches(size, self.sample_count)):
                return found
        if chunk.size is not None or chunk.is_unknown:
            return []
        behind = HEADER_BYTES if self.dialect.signature else SIZE_BYTES
        stated = SIZE_UNKNOWN if chunk.is_big else size
        return [Patch(chunk.start - behind, stated.to_bytes(SIZE_BYTES, self.dialect.byteorder))]

    # RF64 whose sizes are known before

    @property
    def _awaits_ds64(self) -> bool:
        return self.dialect.has_ds64 and len(self._open) == 1 and self._sizes is None

    def _ds64(self, data: bytes) -> bytes:
        top = self._open[-1]
        riff_size, sizes = sizes_in(data)
        padding = bytes(len(data) % self.dialect.alignment)
        whole = self._head(self._admitted(DS64, None), len(data)) + data + padding
        end = self.offset + len(whole)
        if riff_size % self.dialect.alignment or top.start + riff_size < end:
            raise self._wrong(f"ds64 cannot say that all is {riff_size} bytes")
        top.size, top.reach = riff_size, top.start + riff_size
        self._sizes = sizes
        self.offset = end
        return whole

    # What is given, and what is raised

    def _head(self, chunk: OpenChunk, size: int) -> bytes:
        signature = self.dialect.signature
        if signature:
            return (b"" if self._tops else signature) + self._pack(size, chunk.id)
        return self._pack(chunk.id, size) + (chunk.type or b"")

    def _innermost(self) -> OpenChunk:
        self._check_not_finished()
        if not self._open:
            raise self._not_now("no chunk is open")
        return self._open[-1]

    def _check_not_finished(self) -> None:
        if self._is_finished:
            raise self._not_now("all is finished")

    def _path(self, inside: OpenChunk | None) -> list[str]:
        return [each.label for each in self._open] + ([] if inside is None else [inside.label])

    def _not_now(self, text: str, inside: OpenChunk | None = None) -> NotAllowedNow:
        return NotAllowedNow(text, position=self.offset, path=self._path(inside))

    def _wrong(
        self, text: str, inside: OpenChunk | None = None, hint: str | None = None
    ) -> FieldError:
        return FieldError(text, position=self.offset, path=self._path(inside), hint=hint)

    def _fault(self, kind: str, note: str = "", inside: OpenChunk | None = None) -> FieldError:
        text = f"{kind}: {PROBLEMS[kind].meaning}" + (f" ({note})" if note else "")
        return self._wrong(text, inside, kind)

    def _too_far(self, size: int, inside: OpenChunk | None = None) -> FieldError:
        """Return the error of a size that leads out of the group around, or over its limit."""
        around = self._open if inside is not None else self._open[:-1]
        is_stated = any(each.size is not None for each in around)
        kind = "child-beyond-parent" if is_stated else "size-over-limit"
        return self._fault(kind, f"{size} bytes", inside)
