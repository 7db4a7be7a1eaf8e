"""The example shop runs as its README says, on a real PostgreSQL."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest

from gonogo.checks.postdeploy.signing_in import signed_in
from gonogo.config import load_project
from gonogo.gates.budget import Budget
from gonogo.plugins.limits import Limits

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping

    import httpx

    Command = Callable[..., subprocess.CompletedProcess[str]]
    Serve = Callable[[Path, Mapping[str, str]], httpx.Client]
    Background = Callable[[Path, Mapping[str, str], list[str]], subprocess.Popen[bytes]]

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SHOP = Path(__file__).resolve().parents[3] / "examples" / "shop"
ADMIN = ("boss", "correct horse battery")
LEAD = {"name": "Ada", "email": "ada@example.com", "beds": 2, "baths": 1, "cleaning_type": "standard"}


@pytest.fixture(scope="session")
def empty(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[], dict[str, str]]:
    """Give a function that returns the variables of a shop with an empty database."""

    def variables() -> dict[str, str]:
        return {
            "DATABASE_URL": new_database(),
            "ADMIN_USER": ADMIN[0],
            "ADMIN_PASSWORD": ADMIN[1],
            "JOBS_INTERVAL": "0.2",
            "JOBS_ALIVE_FILE": str(tmp_path_factory.mktemp("jobs") / "alive"),
            "GONOGO_RELEASE": "20261121T221003-9a41b7d",
            "GONOGO_COMMIT": "9a41b7d",
        }

    return variables


@pytest.fixture(scope="session")
def shop(empty: Callable[[], dict[str, str]], run_in: Command) -> dict[str, str]:
    """Return the variables of a shop whose database is migrated to the head."""
    variables = empty()
    run_in(SHOP, variables, "alembic", "upgrade", "head")
    return variables


@pytest.fixture
def http(shop: dict[str, str], serve: Serve) -> httpx.Client:
    """Serve the migrated shop."""
    return serve(SHOP, shop)


def execute(variables: Mapping[str, str], statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
    """Run one statement on the shop's database and return its rows, if it has any."""
    with psycopg.connect(variables["DATABASE_URL"], autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def answers(client: httpx.Client) -> dict[str, dict[str, Any]]:
    """Return the readiness page's components by name."""
    return {check["name"]: check for check in client.get("/readyz").json()["checks"]}


def until_ready(client: httpx.Client, seconds: float = 20) -> httpx.Response:
    """Ask for readiness until it is 200; return the last answer."""
    deadline = time.monotonic() + seconds
    answer = client.get("/readyz")
    while not answer.is_success and time.monotonic() < deadline:
        time.sleep(0.1)
        answer = client.get("/readyz")
    return answer


@pytest.mark.thorough
def test_liveness_names_the_release(http: httpx.Client) -> None:
    """/healthz is 200, and it and each answer's header name the release that the environment gave."""
    answer = http.get("/healthz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "release": "20261121T221003-9a41b7d", "commit": "9a41b7d"}
    assert answer.headers["x-release"] == "20261121T221003-9a41b7d"


def test_an_unmigrated_shop_is_alive_but_not_ready(empty: Callable[[], dict[str, str]], serve: Serve) -> None:
    """On an empty database liveness is 200, readiness 503, and only the database component is well."""
    client = serve(SHOP, empty())

    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    assert {name: (check["ok"], check.get("error")) for name, check in answers(client).items()} == {
        "db": (True, None),
        "migrations": (False, "UndefinedTable"),
        "jobs": (False, "UndefinedTable"),
    }


@pytest.mark.thorough
def test_a_shop_behind_its_head_is_not_ready(
    empty: Callable[[], dict[str, str]], run_in: Command, serve: Serve
) -> None:
    """With the last migration missing, the migrations component says "behind" and which revision it found."""
    variables = empty()
    run_in(SHOP, variables, "alembic", "upgrade", "0002")

    found = answers(serve(SHOP, variables))["migrations"]

    del found["latency_ms"]
    assert found == {"name": "migrations", "ok": False, "revision": "0002", "head": "0003", "state": "behind"}


@pytest.mark.thorough
def test_the_job_runner_makes_the_shop_ready(
    empty: Callable[[], dict[str, str]], run_in: Command, serve: Serve, background: Background
) -> None:
    """Without a heartbeat readiness is 503; with the job runner it is 200; with an old heartbeat 503 again."""
    variables = empty()
    run_in(SHOP, variables, "alembic", "upgrade", "head")
    client = serve(SHOP, variables)
    before = client.get("/readyz")
    runner = background(SHOP, variables, ["app.jobs"])
    ready = until_ready(client)
    runner.terminate()
    stopped = runner.wait(10)
    execute(variables, "UPDATE heartbeats SET beat_at = now() - interval '181 seconds'")
    stale = client.get("/readyz")

    assert before.status_code == 503
    assert ready.status_code == 200
    assert ready.json()["ok"] is True
    assert [check["name"] for check in ready.json()["checks"]] == ["db", "migrations", "jobs"]
    assert stopped == 0
    assert stale.status_code == 503
    assert answers(client)["jobs"]["age_s"] > 180


@pytest.mark.thorough
def test_a_schema_ahead_of_the_code_stays_ready(
    empty: Callable[[], dict[str, str]], run_in: Command, serve: Serve
) -> None:
    """After a rollback the schema may be newer than the code: the migrations component is well and says "ahead"."""
    variables = empty()
    run_in(SHOP, variables, "alembic", "upgrade", "head")
    execute(variables, "UPDATE alembic_version SET version_num = '0004'")

    found = answers(serve(SHOP, variables))["migrations"]

    assert (found["ok"], found["state"]) == (True, "ahead")


@pytest.mark.thorough
def test_an_estimate_is_priced(http: httpx.Client) -> None:
    """Two bedrooms and a bathroom cost the base price plus each room's."""
    answer = http.post("/v1/estimate", json={"beds": 2, "baths": 1, "cleaning_type": "standard"})

    assert answer.status_code == 200
    assert answer.json() == {
        "total_cents": 10700,
        "currency": "EUR",
        "lines": [
            {"label": "Standard cleaning", "cents": 4900},
            {"label": "2 bedrooms", "cents": 3600},
            {"label": "1 bathroom", "cents": 2200},
        ],
    }


def test_an_unknown_cleaning_type_is_refused(http: httpx.Client) -> None:
    """What is not sold answers 422 and lists what is."""
    answer = http.post("/v1/estimate", json={"beds": 2, "baths": 1, "cleaning_type": "lunar"})

    assert answer.status_code == 422
    assert answer.json() == {
        "detail": 'unknown cleaning_type "lunar"; expected one of: standard, deep, move_out',
    }


@pytest.mark.thorough
@pytest.mark.parametrize("path", ["/admin", "/v1/leads"])
def test_leads_are_for_the_administrator(http: httpx.Client, path: str) -> None:
    """Without a password and with a wrong one the answer is 401, with the right one 200."""
    nobody = http.get(path)
    wrong = http.get(path, auth=(ADMIN[0], "guess"))
    right = http.get(path, auth=ADMIN)

    assert (nobody.status_code, wrong.status_code, right.status_code) == (401, 401, 200)
    assert nobody.headers["www-authenticate"].startswith("Basic")


@pytest.mark.thorough
def test_a_lead_is_stored_priced_and_shown(shop: dict[str, str], http: httpx.Client, background: Background) -> None:
    """A lead sent to the API is priced by the job runner and stands on the admin page."""
    created = http.post("/v1/leads", json=LEAD)
    background(SHOP, shop, ["app.jobs"])
    assert until_ready(http).status_code == 200
    number = created.json()["id"]
    deadline = time.monotonic() + 20
    while (lead := http.get(f"/v1/leads/{number}", auth=ADMIN).json())["total_cents"] is None:
        assert time.monotonic() < deadline, f"lead {number} was not priced within 20 s"
        time.sleep(0.1)

    assert created.status_code == 201
    assert {key: lead[key] for key in LEAD} == LEAD
    assert lead["total_cents"] == 10700
    assert "ada@example.com" in http.get("/admin", auth=ADMIN).text


def test_the_form_works_without_javascript(shop: dict[str, str], http: httpx.Client) -> None:
    """The browser's own form post stores a lead and leads to the thanks page; a broken one is shown again."""
    before = execute(shop, "SELECT count(*) FROM leads")[0][0]
    good = http.post("/leads", data=LEAD)
    bad = http.post("/leads", data={**LEAD, "email": "nowhere", "name": "<Bob>"})

    assert (good.status_code, good.headers["location"]) == (303, "/thanks")
    assert bad.status_code == 422
    assert "Please check the form" in bad.text
    assert "&lt;Bob&gt;" in bad.text
    assert execute(shop, "SELECT count(*) FROM leads")[0][0] == before + 1


def test_a_status_changes_only_from_the_shops_own_pages(shop: dict[str, str], http: httpx.Client) -> None:
    """The admin form moves a lead on; the same form sent by another site is refused."""
    number = http.post("/v1/leads", json=LEAD).json()["id"]
    path = f"/admin/leads/{number}/status"
    foreign = http.post(path, data={"status": "lost"}, auth=ADMIN, headers={"sec-fetch-site": "cross-site"})
    own = http.post(path, data={"status": "won"}, auth=ADMIN, headers={"sec-fetch-site": "same-origin"})

    assert (foreign.status_code, own.status_code) == (403, 303)
    assert execute(shop, "SELECT status FROM leads WHERE id = %s", number) == [("won",)]


def test_the_office_logs_in_and_out(http: httpx.Client) -> None:
    """A session opens the dashboard until the logout; a wrong password, a made-up session and another site open nothing."""
    form = {"user": ADMIN[0], "password": ADMIN[1]}
    wrong = http.post("/admin/login", data={**form, "password": "guess"})
    foreign = http.post("/admin/login", data=form, headers={"sec-fetch-site": "cross-site"})
    made_up = http.get("/admin", headers={"cookie": "shop_admin=9999999999.0f"})
    good = http.post("/admin/login", data=form)
    inside = http.get("/admin")
    kept = http.cookies["shop_admin"]
    http.post("/admin/logout")

    assert (wrong.status_code, foreign.status_code, made_up.status_code) == (401, 403, 401)
    assert "Wrong user or password." in wrong.text
    assert (good.status_code, good.headers["location"], inside.status_code) == (303, "/admin", 200)
    assert "HttpOnly; Max-Age=28800; Path=/; SameSite=strict" in good.headers["set-cookie"]
    assert http.get("/admin").status_code == 401
    assert http.get("/admin", headers={"cookie": f"shop_admin=1{kept}"}).status_code == 401


def test_the_visitor_of_its_gonogo_toml_comes_in(http: httpx.Client) -> None:
    """What D36 would ask as the office is shown to it, and to nobody with another password."""
    visitor = load_project(SHOP).environments["staging"].visitor
    limits, url = Limits(Budget(None), bound=60), str(http.base_url).rstrip("/")
    assert visitor is not None
    variables = {"ADMIN_USER": ADMIN[0], "ADMIN_PASSWORD": ADMIN[1]}
    with signed_in(visitor, url, variables, limits) as session:
        shown = session.get(f"{url}{visitor.shows}")

    assert (shown.status_code, http.get(visitor.shows).status_code) == (200, 401)
    with (
        pytest.raises(AssertionError, match="POST /admin/login: found 401, expected a login"),
        signed_in(visitor, url, {**variables, "ADMIN_PASSWORD": "guess"}, limits),
    ):
        pass


def test_a_lead_is_removed_only_from_the_shops_own_pages(shop: dict[str, str], http: httpx.Client) -> None:
    """The dashboard's button forgets a lead; another site's form and a second click do nothing."""
    number = http.post("/v1/leads", json=LEAD).json()["id"]
    path = f"/admin/leads/{number}/remove"
    foreign = http.post(path, auth=ADMIN, headers={"sec-fetch-site": "cross-site"})
    kept = execute(shop, "SELECT count(*) FROM leads WHERE id = %s", number)
    own, again = http.post(path, auth=ADMIN), http.post(path, auth=ADMIN)

    assert (foreign.status_code, own.status_code, again.status_code) == (403, 303, 404)
    assert (kept, execute(shop, "SELECT count(*) FROM leads WHERE id = %s", number)) == ([(1,)], [(0,)])


def test_each_request_is_one_log_line(http: httpx.Client, tmp_path: Path) -> None:
    """A request leaves one line with its path, status and user agent; uvicorn's own access line stays away."""
    http.get("/robots.txt", headers={"user-agent": "some probe/1"})
    http.get("/healthz")  # the line before is written once this one was taken up
    lines = [line for line in (tmp_path / "uvicorn.log").read_text().splitlines() if "/robots.txt" in line]

    assert len(lines) == 1
    assert " level=info logger=app.requests msg=request method=GET path=/robots.txt status=200 " in lines[0]
    assert lines[0].endswith('agent="some probe/1"')


def test_metrics_count_by_route(http: httpx.Client) -> None:
    """/metrics counts requests by route pattern, never by path."""
    http.get("/v1/leads/123456", auth=ADMIN)
    http.get("/no/such/page")
    lines = http.get("/metrics").text.splitlines()

    assert 'http_requests_total{method="GET",route="/v1/leads/{lead_id}",status="404"} 1.0' in lines
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 1.0' in lines
    assert not [line for line in lines if "123456" in line]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("/", "text/html", 'id="lead-form"'),
        ("/estimate", "text/html", "107.00 EUR"),
        ("/thanks", "text/html", "Thank you"),
        ("/robots.txt", "text/plain", "Disallow: /admin"),
        ("/favicon.ico", "image/svg+xml", "<svg"),
        ("/static/app.js", "text/javascript", "lead-form"),
        ("/openapi.json", "application/json", "/v1/estimate"),
    ],
)
def test_pages_answer(http: httpx.Client, path: str, kind: str, text: str) -> None:
    """Each page answers 200 with its kind and a text of its own."""
    answer = http.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert text in answer.text


