"""The configuration of a project: what ``gonogo.toml`` says, validated and resolved."""

from gonogo.config.entries import (
    CheckRule,
    Ci,
    Endpoint,
    Heartbeat,
    Logs,
    Page,
    Promote,
    SecretRule,
    SqlAssertion,
    Tag,
    TeamCommand,
    TeamStep,
    Visitor,
    Waiver,
    Watch,
    Webhook,
)
from gonogo.config.load import find_project, load_project, parse_project
from gonogo.config.metrics import MetricRule
from gonogo.config.models import App, Environment, Health, Project, Service

__all__ = [
    "App",
    "CheckRule",
    "Ci",
    "Endpoint",
    "Environment",
    "Health",
    "Heartbeat",
    "Logs",
    "MetricRule",
    "Page",
    "Project",
    "Promote",
    "SecretRule",
    "Service",
    "SqlAssertion",
    "Tag",
    "TeamCommand",
    "TeamStep",
    "Visitor",
    "Waiver",
    "Watch",
    "Webhook",
    "find_project",
    "load_project",
    "parse_project",
]
