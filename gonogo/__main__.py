"""``gonogo`` and ``python -m gonogo``: Ctrl-C while the program is still being read is an ending, too."""

import sys

__all__ = ["main"]


def main() -> int:
    """Run the command line; returns the exit code."""
    try:
        from gonogo.cli import main as run  # noqa: PLC0415 (takes a quarter of a second)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing was touched\n")
        return 2
    return run()


if __name__ == "__main__":
    sys.exit(main())
