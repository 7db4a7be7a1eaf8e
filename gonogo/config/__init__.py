"""The configuration of a project: what ``gonogo.toml`` says, validated and resolved."""

from gonogo.config.load import find_project, load_project, parse_project
from gonogo.config.models import (
    App,
    Endpoint,
    Environment,
    Health,
    Logs,
    Page,
    Project,
    SecretRule,
    Service,
    TeamStep,
    Waiver,
)

__all__ = [
    "App",
    "Endpoint",
    "Environment",
    "Health",
    "Logs",
    "Page",
    "Project",
    "SecretRule",
    "Service",
    "TeamStep",
    "Waiver",
    "find_project",
    "load_project",
    "parse_project",
]
