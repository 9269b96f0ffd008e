"""Write a tone as a WAV file: python examples/write_wav_header.py [FILE] [SECONDS].

Without FILE it goes to standard output, or to tone.wav if that is a terminal. Into a pipe the
header goes before anybody knows how long the sound will be, and says so:
python examples/write_wav_header.py | ffplay -
"""

import math
import struct
import sys
from collections.abc import Iterator
from typing import BinaryIO

from ohnecimd.protocols.iff import SIZE_UNKNOWN, Writer
from ohnecimd.protocols.iff.contents.formats import PcmFormat, WaveTag

RATE_HZ = 8000
TONE_HZ = 440
BLOCK_FRAMES = 1000
FORMAT = PcmFormat(WaveTag.PCM, 1, RATE_HZ, 2 * RATE_HZ, block_align=2, bits=16)


def tone(frames: int) -> Iterator[bytes]:
    """Give the samples, block by block."""
    for start in range(0, frames, BLOCK_FRAMES):
        block = range(start, min(start + BLOCK_FRAMES, frames))
        levels = (math.sin(math.tau * TONE_HZ * frame / RATE_HZ) for frame in block)
        yield struct.pack(f"<{len(block)}h", *(round(16000 * level) for level in levels))


def write_sound(file: BinaryIO, blocks: Iterator[bytes]) -> None:
    """Write header and samples; patch the sizes if that can be done."""
    can_seek = file.seekable()
    size = None if can_seek else SIZE_UNKNOWN
    writer = Writer("riff", can_seek=can_seek)
    file.write(writer.begin(b"RIFF", b"WAVE", size=size))
    file.write(writer.chunk(b"fmt ", FORMAT.encode()))
    file.write(writer.begin(b"data", size=size))
    file.writelines(map(writer.data, blocks))
    file.write(writer.end() + writer.end() + writer.finish())
    for offset, data in writer.patches():
        file.seek(offset)
        file.write(data)


def main(name: str = "", seconds: str = "1") -> None:
    """Write a tone of so many seconds."""
    blocks = tone(round(float(seconds) * RATE_HZ))
    if name or sys.stdout.isatty():
        with open(name or "tone.wav", "wb") as file:  # noqa: PTH123
            write_sound(file, blocks)
        print("wrote", name or "tone.wav")
    else:
        write_sound(sys.stdout.buffer, blocks)


if __name__ == "__main__":
    main(*sys.argv[1:])
