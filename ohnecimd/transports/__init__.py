"""Connections on real sockets: one module for each I/O library, and the same behaviour in all.

Each of `sockets`, `asyncio` and `gevent` offers ``serve(factory, ...)`` and
``connect(factory, ...)``. A factory is what `ohnecimd.protocol` gives, or any other callable
that makes a `Connection` without arguments. Import the module that you need: this package
imports none of them.

``serve`` and ``connect`` take the same arguments everywhere:

factory
    Makes a connection: for each client, or the one of ours.
host, port
    Name or address of this machine, or of the server. Left out, a server listens on 127.0.0.1, and
    with port 0 at a free one: its ``address`` tells. An empty host stands for all IPv4 addresses.
unix
    The path of a Unix socket instead. A file that nobody listens at any more is replaced.
ssl
    An `ssl.SSLContext` makes it TLS.
on_event(connection, event)
    Gets what a parser has emitted. A client without one keeps events until they are fetched.
on_error(connection, error)
    Gets what has ended a connection, when all its events have been handed out. Without it, errors
    of the peer and of the transport are dropped, and faults of a parser or a handler are logged,
    under ``ohnecimd.transports``.
on_open(connection), on_close(connection)
    Get each connection at its beginning, and when its socket is closed.
max_connections
    When there are so many, further clients wait in the backlog.
backlog
    How many clients the system lets wait.
server_hostname
    Whom the server's certificate has to name: the host, if it is left out.
timeout_s
    How long a client waits for a server that neither sends nor takes anything: at first, and later.

What they have in common:

- TCP, or a Unix socket with ``unix=PATH``; TLS with ``ssl=SSLContext``.
- Whatever a parser queues goes out, however little the peer takes at a time. A server reads
  nothing from a peer that does not take its output, and lets its parser wait as long.
- A peer that has ended its output still gets the answer. A connection is over when its parser
  has ended, or when the input has ended, nothing is left to send and no deadline is set.
- What was queued before a parser failed is delivered before the connection is closed.
- Events go to a handler one after the other. What the handler makes its connection say goes out
  when it returns; for other connections, and elsewhere, there is ``flush(connection)``.
- ``stop()`` stops accepting, closes idle connections, lets the others finish for so many
  seconds, and closes the rest.
"""
