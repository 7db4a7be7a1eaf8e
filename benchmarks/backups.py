"""Measures what a backup and its proof cost against bare ``pg_dump`` and ``pg_restore``, as ratios in one run.

    .venv/bin/python benchmarks/backups.py [--megabytes 1000] [--runs 2]

A PostgreSQL in a container, rows of text and numbers in a dozen tables. The backup writes, counts in the dump's own
snapshot, and makes the digest; the proof starts a scratch server, restores and counts. Prints a Markdown table, with
the peak of this process's memory; nothing is asserted, machines differ.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared import seconds

from gonogo.backups.found import Found
from gonogo.backups.postgres import in_container
from gonogo.backups.proof import Proving, prove
from gonogo.backups.shelf import Shelf
from gonogo.backups.take import Taking, take
from gonogo.config.backups import BackupRule
from gonogo.host.runner import this_machine

IMAGE, NAME, TABLES = "postgres:15", "gonogo-benchmark-backups", 12
FILL = """\
CREATE TABLE t{n} AS SELECT i AS id, md5(i::text) || md5((i + {n})::text) AS code, i % 97 AS kind,
  'customer number ' || (i % 5000) || ' of the shop' AS who, now() - i * interval '1 second' AS at
FROM generate_series(1, {rows}) i; ALTER TABLE t{n} ADD PRIMARY KEY (id); CREATE INDEX ON t{n} (kind)
"""
BYTES_A_ROW = 190


def run(*words: str, into: Path | None = None, source: Path | None = None) -> str:
    """A command to its end, its output where it is told."""
    with (into or Path("/dev/null")).open("wb") as out, (source or Path("/dev/null")).open("rb") as given:
        done = subprocess.run(words, check=True, stdin=given, stdout=out if into else subprocess.PIPE)
    return "" if into else done.stdout.decode()


def sql(statement: str, database: str = "shop") -> str:
    """Asks the server."""
    return run("docker", "exec", NAME, "psql", "-U", "postgres", "-d", database, "-Atq", "-c", statement)


def main() -> int:
    """Measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=2)
    options = parser.parse_args()
    image = run("docker", "image", "inspect", "--format", "{{.Id}}", IMAGE).strip()
    run("docker", "run", "--detach", "--network", "none", "--name", NAME, "--env", "POSTGRES_PASSWORD=x", IMAGE)
    try:
        while subprocess.run(["docker", "exec", NAME, "pg_isready", "-qh", "127.0.0.1"], check=False).returncode:
            time.sleep(0.5)
        sql("CREATE DATABASE shop", "postgres")
        rows = options.megabytes * 1_000_000 // BYTES_A_ROW // TABLES
        for number in range(TABLES):
            sql(FILL.format(n=number, rows=rows))
        sql("VACUUM ANALYZE")
        with tempfile.TemporaryDirectory(prefix="gonogo-benchmark-") as folder:
            report(Path(folder), image, options.runs)
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", NAME], check=False, stdout=subprocess.DEVNULL)
    return 0


def report(folder: Path, image: str, runs: int) -> None:
    """The table."""
    host, shelf, bare = this_machine(timeout=3600), Shelf(folder / "shelf"), folder / "bare.dump"
    found = Found(sources=(in_container(NAME, image, service="db", database="shop"),))
    rule = BackupRule(timeout="1h")  # type: ignore[arg-type]
    job = Taking(shelf=shelf, host=host, rule=rule, app="a", env="e", folder=folder, serving=None, redact=str)
    dump = ("docker", "exec", NAME, "pg_dump", "-U", "postgres", "--format=custom", "shop")
    restore = (
        "docker",
        "exec",
        "--interactive",
        NAME,
        "pg_restore",
        "-U",
        "postgres",
        "--exit-on-error",
        "--dbname=again",
    )
    times: dict[str, list[float]] = {"pg_dump": [], "backup": [], "pg_restore": [], "proof": []}
    restored = []
    for _ in range(runs):
        times["pg_dump"].append(seconds(lambda: run(*dump, into=bare)))
        times["backup"].append(seconds(lambda: take(job, found)))
        sql("CREATE DATABASE again TEMPLATE template0", "postgres")
        times["pg_restore"].append(seconds(lambda: run(*restore, source=bare)))
        sql("DROP DATABASE again", "postgres")
        begin = time.monotonic()
        proof = prove(Proving(shelf=shelf, host=host, owner="benchmark/backups", timeout=3600), shelf.all()[0])
        times["proof"].append(time.monotonic() - begin)
        restored.append(proof.seconds)
        if proof.problems:
            sys.exit("; ".join(proof.problems))
    middle = {name: statistics.median(values) for name, values in times.items()}
    size = int(sql("SELECT pg_database_size('shop')")) // 1_000_000
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(
        f"A database of {size} MB, {bare.stat().st_size // 1_000_000} MB dumped; median of {runs} runs.\n\n"
        "| what | seconds | of bare |\n|---|---|---|\n"
        f"| `pg_dump` | {middle['pg_dump']:.1f} | 1 |\n"
        f"| backup | {middle['backup']:.1f} | {middle['backup'] / middle['pg_dump']:.2f} |\n"
        f"| `pg_restore` | {middle['pg_restore']:.1f} | 1 |\n"
        f"| proof's restore | {statistics.median(restored):.1f} | "
        f"{statistics.median(restored) / middle['pg_restore']:.2f} |\n"
        f"| whole proof | {middle['proof']:.1f} | {middle['proof'] / middle['pg_restore']:.2f} |\n\n"
        f"Peak memory of gonogo: {memory} MiB.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
