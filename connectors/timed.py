"""Connections that read a whole answer against one deadline: a socket's own timeout restarts with every byte."""

from __future__ import annotations

import io
import socket
import time
from functools import partial
from http.client import HTTPResponse
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

CONNECT_SECONDS = 3.0


class _TimedReader(io.RawIOBase):
    """An answer's bytes against a deadline for all of them: a socket's own timeout restarts with every byte."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock, self._until = sock, time.monotonic() + seconds
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedSocket:
    """The one method of a socket that `http.client` asks of it when it reads an answer."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock, self._seconds = sock, seconds

    def makefile(self, *args: Any, **kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._seconds))


def _timed_response(seconds: float, sock: socket.socket, *args: Any, **kwargs: Any) -> HTTPResponse:
    return HTTPResponse(_TimedSocket(sock, seconds), *args, **kwargs)  # type: ignore[arg-type]


class _Timed(HTTPConnection):
    def getresponse(self) -> Any:
        # urllib3 has set `timeout` to the read timeout by now; here it becomes one for the whole answer.
        timed = partial(_timed_response, float(self.timeout or CONNECT_SECONDS))
        self.response_class = timed  # type: ignore[assignment]  # any callable that makes one will do
        return super().getresponse()


class _TimedTls(_Timed, HTTPSConnection):
    pass


class TimedPool(HTTPConnectionPool):
    """Of plain connections; a pool's read timeout is for the whole answer."""

    ConnectionCls = _Timed


class TimedTlsPool(HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _TimedTls
