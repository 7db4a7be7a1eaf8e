"""Whether what is installed in the artifact fits together."""

from __future__ import annotations

import pytest

from gonogo.checks.build.holding import made_alike
from gonogo.checks.build.probing import ask, marked, needs_python
from gonogo.config import Environment, Service
from gonogo.inspection import probe_answers
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import Artifact

__all__: list[str] = []

_MARKER = "<<gonogo-requirements>>"
_SHOWN = 3


@pytest.mark.build(
    "B09",
    severity="advisory",
    needs=("service.entrypoint or service.framework or service.migrations",),
    remedy="Install versions that fit together (pip check tells), write them down, then: gonogo deploy --env {env}",
)
def test_installed_packages_fit_together(artifact: Artifact, environment: Environment, evidence: Collected) -> None:
    """Each package that an installed one requires is there, in a version that fits; as `pip check`, without pip.

    Catches a package that another one's update replaced. It warns, once: what the application cannot be imported
    without is told by B04 and B05.

    Before (Dockerfile):

        RUN pip install -r requirements.txt
        RUN pip install starlette==0.27.0

    After (Dockerfile; what is asked for at once is made to fit):

        RUN pip install -r requirements.txt starlette
    """
    service = environment.service.get(artifact.service, Service())
    if not needs_python(service):
        pytest.skip(f"service.{artifact.service} is not known to be a Python application")
    done = ask(artifact, service, probe_answers.script("requirements.py"), isolated=True)
    rows = marked(artifact, done, _MARKER).get("broken") or []
    said = [
        f"{row['name']} {row['version']} needs {row['needs']}, found {row['found'] or 'nothing'}"
        for row in rows
        if isinstance(row, dict)
    ]
    evidence.table("Requirements that are not met", [(line,) for line in said])
    evidence.alike(made_alike(artifact, "requirements"))
    if said:
        more = f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
        evidence.advise(f"the packages of {artifact.service}: {'; '.join(said[:_SHOWN])}{more}")
