"""What this gate is about: the subject, the configuration that asks, and where things stand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.config import Environment, Project, find_project, load_project
from gonogo.gates.asked import last_of
from gonogo.gates.subject import Subject, attestations
from gonogo.plugins.stages import PROJECT, is_whole, selected_stages
from gonogo.records.results import GateResult, read_gate
from gonogo.records.told import Told
from gonogo.runtimes.place import host_path, read_variables, variables_of
from gonogo.runtimes.secret_values import redactor_for
from gonogo.secrets.known import Redactor
from gonogo.state.release import Release
from gonogo.state.store import State, state_of
from gonogo.words import Role, Stage

if TYPE_CHECKING:
    from gonogo.plugins.limits import Limits  # noqa: F401 (named as text below)

__all__ = ["LIMITS", "Context", "make_context"]

LIMITS = pytest.StashKey["Limits"]()
"""What the checks of a session ask with, once one of them asked."""


@dataclass(frozen=True)
class Context:
    """One gate's surroundings, made once a process."""

    subject: Subject
    project: Project
    environment: Environment
    stages: tuple[Stage, ...]
    whole: bool
    """False when only a part of the stage is asked (``-k``, ``-x``, a path)."""
    variables: dict[str, str] = field(repr=False)
    redactor: Redactor = field(repr=False)
    only: frozenset[str] | None = None
    early: bool = False
    """The baseline is still to come, and with it the checks that ask for it."""
    before: GateResult | None = None
    """What this gate asked already."""
    results: Path | None = None
    bound: float = 60.0
    """Seconds that one check may take."""
    told: Told = field(default_factory=Told)
    """What the release that serves was advised when it came."""

    @property
    def state(self) -> State:
        """The environment's memory."""
        return State(self.subject.state)

    @property
    def source_root(self) -> Path:
        """The application's folder: the judged release's own worktree where there is one."""
        release = self.subject.release
        return release.source_root(self.project.app.root) if release is not None else self.project.source_root

    def wants(self, nodeid: str) -> bool:
        """Whether a check is among those asked again."""
        asked = self.before is not None and any(check.id == nodeid for check in self.before.checks)
        return not asked and (self.only is None or nodeid in self.only)


def make_context(config: pytest.Config) -> Context:
    """Reads the subject that the wrapper wrote, or work out a bare run's.

    Raises:
        ConfigError: gonogo.toml is missing or broken.
        UsageError: the environment is unknown, or several could be meant.
    """
    stages = selected_stages(config.option.markexpr or "") or tuple(Stage)
    given = config.getoption("gonogo_subject")
    if given:
        subject = Subject.model_validate_json(Path(given).read_text(encoding="utf-8"))
        project, environment = subject.load()
    else:
        project = config.stash.get(PROJECT, None) or load_project(find_project(config.rootpath))
        environment = project.environment(config.getoption("gonogo_env"))
        attested = attestations(environment, config.getoption("gonogo_attest"))
        subject = _bare(project, environment, stages).model_copy(update={"attested": attested})
    today = read_variables(subject.path, environment)
    variables = {**today, **variables_of(subject.release)}  # what only gates use may be newer than what serves
    only = config.getoption("gonogo_only")
    results, before = config.getoption("gonogo_results"), config.getoption("gonogo_then")
    return Context(
        subject=subject,
        project=project,
        environment=environment,
        stages=stages,
        whole=_is_whole(config),
        variables=variables,
        redactor=redactor_for(environment, today, subject.release, subject.serving),
        only=frozenset(json.loads(Path(only).read_text(encoding="utf-8"))) if only else None,
        early=config.getoption("gonogo_early"),
        before=read_gate(Path(before)) if before else None,
        results=Path(results) if results else None,
        bound=config.getoption("timeout", None) or environment.check_timeout,
        told=Told.by(_gate_of(subject, stages)),
    )


def _gate_of(subject: Subject, stages: tuple[Stage, ...]) -> GateResult | None:
    """What this stage's gate said of the release that serves, when that came."""
    serving = subject.serving
    if serving is None or len(stages) != 1:
        return None
    if stages == (Stage.POSTDEPLOY,):
        return read_gate(serving.gate)
    return last_of(State(subject.state).run_folder(serving.id), role=Role.CANDIDATE, stage=stages[0])


def _bare(project: Project, environment: Environment, stages: tuple[Stage, ...]) -> Subject:
    """A bare run: the checkout before a deploy, the newest build, or what serves now."""
    state = state_of(project, environment)
    current = state.current()
    release: Release | None = current
    if stages == (Stage.PREDEPLOY,):
        release = None
    elif stages == (Stage.BUILD,):
        release = next(iter(state.releases()), None)
    return Subject(
        role=Role.BARE,
        env=environment.name,
        root=project.root,
        path=host_path(project, environment),
        state=state.root,
        checkout=project.root,
        release=release,
        serving=current,
    )


def _is_whole(config: pytest.Config) -> bool:
    option = config.option
    narrowed = option.keyword or option.maxfail or option.deselect or getattr(option, "lf", False)
    given = config.args_source is pytest.Config.ArgsSource.ARGS and not hasattr(config, "workerinput")
    return is_whole(option.markexpr or "") and not narrowed and not given
