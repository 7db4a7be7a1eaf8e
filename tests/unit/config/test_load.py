"""gonogo.config: what is accepted, and that every mistake is told at once with its place."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.config import find_project, load_project, models, parse_project
from gonogo.config.extends import MERGE_KEYS
from gonogo.config.runtimes import has
from gonogo.config.types import parse_duration
from gonogo.errors import ConfigError, UsageError

MINIMAL = """
[app]
name = "shop"

[service.api]
framework = "fastapi"

[env.staging]
project = "shop-staging"
"""


def problems(text: str) -> list[str]:
    """What is wrong with a configuration, one line each."""
    with pytest.raises(ConfigError) as caught:
        parse_project(text, root=Path("/srv/shop"))
    return list(caught.value.problems)


def test_minimal_configuration_has_defaults() -> None:
    """Three tables are a whole configuration."""
    project = parse_project(MINIMAL, root=Path("/srv/shop"))

    staging = project.environments["staging"]
    assert (staging.name, staging.tier, staging.runtime, staging.keep) == ("staging", "staging", "compose", 5)
    assert staging.service["api"].framework == "fastapi"
    assert project.source_root == Path("/srv/shop")


def test_every_mistake_is_told_at_once_with_line_key_found_and_expected() -> None:
    """One run of the editor mends them all."""
    text = (
        '[app]\nname = "shop"\nrequird = ["x"]\n\n'
        '[service.api]\nframework = "fastap"\n\n'
        '[env.staging]\nproject = "shop"\nurl = "stagng"\ntier = "stagin"\n\n'
        '[env.prod]\nextends = "stagng"\n'
    )

    assert problems(text) == [
        "gonogo.toml:3: app.requird: found an unknown key, expected one of default_env, name, not_source, plugins, required, root; "
        'did you mean "required"?',
        "gonogo.toml:6: service.api.framework: found \"fastap\", expected: input should be 'fastapi', 'flask', 'django' or "
        "'none'; did you mean \"fastapi\"?",
        "gonogo.toml:11: env.staging.tier: found \"stagin\", expected: input should be 'dev', 'staging' or 'prod'; "
        'did you mean "staging"?',
        'gonogo.toml:10: env.staging.url: found "stagng", expected an http(s) URL',
        'gonogo.toml:14: env.prod.extends: found "stagng", expected one of the environments staging, prod; '
        'did you mean "staging"?',
    ]


def test_missing_required_key_names_the_table() -> None:
    """An environment without project cannot be told from another."""
    assert problems('[app]\nname = "shop"\n\n[env.staging]\ntier = "dev"\n') == [
        "gonogo.toml:4: env.staging.project: found nothing, expected a value (the key is required)",
    ]


def test_broken_toml_is_one_problem() -> None:
    """A text that is no TOML is told with its line at the front, as every other mistake is; its end has no line."""
    assert problems('[app]\nname = "shop"\n[env\n') == [
        "gonogo.toml:3: found text that is no TOML (Expected ']' at the end of a table declaration, column 5), "
        "expected a valid TOML document.",
    ]
    assert problems("[app]\nname =") == [
        "gonogo.toml: found text that is no TOML (Invalid value (at end of document)), expected a valid TOML document.",
    ]


def test_two_environments_never_share_a_compose_project() -> None:
    """They would replace each other's containers."""
    text = MINIMAL + '\n[env.prod]\nproject = "shop-staging"\n'

    assert problems(text) == [
        'gonogo.toml:12: env.prod.project: found "shop-staging", which env.staging has too; expected a project of its own: '
        "two environments that share one would replace each other's containers",
    ]


