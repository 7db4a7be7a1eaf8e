"""``gonogo`` and ``python -m gonogo``: Ctrl-C while the program is still being read is an ending, too."""

import os
import sys

__all__ = ["main"]


def main() -> int:
    """Runs the command line; returns the exit code."""
    _open_closed_streams()
    try:
        from gonogo.cli import main as run  # noqa: PLC0415 (takes a quarter of a second)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing was touched\n")
        return 2
    return run()


def _open_closed_streams() -> None:
    """``2>&-``, a service without streams: else the next file that is opened would be taken for standard error."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


if __name__ == "__main__":
    sys.exit(main())
