"""Deploy faults and harmless releases, and say which were noticed."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from .bench import Bench, Result, TrialError
from .case import Case, CaseError
from .cases import APPS, BY_APP
from .kept import Row, keep, row
from .table import GONOGO, figures, filled, line

__all__: list[str] = []


_STOP = threading.Event()
_WRITING = threading.Lock()


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every case went as it should; stopped by a signal, it ends the cases at hand and tells of those."""
    options = _options(argv)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _STOP.set())
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="gonogo-corpus-") as folder:
        for app in options.app or BY_APP:
            cases = [case for case in BY_APP[app] if not options.case or case.name in options.case][:: options.every]
            noted = partial(_noted, options, app)
            rows += _run(cases, partial(_bench, app, Path(folder), options.tool), noted, workers=options.workers)
    sys.stdout.write(f"\n{figures(rows)}")
    if options.page is not None:
        text = options.page.read_text(encoding="utf-8")
        options.page.write_text(filled(text, keep(options.keep, ()), BY_APP), encoding="utf-8")
    return 0 if not _STOP.is_set() and all(one.well for one in rows) else 1


def _bench(app: str, folder: Path, tool: str | None) -> Bench:
    return Bench(APPS[app], Path(tempfile.mkdtemp(prefix=f"{app}-", dir=folder)), tool=tool)


def _run(
    cases: Sequence[Case], made: Callable[[], Bench], noted: Callable[[Result], Row], *, workers: int
) -> list[Row]:
    """Each worker has its share, and a bench of its own."""
    shares = [share for number in range(workers) if (share := cases[number::workers])]
    with ThreadPoolExecutor(max(len(shares), 1)) as pool:
        return [row for done in pool.map(lambda share: _share(share, made, noted), shares) for row in done]


def _share(cases: Sequence[Case], made: Callable[[], Bench], noted: Callable[[Result], Row]) -> list[Row]:
    """Until one is told to stop, or the good release itself does not go; a bench that a case spoilt is made anew."""
    results: list[Result] = []
    rows: list[Row] = []
    while len(rows) < len(cases) and not _STOP.is_set():
        bench = made()
        try:
            bench.begin()
        except TrialError as error:
            bench.close()
            return rows + [noted(_untried(case, str(error))) for case in cases[len(rows) :]]
        try:
            while len(rows) < len(cases) and not _STOP.is_set():
                results.append(_tried(bench, cases[len(rows)]))
                rows.append(noted(results[-1]))
                if cases[len(rows) - 1].one_way:
                    break
            else:
                bench.go_back()
        except TrialError as error:
            rows[-1] = noted(replace(results[-1], has_way_back=False, said=str(error)))
        finally:
            bench.close()
    return rows


def _tried(bench: Bench, case: Case) -> Result:
    try:
        return bench.try_out(case)
    except CaseError as error:
        return _untried(case, str(error))


def _untried(case: Case, why: str) -> Result:
    return Result(case=case, seconds=0, code=-1, stage="", serves="", said=f"no trial: {why}")


def _noted(options: argparse.Namespace, app: str, result: Result) -> Row:
    """Said, and kept where it was a trial."""
    made = row(result, tool=options.tool or GONOGO, app=app, commit=_commit())
    with _WRITING:
        sys.stdout.write(line(result))
        sys.stdout.flush()
        if options.keep is not None and result.code >= 0:
            keep(options.keep, [made])
    return made


def _commit() -> str:
    """The last one that changed gonogo; with a plus where something of it is not committed."""
    parts = ("gonogo", "checks", "plugins")
    return _git("log", "-1", "--format=%h", "--", *parts) + ("+" if _git("status", "--porcelain", "--", *parts) else "")


def _git(*arguments: str) -> str:
    root = Path(__file__).parents[3]
    return subprocess.run(["git", *arguments], cwd=root, check=False, capture_output=True, text=True).stdout.strip()


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/corpus", description=__doc__)
    parser.add_argument("case", nargs="*", help="names of cases; without any, all of them")
    parser.add_argument("--app", action="append", choices=sorted(BY_APP), help="of these applications alone")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="a sample: each N-th case")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="how many at a time (2)")
    parser.add_argument(
        "--tool", metavar="CMD", help="a command that deploys what is checked out where it runs (gonogo)"
    )
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep each result there, the newest of each case")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write what is kept into this page; needs --keep")
    options = parser.parse_args(argv)
    if options.page is not None and options.keep is None:
        parser.error("--page: found no --keep, expected the file that results are kept in")
    return options


if __name__ == "__main__":
    sys.exit(main())