def test_a_commit_is_promoted_from_another_environment() -> None:
    """One that is not there would let nothing through, or everything; a time has its unit."""
    itself = MINIMAL + '\n[env.prod]\nproject = "p"\npromote = { from = "prod" }\n'
    unknown = MINIMAL + '\n[env.prod]\nproject = "p"\npromote = { from = "stagin", after = 24 }\n'
    near = MINIMAL + '\n[env.prod]\nproject = "p"\npromote = { from = "stagin" }\n'

    assert problems(itself) == ['gonogo.toml:13: env.prod.promote.from: found "prod", expected one of staging']
    assert problems(near) == [
        'gonogo.toml:13: env.prod.promote.from: found "stagin", expected one of staging; did you mean "staging"?'
    ]
    assert [line.partition(": ")[2].partition(",")[0] for line in problems(unknown)] == [
        "env.prod.promote.after: found 24"
    ]


def test_extends_does_not_inherit_the_project() -> None:
    """An environment that only says ``extends`` still has to name its own project."""
    assert problems(MINIMAL + '\n[env.prod]\nextends = "staging"\n') == [
        "gonogo.toml:11: env.prod.project: found nothing, expected a value (the key is required)",
    ]


def test_extends_merges_tables_and_lists_by_their_key() -> None:
    """An endpoint of the base is changed by naming its request, a new one is added."""
    text = """
[app]
name = "shop"
[env.staging]
project = "a"
health = { live = "/live", ready = "/ready" }
[[env.staging.endpoint]]
request = "GET /login"
within = "2s"
[env.prod]
extends = "staging"
project = "b"
health = { ready = "/r" }
[[env.prod.endpoint]]
request = "GET /login"
status = 302
[[env.prod.endpoint]]
request = "GET /new"
"""
    prod = parse_project(text, root=Path("/x")).environments["prod"]

    assert [(e.request, e.status, e.within) for e in prod.endpoint] == [
        ("GET /login", 302, 2.0),
        ("GET /new", 200, 5.0),
    ]
    assert (prod.health.live, prod.health.ready) == ("/live", "/r")


def test_mistake_in_an_inherited_list_is_told_where_it_was_written() -> None:
    """The second environment repeats no problem of the first."""
    text = """
[app]
name = "shop"
[env.staging]
project = "a"
[[env.staging.endpoint]]
request = "FETCH /login"
[env.prod]
extends = "staging"
project = "b"
"""
    assert problems(text) == [
        'gonogo.toml:7: env.staging.endpoint.0.request: found "FETCH /login", expected a method and a path, '
        'such as "GET /login"',
    ]


def test_circle_of_extends_is_refused() -> None:
    """Neither environment has an end to inherit from."""
    text = '[app]\nname = "a"\n[env.x]\nextends = "y"\n[env.y]\nextends = "x"\n'

    assert problems(text)[0] == (
        "gonogo.toml:4: env.x.extends: found a circle (x extends y extends x), expected a chain with an end"
    )


def test_runtime_process_asks_for_commands() -> None:
    """Without a command there is nothing to start."""
    (found,) = problems(MINIMAL + 'runtime = "process"\n')

    assert found.startswith("gonogo.toml:8: env.staging: found ")
    assert found.endswith("expected: runtime process needs a command for each service (none for ['api'])")


def test_observation_longer_than_a_check_may_last_is_refused() -> None:
    """D03 could never end."""
    assert problems(MINIMAL + 'health = { stable_for = "90s" }\n') == [
        "gonogo.toml:8: env.staging: found this table, expected: health.stable_for must be shorter than check_timeout: "
        "D03 observes for that long",
    ]


def test_unknown_environment_lists_the_known_ones() -> None:
    """The operator sees what can be asked for."""
    project = parse_project(MINIMAL + '\n[env.prod]\nproject = "p"\n', root=Path("/x"))

    with pytest.raises(UsageError) as unknown:
        project.environment("prd")
    with pytest.raises(UsageError) as none:
        project.environment(None)
    assert str(unknown.value) == '--env: found "prd", expected one of staging, prod.'
    assert str(none.value) == "--env: found nothing, expected one of staging, prod (or app.default_env in gonogo.toml)."


def test_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    """The message names the folder and what to do."""
    with pytest.raises(ConfigError) as caught:
        find_project(tmp_path)

    assert str(caught.value).startswith(f"{tmp_path}/gonogo.toml: found no file, here or in a folder above; expected")


