"""Clients for programs: sessions that submit and receive, on real sockets."""