@pytest.mark.parametrize("module", [["app.jobs"], ["uvicorn", "app.main:app", "--port", "0"]])
def test_a_start_without_its_environment_is_refused(run_in: Command, module: list[str]) -> None:
    """Web application and job runner name all missing variables and end."""
    done = run_in(SHOP, {"ADMIN_USER": "boss"}, *module, check=False)

    assert done.returncode != 0
    assert (
        "The environment is not complete:\n"
        "  DATABASE_URL: Field required\n"
        "  ADMIN_PASSWORD: Field required\n"
        "See .env.example.\n"
    ) in done.stderr


def test_the_entry_point_imports_without_its_environment(run_in: Command) -> None:
    """Whoever only looks at the code (an image's check) needs no variable."""
    run_in(SHOP, {}, "timeit", "-n", "1", "-r", "1", "import app.main, app.jobs")


@pytest.mark.thorough
def test_migrations_go_down_and_up_again_and_match_the_models(
    empty: Callable[[], dict[str, str]], run_in: Command
) -> None:
    """There is one head, each revision has a working downgrade, and the models need no further migration."""
    variables = empty()
    for target in (("upgrade", "head"), ("downgrade", "base"), ("upgrade", "head")):
        run_in(SHOP, variables, "alembic", *target)

    assert run_in(SHOP, variables, "alembic", "heads").stdout == "0003 (head)\n"
    assert "No new upgrade operations detected." in run_in(SHOP, variables, "alembic", "check").stdout


