"""One recogniser of the SDK, and the thread that makes it, stops it and lets it go.

Those calls may block for as long as a service hangs, so they never run where sockets are served, and
each recogniser has a thread of its own. All of them end before the process does: the SDK aborts a
process that exits with a recogniser running.
"""

from __future__ import annotations

import atexit
import functools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from speech.backends.azure.options import AzureOptions
from speech.backends.azure.signals import Lost, Ready, Released, Said

logger = logging.getLogger(__name__)

TOKEN_RETRY_SECONDS = 10
# At exit, for all together. One whose service hangs takes two seconds (sdk.STOP_SECONDS).
EXIT_SECONDS = 2.5


class Session:
    """`tell` is called on threads of the SDK and on ours."""

    def __init__(
        self, options: AzureOptions, language: str, phrases: tuple[str, ...], tell: Callable[[Said], None]
    ) -> None:
        self._options = options
        self._language = language
        self._phrases = phrases
        self._tell = tell
        self._stream: Any = None
        self._has_to_stop = threading.Event()
        # Waits at exit are ours (Sessions.close): the interpreter's own, for other threads, has no end.
        self._thread = threading.Thread(target=self._run, name=f"azure-{id(self):x}", daemon=True)

    def start(self) -> None:
        """RuntimeError if there can't be another thread."""
        sessions().add(self)
        try:
            self._thread.start()
        except RuntimeError:
            sessions().discard(self)
            raise

    def write(self, pcm: bytes) -> None:
        """Once `Ready`. Copies and returns at once, however much waits to be sent."""
        self._stream.write(pcm)

    def end_input(self) -> None:
        self._stream.close()

    def stop(self) -> None:
        """Ask it to end. Returns at once."""
        self._has_to_stop.set()

    def join(self, timeout_seconds: float) -> None:
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        try:
            self._recognise()
        except Exception as problem:
            logger.exception("an Azure recogniser could not be run")
            self._tell(Lost("RuntimeError", f"{type(problem).__name__} in the SDK"))
        finally:
            self._stream = None
            sessions().discard(self)
            self._tell(Released())

    def _recognise(self) -> None:
        # Loading the SDK takes 0.2 s, and who never uses it should not have it in memory.
        from speech.backends.azure import sdk  # noqa: PLC0415

        try:
            token = self._options.token()
        except Exception as problem:
            logger.exception("no token for Azure Speech")
            self._tell(Lost("NoToken", f"the token provider raised {type(problem).__name__}"))
            return
        recogniser = sdk.Recogniser(self._options, self._language, self._phrases, token)
        with recogniser.running(self._tell) as self._stream:
            self._tell(Ready())
            self._stay(recogniser.renew_token)

    def _stay(self, renew: Callable[[str], None]) -> None:
        """Until it is to stop. Tokens are renewed before they are ten minutes old."""
        has_token = bool(self._options.token_provider)
        timeout_seconds = self._options.token_seconds if has_token else None
        while not self._has_to_stop.wait(timeout_seconds):
            try:
                renew(self._options.token() or "")
                timeout_seconds = self._options.token_seconds
            except Exception:
                logger.exception("no new token for Azure Speech; trying again")
                timeout_seconds = TOKEN_RETRY_SECONDS


class Sessions:
    """Those of this process, from their start until everything they hold is given back."""

    def __init__(self) -> None:
        self._running: set[Session] = set()
        atexit.register(self.close)

    def __len__(self) -> int:
        return len(self._running)

    def add(self, session: Session) -> None:
        self._running.add(session)

    def discard(self, session: Session) -> None:
        self._running.discard(session)

    def close(self) -> None:
        running = tuple(self._running)
        for session in running:
            session.stop()
        deadline = time.monotonic() + EXIT_SECONDS
        for session in running:
            session.join(max(0, deadline - time.monotonic()))


@functools.cache
def sessions() -> Sessions:
    return Sessions()