def test_configuration_is_found_from_a_folder_below(tmp_path: Path) -> None:
    """As git does."""
    (tmp_path / "gonogo.toml").write_text(MINIMAL)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)

    assert load_project(find_project(below)).root == tmp_path


@pytest.mark.parametrize(("text", "seconds"), [("500ms", 0.5), ("30s", 30), ("5m", 300), ("24h", 86400), ("1.5s", 1.5)])
def test_durations_carry_their_unit(text: str, seconds: float) -> None:
    """Every unit that the documentation names."""
    assert parse_duration(text) == pytest.approx(seconds)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none()))
def test_other_durations_are_refused(value: object) -> None:
    """A bare number's unit would be a guess; nothing else crashes."""
    try:
        assert parse_duration(value) >= 0
    except ValueError as error:
        assert "expected a duration with its unit" in str(error)


@pytest.mark.parametrize(("name", "key"), MERGE_KEYS.items())
@pytest.mark.parametrize("value", ["[]", "{}", "3"])
def test_name_that_is_no_text_is_told_under_extends_too(name: str, key: str, value: str) -> None:
    """Lists of tables are merged before they are judged; what cannot be a name, or is no list, must not end that."""
    layers = f"{name} = [{{ {key} = {value} }}]", f"{name} = 3"
    for below, above in itertools.product(layers, repeat=2):
        text = MINIMAL + f'{below}\n[env.prod]\nextends = "staging"\nproject = "p"\n{above}\n'

        assert all(f".{name}" in problem for problem in problems(text))


@given(st.text())
def test_any_text_is_a_project_or_a_list_of_problems(text: str) -> None:
    """The parser never lets another exception out."""
    try:
        parse_project(text, root=Path("/x"))
    except ConfigError as error:
        assert error.problems


