"""What a machine without a Docker daemon sees of the docker tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

__all__: list[str] = []

ROOT = Path(__file__).parents[2]
LINE = (
    "NOT RUN: 1 docker tests, because no Docker daemon answers (scripts/docker-engine install && "
    "scripts/docker-engine start; GONOGO_REQUIRE_DOCKER=1 makes this a failure)"
)


def run_one_docker_test(tmp_path: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Pytest on one docker test of this repository, where no daemon can answer."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "GONOGO_"))}
    environment |= {"DOCKER_HOST": f"unix://{tmp_path}/none.sock", "COLUMNS": "300"} | variables
    test = "tests/docker/test_base_images.py::test_an_unknown_image_names_those_that_can_be_built"
    argv = [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", test, *options]
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.thorough
@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_skipped_docker_tests_are_counted_aloud(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Without a daemon a docker test is skipped, and one line counts it, under xdist as well."""
    done = run_one_docker_test(tmp_path, *options)

    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines().count(LINE) == 1
    assert "1 skipped" in done.stdout.splitlines()[-1]


@pytest.mark.thorough
def test_a_required_daemon_that_is_missing_is_a_failure(tmp_path: Path) -> None:
    """GONOGO_REQUIRE_DOCKER=1 turns the skip into a red test that says how to start an engine."""
    done = run_one_docker_test(tmp_path, GONOGO_REQUIRE_DOCKER="1")

    assert done.returncode == 1, done.stdout
    assert "GONOGO_REQUIRE_DOCKER=1 asks for one: scripts/docker-engine start" in done.stdout
    assert "NOT RUN" not in done.stdout


def test_docker_tests_are_selected_by_their_folder(tmp_path: Path) -> None:
    """Every test in tests/docker carries the marker: `-m "not docker"` leaves none of them."""
    done = run_one_docker_test(tmp_path, "-m", "not docker")

    assert done.returncode == 5, done.stdout
    assert "1 deselected" in done.stdout.splitlines()[-1]
