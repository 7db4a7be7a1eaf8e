"""Save what the outgoing release logged, before anything is stopped."""

from __future__ import annotations

from gonogo.host.runner import Command
from gonogo.run.work import Move, Work
from gonogo.runtimes.place import maker
from gonogo.state.store import write_atomically

__all__ = ["SaveLogs"]


class SaveLogs(Move):
    """The logs of what runs now, kept in the run's folder."""

    name = "logs"

    def describe(self, work: Work) -> tuple[str, ...]:
        """The commands whose output is kept."""
        return tuple(map(str, _commands(work)))

    def do(self, work: Work) -> str:
        """Keeps the logs; a service that logs nothing is no failure."""
        parts, lines = [], 0
        for command in _commands(work):
            completed = work.host.run(command, output_limit=32 * 1024 * 1024)
            parts.append(f"$ {command}\n{completed.output}{completed.errors}")
            lines += len(completed.output.splitlines()) + len(completed.errors.splitlines())
            if not completed.ok:
                work.notes.append(f"The outgoing release's logs could not be saved whole: `{command}` failed.")
        path = work.folder / "outgoing.log"
        write_atomically(path, "\n".join(parts))
        return f"{lines} line{'' if lines == 1 else 's'} of the outgoing release kept"


def _commands(work: Work) -> tuple[Command, ...]:
    if work.serving is None:
        return work.runtime.save_logs(work.place, None)
    runtime, place = maker(work.runtime, work.place, work.serving)
    return runtime.save_logs(place, work.serving)
