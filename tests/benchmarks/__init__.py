"""Measures what parsers of this library cost, beside those of others, in one run.

What is measured comes in groups (`group`), one module each, which the command line calls by name:

- `streams`: lines and frames out of pieces; `stream_readers` are those that compete;
- `growth`: how the cost of ours grows with the size;
- `messages`: messages of several fields, decoded and encoded, by `message_codecs`;
- `chunks`: the chunks of a file, read or listed, by `chunk_walkers`;
- `packets`: packets of CIMD2, decoded to raw and to typed messages, and encoded;
- `text`: the default alphabet of CIMD2, encoded and decoded;
- `submits`: messages a second from a client to the simulator, over a socket;
- `memory`: the peak of memory for short and long streams.

Five of them are a `race`: candidates that take turns at rows of work. A new kind of work is a
module like `messages`, and its group in `__main__`. `report` shows what came of it all.
"""
