"""Deploy faults and harmless releases, and say which were noticed."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .bench import Bench, Result, TrialError
from .case import Case, CaseError
from .cases import APPS, BY_APP
from .table import line, page, table

__all__: list[str] = []


_STOP = threading.Event()


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every case went as it should; stopped by a signal, it ends the cases at hand and tells of those."""
    options = _options(argv)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _STOP.set())
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="gonogo-corpus-") as folder:
        for app in options.app or BY_APP:
            cases = [case for case in BY_APP[app] if not options.case or case.name in options.case][:: options.every]
            places = [Path(folder) / f"{app}-{number}" for number in range(min(options.workers, len(cases)))]
            results += _run(cases, [Bench(APPS[app], place, tool=options.tool) for place in places])
    text = table(results)
    sys.stdout.write(f"\n{text}")
    if options.write is not None:
        options.write.write_text(page(text, tool=options.tool), encoding="utf-8")
    return 0 if results and not _STOP.is_set() and all(result.well for result in results) else 1


def _run(cases: Sequence[Case], benches: Sequence[Bench]) -> list[Result]:
    """Each bench has its share."""
    with ThreadPoolExecutor(max(len(benches), 1)) as pool:
        shares = [cases[number :: len(benches)] for number in range(len(benches))]
        return [result for done in pool.map(_share, benches, shares) for result in done]


def _share(bench: Bench, cases: Sequence[Case]) -> list[Result]:
    """Until one is told to stop, or the good release itself does not go."""
    results: list[Result] = []
    try:
        bench.begin()
        for case in cases:
            if _STOP.is_set():
                break
            results.append(_tried(bench, case))
            sys.stdout.write(line(results[-1]))
            sys.stdout.flush()
    except TrialError as error:
        sys.stdout.write(f"no trial: {error}\n")
        results += [_untried(case, str(error)) for case in cases[len(results) :]]
    finally:
        bench.close()
    return results


def _tried(bench: Bench, case: Case) -> Result:
    try:
        return bench.try_out(case)
    except CaseError as error:
        return _untried(case, str(error))


def _untried(case: Case, why: str) -> Result:
    return Result(case=case, seconds=0, code=-1, stage="", restored=False, said=f"no trial: {why}")


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/corpus", description=__doc__)
    parser.add_argument("case", nargs="*", help="names of cases; without any, all of them")
    parser.add_argument("--app", action="append", choices=sorted(BY_APP), help="of these applications alone")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="a sample: each N-th case")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="how many at a time (2)")
    parser.add_argument(
        "--tool", metavar="CMD", help="a command that deploys what is checked out where it runs (gonogo)"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="where the table goes as well")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