_VALUE = st.recursive(
    st.one_of(st.text(max_size=8), st.integers(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)


@given(
    st.sampled_from(
        ["app", "service", "env", "service.api", "env.x", "env.x.health", "env.x.step", "env.x.waive", "env.x.attest"]
    ),
    _VALUE,
)
def test_any_value_in_any_table_is_told_not_crashed_on(table: str, value: object) -> None:
    """Wrong types in every place are problems with a line, never a traceback."""
    import json  # noqa: PLC0415

    inline = (
        json.dumps(value)
        if not isinstance(value, dict)
        else "{" + ", ".join(f"{json.dumps(k)} = 1" for k in value) + "}"
    )
    text = f"{table} = {inline}\n" if "{" not in inline or isinstance(value, dict) else "app = 1\n"
    try:
        parse_project(text, root=Path("/x"))
    except ConfigError as error:
        assert all(problem.startswith("gonogo.toml") for problem in error.problems)


def test_name_of_an_environment_stands_in_its_header() -> None:
    """Seen: ``name`` was swallowed, and the environment was called otherwise."""
    assert problems(MINIMAL + 'name = "live"\n') == [
        "gonogo.toml:10: env.staging.name: found an unknown key, expected the name in the header: [env.staging]"
    ]


def test_health_of_a_service_is_laid_over_that_of_the_environment() -> None:
    """Seen: a service that only states its own page dropped the environment's timeout and readiness."""
    text = MINIMAL + 'health = { ready = "/readyz", timeout = "5m", live = "/up" }\n'
    text += '[env.staging.service.api]\nhealth = { live = "/healthz" }\n'
    staging = parse_project(text, root=Path("/srv/shop")).environments["staging"]

    own = staging.health_of("api")
    assert (own.live, own.ready, own.timeout) == ("/healthz", "/readyz", 300.0)
    assert staging.health_of("db") == staging.health


NAMED = f'{MINIMAL}url = "https://shop.test:8443"\nconnect_to = "{{to}}"\n'


@pytest.mark.parametrize(
    ("to", "url", "expected"),
    [
        ("127.0.0.1", "https://shop.test:8443/healthz?a=1", "https://127.0.0.1:8443/healthz?a=1"),
        ("127.0.0.1:9000", "https://shop.test:8443/", "https://127.0.0.1:9000/"),
        ("[::1]:9000", "https://shop.test:8443/", "https://[::1]:9000/"),
        ("[::1]", "https://shop.test:8443/", "https://[::1]:8443/"),
        ("inner.shop:9000", "https://shop.test/", "https://inner.shop/"),
        ("127.0.0.1:9000", "http://shop.test:8000/", "http://127.0.0.1:8000/"),
        ("127.0.0.1", "https://api.shop.test:8443/", "https://api.shop.test:8443/"),
    ],
)
def test_requests_to_the_url_are_sent_where_it_says(to: str, url: str, expected: str) -> None:
    """Another port of the same name stays as it is; another name goes where that leads."""
    staging = parse_project(NAMED.format(to=to), root=Path("/srv/shop")).environments["staging"]

    assert staging.reached(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://shop.localhost:8008/healthz", "http://localhost:8008/healthz"),
        ("https://api.shop.localhost/", "https://localhost/"),
        ("http://localhost:8008/", "http://localhost:8008/"),
        ("http://shop.localhost.example.com/", "http://shop.localhost.example.com/"),
    ],
)
def test_a_name_below_localhost_is_this_machine(url: str, expected: str) -> None:
    """Whatever the resolver knows of it: RFC 6761, 6.3."""
    text = MINIMAL + 'url = "http://shop.localhost:8008"\n'
    staging = parse_project(text, root=Path("/srv/shop")).environments["staging"]

    assert staging.reached(url) == expected


def test_a_service_with_an_address_of_its_own_is_reached_where_it_says() -> None:
    """Under its name and port; what the environment's says holds for all else of that name."""
    text = MINIMAL.replace("[service.api]", '[service.api]\nurl = "https://api.test"\nconnect_to = "127.0.0.1:8001"', 1)
    text += 'url = "https://shop.test"\nconnect_to = "127.0.0.1"\n'
    staging = parse_project(text, root=Path("/srv/shop")).environments["staging"]

    assert staging.reached("https://api.test/v1") == "https://127.0.0.1:8001/v1"
    assert staging.reached("https://api.test:444/v1") == "https://api.test:444/v1"
    assert staging.reached("https://shop.test/") == "https://127.0.0.1/"


@pytest.mark.parametrize("where", ["[service.api]", "[env.staging]"])
def test_connect_to_needs_a_url_everywhere(where: str) -> None:
    """Of a service as well."""
    (found,) = problems(MINIMAL.replace(where, f'{where}\nconnect_to = "127.0.0.1"', 1))

    assert "connect_to needs a url" in found


@pytest.mark.parametrize(
    "to", ["", "http://127.0.0.1", "127.0.0.1/", "127.0.0.1:", "127.0.0.1:99999", "me@host", "a b"]
)
def test_what_is_no_address_to_connect_to_is_named(to: str) -> None:
    """With what was meant."""
    (found,) = problems(NAMED.format(to=to))

    assert "env.staging.connect_to" in found
    assert "expected" in found


def test_commands_are_refused_where_they_could_not_be_asked() -> None:
    """A command inside a service needs one that runs; two need two names; none may outlast its gate."""
    text = MINIMAL + '[[env.staging.command]]\nname = "a"\nrun = "true"\n'

    assert problems(text + 'stage = "build"\nservice = "api"\n') == [
        "gonogo.toml:10: env.staging.command.0: found this table, expected: service is for stage postdeploy: nothing of "
        "the release runs in build"
    ]
    assert problems(text + 'service = "api"\nenv = { A = "b" }\n') == [
        "gonogo.toml:10: env.staging.command.0: found this table, expected: env is for commands on the host: inside a "
        "service it has the service's own variables"
    ]
    assert problems(text + '[[env.staging.command]]\nname = "a"\nrun = "false"\n') == [
        "gonogo.toml:8: env.staging: found this table, expected: command a: found two of this name, expected a name of "
        "its own for each"
    ]
    assert problems(text + 'timeout = "10m"\n') == [
        "gonogo.toml:8: env.staging: found this table, expected: command a: timeout must be shorter than gate_timeout"
    ]


@pytest.mark.parametrize(
    ("visitor", "expected"),
    [
        ("", "expected login, auth or send: how the visitor comes in"),
        (
            'auth = "a:b"\nform = { a = "b" }',
            "expected: form, body and token need login: the request that they are for",
        ),
        ('login = "POST /login"\nform = { a = "b" }\nbody = "a"', "expected form or body, one of them"),
    ],
)
def test_a_visitor_needs_a_way_in(visitor: str, expected: str) -> None:
    """One way, and what belongs to it."""
    text = f'{MINIMAL}[env.staging.visitor]\nshows = "/dashboard"\n{visitor}\n'

    assert problems(text) == [f"gonogo.toml:10: env.staging.visitor: found this table, {expected}"]


@pytest.mark.parametrize("name", ["", "a b", "v{day}", "a..b", "-x", "a/", "{env", "x.lock", "a~1"])
def test_a_tag_has_a_name_that_git_takes(name: str) -> None:
    """It is known before the release went GO, when nothing can be said of it any more."""
    (problem,) = problems(f'{MINIMAL}[env.staging.tag]\nname = "{name}"\n')

    assert 'expected the name of a tag, such as "deployed/{env}/{date}-{commit}"' in problem


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('secret = "${S}"', "expected secret and harmless, or neither: only what does nothing is signed rightly"),
        ("refused = [401, 200]", "refused: expected statuses from 400 to 499, such as [401]"),
        ("refused = []", "refused: expected statuses from 400 to 499, such as [401]"),
    ],
)
def test_webhook_that_would_prove_nothing_or_do_something_is_refused(lines: str, expected: str) -> None:
    """Only an event of which nothing follows is signed rightly, and taking a wrong one is no refusal."""
    text = MINIMAL + f'[[env.staging.webhook]]\nrequest = "POST /hook"\nsignature = "github"\n{lines}\n'

    (problem,) = problems(text)
    assert problem.endswith(expected)


