"""Space on the disk that is kept free for the rollback: a release that fills the disk must still be turned back."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["SIZE", "Reserve"]

SIZE = 4 * 1024 * 1024
"""Bytes; a rollback writes a journal, pid files and the results of one gate."""


class Reserve:
    """A file of real blocks, from entering the context until it is given away or left."""

    def __init__(self, path: Path, *, size: int = SIZE) -> None:
        """Nothing is taken yet."""
        self._path = path
        self._size = size

    def __enter__(self) -> Self:
        """Takes the space.

        Raises:
            OSError: there is not that much; nothing is left behind.
        """
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size)
        except OSError as error:
            self.give()
            raise OSError(error.errno, error.strerror, str(self._path)) from error
        finally:
            os.close(descriptor)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gives the space back."""
        self.give()

    def give(self) -> None:
        """Frees the space, for what has to be written now."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
