"""Ports of this machine: find a free one, refuse one in use."""

import socket


def free_port() -> int:
    """Return a port of this machine that nothing uses at the moment.

    Introduced in chapter 11.
    """
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def require_free_port(port: int) -> None:
    """Raise unless nothing listens on this port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except (OSError, OverflowError) as error:
            raise ValueError(
                f"port must be a free port of this machine, got {port} ({error}); "
                "leave it out to let one be found"
            ) from None