def test_alembic_asks_for_the_database(run_in: Command) -> None:
    """Without DATABASE_URL Alembic says which variable it wants."""
    done = run_in(SHOP, {}, "alembic", "current", check=False)

    assert done.returncode == 1
    assert done.stderr == (
        "alembic/env.py: DATABASE_URL is not set; expected postgresql://user:password@host:port/name\n"
    )


def test_the_jobs_healthcheck_follows_the_loop(
    shop: dict[str, str], run_in: Command, background: Background, tmp_path: Path
) -> None:
    """Asked before the first round app.alive is red, after it green, also while the database is away."""
    dead = {**shop, "JOBS_ALIVE_FILE": str(tmp_path / "alive"), "DATABASE_URL": "postgresql://x@127.0.0.1:1/none"}
    before = run_in(SHOP, dead, "app.alive", check=False)
    background(SHOP, dead, ["app.jobs"])
    deadline = time.monotonic() + 20
    while not (tmp_path / "alive").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    after = run_in(SHOP, dead, "app.alive", check=False)

    assert before.returncode == 1
    assert before.stderr == f"{tmp_path / 'alive'} does not exist: the job runner has not finished a round\n"
    assert after.returncode == 0, after.stderr


def test_the_teams_unit_tests_pass(run_in: Command, tmp_path: Path) -> None:
    """A plain pytest in the shop's folder runs its unit tests, not the checks."""
    copy = shutil.copytree(SHOP, tmp_path / "shop")

    done = run_in(copy, {}, "pytest", "-q", "-p", "no:cacheprovider")

    assert "passed" in done.stdout
    assert "checks" not in done.stdout