def test_signature_in_headers_of_ones_own_stands_in_one() -> None:
    """A header in which nothing is filled in signs nothing."""
    text = MINIMAL + '[[env.staging.webhook]]\nrequest = "POST /hook"\nsignature = { X-Sig = "hex" }\n'

    (problem,) = problems(text)
    assert 'signature: expected a header with {hex} or {base64}, such as { X-Signature = "{hex}" }' in problem


def test_a_heartbeat_stands_in_one_place_and_is_waited_for() -> None:
    """A file or a key; a gate has to end after the longest wait."""
    text = MINIMAL + '[[env.staging.heartbeat]]\nname = "jobs"\nservice = "api"\n'

    assert problems(text) == [
        "gonogo.toml:10: env.staging.heartbeat.0: found this table, expected exactly one of file and key"
    ]
    assert problems(text + 'key = "beat"\nwithin = "10m"\n') == [
        "gonogo.toml:8: env.staging: found this table, expected: heartbeat jobs: within must be shorter than gate_timeout: "
        "D16 waits for a beat"
    ]


def test_releases_take_turns_where_that_is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    """The strategy needs a proxy that is told, and a runtime that can start two."""
    asked = MINIMAL + 'strategy = "bluegreen"\n'
    traffic = 'traffic = { kind = "nginx", folder = "up", upstreams = { web = "api:8000" } }\n'
    process = asked.replace('framework = "fastapi"', 'command = "true"') + 'runtime = "process"\n'

    assert "strategy bluegreen needs traffic" in problems(asked)[0]
    assert parse_project(asked + traffic, root=Path("/srv/shop")).environments["staging"].traffic is not None
    assert parse_project(process + traffic, root=Path("/srv/shop")).environments["staging"].traffic is not None
    monkeypatch.setattr(models, "has", lambda runtime, what: what != "beside" and has(runtime, what))
    assert "strategy bluegreen: found runtime process, expected compose or process" in problems(process + traffic)[0]
