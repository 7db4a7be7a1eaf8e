"""Inside a gate: which checks are collected, and how the session ends."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Generator, Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gonogo.config.builtin import checks_folder
from gonogo.errors import GonogoError
from gonogo.gates.process import checks_of
from gonogo.plugins import browser, cases, fixtures, output, verdict
from gonogo.plugins.context import Context, make_context
from gonogo.plugins.stages import stage_of
from gonogo.words import CONFIG_NAME, Stage

__all__ = ["CONTEXT", "GatePlugin", "activate"]

CONTEXT = pytest.StashKey[Context]()


def activate(config: pytest.Config) -> None:
    """Registers everything a gate needs; on xdist workers too."""
    if config.option.collectonly and not config.option.markexpr:
        config.option.markexpr = " or ".join(Stage)
    try:
        context = make_context(config)
    except GonogoError as error:
        pytest.exit(str(error), returncode=error.exit_code)
    config.stash[CONTEXT] = context
    config.option.timeout = config.option.timeout or context.environment.check_timeout  # before pytest-timeout reads it
    if (speaking := config.stash.get(output.OUTPUT, None)) is not None:
        speaking.open(context.redactor)
        config.option.color = "yes" if config.option.color == "auto" and speaking.colours else config.option.color
    output.redact_files(config, context.redactor)
    _choose_paths(config, context)
    if sys.flags.optimize:  # Python leaves out every assert that is not rewritten
        pytest.register_assert_rewrite("gonogo.checks")
    else:
        sys.meta_path.insert(0, _AsInstalled)
    config.pluginmanager.register(GatePlugin(context), "gonogo-gate")
    config.pluginmanager.register(fixtures, "gonogo-fixtures")
    config.pluginmanager.register(cases, "gonogo-cases")
    config.pluginmanager.register(browser, "gonogo-browser")
    config.pluginmanager.register(verdict.VerdictPlugin(config, context), "gonogo-verdict")
    if config.pluginmanager.hasplugin("html"):
        from gonogo.plugins import html  # noqa: PLC0415 (only where reports are made)

        config.pluginmanager.register(html.HtmlPlugin(config, context), "gonogo-html")


def _choose_paths(config: pytest.Config, context: Context) -> None:
    """Without explicit paths, ask the built-in checks and the team's own; workers are given these paths too."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        root = context.subject.root
        own = checks_of(root, context.project.app.root)
        config.args = [str(path) for path in (root / CONFIG_NAME, own) if path.exists()]


class _AsInstalled:
    """Imports our modules from their bytecode before pytest would rewrite the checks, in each gate anew.

    Their asserts bring messages of their own, which rewriting adds nothing to.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Where a module of ours stands; None leaves it to the others."""
        return PathFinder.find_spec(name, path, target) if name.startswith("gonogo.") else None


class GatePlugin:
    """Collects ``gonogo.toml`` and ``checks/``; keeps what belongs to the stage."""

    def __init__(self, context: Context) -> None:
        """``context`` says what the gate is asked about."""
        self._context = context

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """From here on there is garbage: what was imported stays until the end."""
        done = yield
        gc.freeze()
        gc.enable()
        return done

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """A gonogo.toml yields the built-in checks."""
        if file_path.name == CONFIG_NAME and file_path.parent == self._context.subject.root:
            return BuiltInChecks.from_parent(parent, path=file_path, stages=self._context.stages)
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Drops what carries no stage marker; refuses a built-in check that does not say what it proves."""
        chosen: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        for item in items:
            stage = stage_of(item)
            later = self._context.early and "baseline" in getattr(item, "fixturenames", ())
            wanted = stage is not None and not later and self._context.wants(item.nodeid)
            (chosen if wanted else dropped).append(item)
            if stage is not None and item.nodeid.startswith("gonogo/"):
                _require_words(item, stage)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
        items[:] = _late_last(_alive_first(chosen))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> Generator[None]:
        """One test for each configured thing, and no secret in the name of any."""
        cases.parametrize(metafunc, self._context)
        yield
        output.redact_cases(metafunc, self._context.redactor)


def _alive_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """Whether anybody answers is asked first: where nobody does, nothing else waits for that long."""
    marks = ((item, item.get_closest_marker(Stage.POSTDEPLOY)) for item in items)
    first = [item for item, mark in marks if mark is not None and mark.kwargs.get("rests_on") == "live"]
    return first + [item for item in items if item not in first]


def _late_last(items: list[pytest.Item]) -> list[pytest.Item]:
    """Checks that observe over time are asked last; what they compare with is looked at first."""
    late = [item for item in items if item.get_closest_marker("late") is not None]
    ordered = [item for item in items if item not in late] + late
    watched = [item for item in late if "first_look" in getattr(item, "fixturenames", ())]
    names = getattr(ordered[0], "fixturenames", None) if watched else None
    if names is not None and "first_look" not in names:
        names.insert(0, "first_look")
    return ordered


def _require_words(item: pytest.Item, stage: Stage) -> None:
    marker = item.get_closest_marker(stage.value)
    doc = getattr(getattr(item, "obj", None), "__doc__", None)
    if marker is None or not marker.args or not marker.kwargs.get("remedy") or not (doc or "").strip():
        raise pytest.UsageError(f"{item.nodeid}: a built-in check needs a code, a remedy and a docstring.")


class BuiltInChecks(pytest.File):
    """The built-in checks, collected through the project's gonogo.toml."""

    def __init__(self, *, stages: tuple[Stage, ...], **arguments: Any) -> None:
        """Collects only the modules of these stages."""
        super().__init__(**arguments)
        self._stages = stages

    def collect(self) -> Iterable[pytest.Collector]:
        """One module for each file of the stages' folders."""
        for stage in self._stages:
            for path in sorted((checks_folder() / stage).glob("test_*.py")):
                yield BuiltInModule.from_parent(self, path=path, nodeid=f"gonogo/{stage}/{path.name}")


class BuiltInModule(pytest.Module):
    """A module of built-in checks, imported by its installed name."""

    def _getobj(self) -> Any:
        return importlib.import_module(f"gonogo.checks.{self.path.parent.name}.{self.path.stem}")
