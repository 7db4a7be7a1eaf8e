"""A workflow for a CI system, written when it is asked for."""

from __future__ import annotations

from gonogo.errors import UsageError

__all__ = ["workflow"]

_GITHUB = """\
# Written by `gonogo init`. Before it runs: put gonogo's repository and the commit of a release in place of OWNER and
# COMMIT, and give the machine that serves a self-hosted runner with the label @ENV@. More: examples/ci of gonogo.
name: gonogo

on:
  pull_request:
  push:
    branches: [main, master]

permissions:
  contents: read

concurrency:
  group: gonogo-${{ github.event_name }}-${{ github.ref }}
  cancel-in-progress: false

jobs:
  predeploy:
    if: github.event_name == 'pull_request'
    runs-on: [self-hosted, @ENV@]
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
          fetch-depth: 0
      - uses: OWNER/gonogo@COMMIT
        with:
          command: predeploy
          env: @ENV@

  deploy:
    if: github.event_name == 'push'
    runs-on: [self-hosted, @ENV@]
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
          fetch-depth: 0
      - uses: OWNER/gonogo@COMMIT
        with:
          command: deploy
          env: @ENV@
"""
_GITLAB = """\
# Written by `gonogo init`: `include: [{ local: .gitlab/gonogo.yml }]` in .gitlab-ci.yml takes it in. Before it runs:
# put gonogo's address and the commit of a release in place of HOST, PATH and COMMIT, and give the machine that serves a
# shell runner with the tag @ENV@.
.gonogo:
  variables:
    GONOGO: "$CI_PROJECT_DIR/.gonogo"
  tags: [@ENV@]
  before_script:
    - python3 -m venv "$GONOGO"
    - '"$GONOGO/bin/pip" install --quiet "gonogo @ git+https://HOST/PATH/gonogo.git@COMMIT"'

gonogo predeploy:
  extends: .gonogo
  script:
    - '"$GONOGO/bin/python" -m pytest -m predeploy --env @ENV@ --html=predeploy.html --junit-xml=predeploy.xml'
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  artifacts:
    when: always
    paths: [predeploy.html]
    reports: { junit: predeploy.xml }

gonogo deploy:
  extends: .gonogo
  resource_group: @ENV@
  interruptible: false
  script:
    - '"$GONOGO/bin/gonogo" deploy --env @ENV@ --json > result.json'
  after_script: # also when the job was cancelled
    - '"$GONOGO/bin/gonogo" resume --env @ENV@ --if-needed'
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  artifacts:
    when: always
    paths: [result.json, reports/]
"""
_KINDS = {"github": (".github/workflows/gonogo.yml", _GITHUB), "gitlab": (".gitlab/gonogo.yml", _GITLAB)}


def workflow(kind: str, env: str) -> tuple[str, str]:
    """Names and text of a workflow.

    Raises:
        UsageError: no such kind is known.
    """
    if kind not in _KINDS:
        raise UsageError(f'--workflow: found "{kind}", expected one of {", ".join(_KINDS)}.')
    name, text = _KINDS[kind]
    return name, text.replace("@ENV@", env)
