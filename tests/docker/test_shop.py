"""The example shop under Compose, deployed and turned back by the real command line: one story, told in order."""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.support.chromium import need_chromium

from .base_images import ensure
from .stack import Ended, Stack, stack

__all__: list[str] = []

pytestmark = pytest.mark.xdist_group("shop")

SHOP = Path(__file__).parents[2] / "examples" / "shop"
FLOWS = "test_flows.py"
DEPLOYED = ("api", "jobs")
LEAD = {"name": "Ada", "email": "ada@example.com", "beds": 2, "baths": 1, "cleaning_type": "standard"}
ADDITIVE = '''\
"""Phone: where a lead wants to be called."""

from alembic import op
import sqlalchemy as sa

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the nullable phone number of a lead."""
    op.add_column("leads", sa.Column("phone", sa.String(40), nullable=True))


def downgrade() -> None:
    """Drop the phone number of a lead."""
    op.drop_column("leads", "phone")
'''
FORWARD_ONLY = '''\
"""No message: nobody ever read it."""

from alembic import op
import sqlalchemy as sa

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the message of a lead."""
    op.drop_column("leads", "message")


def downgrade() -> None:
    """Add the message again, empty."""
    op.add_column("leads", sa.Column("message", sa.Text(), nullable=False, server_default=""))
'''


@dataclass
class Shop:
    """The stack, its administrator, and what was noted on the way."""

    stack: Stack
    password: str
    commits: dict[str, str] = field(default_factory=dict)
    images: dict[str, dict[str, str]] = field(default_factory=dict)
    database: str = ""
    lead: int = 0

    def commit(self, version: str) -> None:
        """Commit a version; its heading says which it is."""
        home = self.stack.root / "app/templates/home.html"
        lines = home.read_text(encoding="utf-8").splitlines(keepends=True)
        marked = [f"<h1>{version}</h1>\n" if "<h1>" in line else line for line in lines]
        home.write_text("".join(marked), encoding="utf-8")
        self.commits[version] = self.stack.commit(version)

    def release_of(self, version: str) -> dict[str, Any]:
        """What the state folder says of the newest release of a version."""
        folders = sorted((self.stack.state / "releases").glob(f"*-{self.commits[version]}"))
        return self.stack.release(folders[-1].name)

    def serving(self) -> str | None:
        """The release that answers through Caddy, once as /healthz names it and once as the home page looks."""
        with self.stack.client() as client:
            release = client.get("/healthz").json()["release"]
            page = client.get("/").text
        named = [version for version, commit in self.commits.items() if release.endswith(f"-{commit}")]
        shown = [version for version in self.commits if f"<h1>{version}</h1>" in page]
        assert named == shown, f"/healthz names {release}, the page is that of {shown}"
        return named[0] if named else None

    def ask(self, path: str) -> Any:
        """A JSON page, as the administrator."""
        with self.stack.client(auth=("admin", self.password)) as client:
            answer = client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def lead_is_there(self) -> bool:
        """Whether the lead of the first day is kept, through the public URL."""
        return bool(self.ask(f"/v1/leads/{self.lead}")["email"] == LEAD["email"])


def make(stack_: Stack) -> Shop:
    """The example in a repository of its own, with a filled-in .env, short waits and patience with a busy machine."""
    for image in ("python:3.11-slim", "postgres:15", "caddy:2"):
        ensure(image)
    stack_.create(SHOP)
    (stack_.root / "checks" / FLOWS).unlink()  # the story is told without a browser; one test brings them back
    toml = "gonogo.toml"
    stack_.replace(toml, 'project = "shop-staging"', f'project = "{stack_.project}"\nstate = "{stack_.state}"')
    stack_.replace(toml, "http://127.0.0.1:8080", f"http://127.0.0.1:{stack_.port}")
    stack_.replace(toml, 'stable_for = "10s" }', 'stable_for = "1s" }\nretry_every = "100ms"\nwatch = { for = "6s" }')
    stack_.replace(toml, 'within = "1s"', 'within = "10s"', times=2)
    stack_.replace("docker-compose.yml", "start_period: 20s", "start_period: 60s\n      start_interval: 1s", times=2)
    password = secrets.token_hex(24)
    example = (SHOP / ".env.example").read_text(encoding="utf-8")
    env = example.replace("POSTGRES_PASSWORD=change-me", f"POSTGRES_PASSWORD={secrets.token_hex(24)}")
    env = env.replace("ADMIN_PASSWORD=change-me", f"ADMIN_PASSWORD={password}")
    stack_.write({".env": env.replace("HTTP_PORT=8080", f"HTTP_PORT={stack_.port}")})
    (stack_.root / ".env").chmod(0o600)
    return Shop(stack_, password)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Shop]:
    """The shop that the story is about; everything of it is removed afterwards."""
    folder = tmp_path_factory.mktemp("shop")
    with stack(folder, engine, "shop") as made:
        yield make(made)


@pytest.fixture(scope="module")
def first(shop: Shop) -> Ended:
    """v1 is deployed; then a customer leaves a lead through the public URL."""
    shop.commit("v1")
    ended = shop.stack.deploy()
    assert ended.code == 0, ended
    shop.images["v1"] = shop.stack.images()
    shop.database = str(shop.stack.containers()["db"].id)
    with shop.stack.client() as client:
        answer = client.post("/v1/leads", json=LEAD)
    assert answer.status_code == 201, answer.text
    shop.lead = answer.json()["id"]
    return ended


@pytest.fixture(scope="module")
def second(shop: Shop, first: Ended) -> Ended:
    """v2, with a migration that only adds, is deployed over v1."""
    assert first.code == 0
    shop.stack.write({"alembic/versions/0004_phone.py": ADDITIVE})
    shop.stack.replace(
        "app/models.py",
        "    total_cents:",
        "    phone: Mapped[str | None] = mapped_column(String(40))\n    total_cents:",
    )
    shop.commit("v2")
    ended = shop.stack.deploy()
    assert ended.code == 0, ended
    shop.images["v2"] = shop.stack.images()
    return ended


@pytest.fixture(scope="module")
def third(shop: Shop, second: Ended) -> Ended:
    """v3, whose home page fails once it meets the rates of a real database, is deployed over v2."""
    assert second.code == 0
    shop.stack.replace("app/templates/home.html", "{{ rate.title }}", "{{ rate.titel.upper() }}")
    shop.commit("v3")
    return shop.stack.deploy()


@pytest.fixture(scope="module")
def back(shop: Shop, third: Ended) -> Ended:
    """After v3 was turned back, an operator goes from v2 to v1."""
    assert third.code == 1
    return shop.stack.gonogo("rollback", "--env", "staging", "--json")


def red(gate: dict[str, Any]) -> list[str]:
    """The red checks of a gate that was asked."""
    assert gate["checks"]
    return [check["id"] for check in gate["checks"] if check["outcome"] in {"failed", "inconclusive"}]


def test_first_release_goes(shop: Shop, first: Ended) -> None:
    """Exit 0: every step went well, v1 answers through Caddy, migrated and with its jobs running."""
    steps = {step["name"]: step["ok"] for step in first.document["steps"]}
    (gate,) = (step["gate"] for step in first.document["steps"] if step["name"] == "postdeploy")
    (office,) = (check for check in gate["checks"] if check["code"] == "D36")
    checks = {check["name"]: check["ok"] for check in shop.ask("/readyz")["checks"]}

    assert steps == dict.fromkeys(
        ("checkout", "predeploy", "build", "build gate", "ladder", "migrate", "start", "postdeploy", "watch"), True
    )
    assert first.document["ending"].endswith(f"{shop.commits['v1']} serves staging (first deploy)")
    assert checks == {"db": True, "migrations": True, "jobs": True}
    assert office["outcome"] == "passed"


@pytest.mark.thorough
def test_flows_pass_in_a_browser(shop: Shop, first: Ended) -> None:
    """Customers and the office do what they do, in a real Chromium through Caddy; no lead of theirs is left."""
    assert first.code == 0
    need_chromium()
    flows = shop.stack.root / "checks" / FLOWS
    shutil.copy(SHOP / "checks" / FLOWS, flows)
    results = shop.stack.state.parent / "flows.json"
    gate = [sys.executable, "-m", "pytest", "-m", "postdeploy", "--env", "staging", f"--gonogo-results={results}"]
    run = [*gate, f"--html={results.with_suffix('.html')}", str(flows)]
    ended = subprocess.run(
        run, cwd=shop.stack.root, env=shop.stack.environ(), check=False, capture_output=True, text=True
    )
    flows.unlink()
    found = {check["code"]: check["outcome"] for check in json.loads(results.read_text())["checks"]}

    assert found == dict.fromkeys(("S01", "S02", "S03", "S04"), "passed"), f"{ended.stdout}\n{ended.stderr}"
    assert [lead["email"] for lead in shop.ask("/v1/leads")] == [LEAD["email"]]


@pytest.mark.thorough
def test_second_release_goes_with_its_migration(shop: Shop, second: Ended) -> None:
    """Exit 0: the schema moved on, the ladder said that v1 could live with it, and the database was not recreated."""
    document = second.document

    assert f" {shop.commits['v2']} serves staging (was {shop.commits['v1']})" in document["ending"]
    assert document["ladder"].startswith("pending 0004 (reading them shows that they only add)")
    assert shop.images["v2"]["db"] == shop.images["v1"]["db"]
    assert all(shop.images["v2"][name] != shop.images["v1"][name] for name in DEPLOYED)
    assert second.document["downtime"]["requests"] > 0


@pytest.mark.thorough
def test_red_release_is_turned_back(shop: Shop, third: Ended) -> None:
    """Exit 1: v2 serves again from its own images, nothing of v3 runs, the lead and the database are as they were."""
    document = third.document
    images, faulty = shop.stack.images(), shop.release_of("v3")["images"]

    assert third.code == 1, third
    assert document["ending"].startswith(f"REVERTED to {shop.commits['v2']} after ")
    assert "D09[GET /]" in {check["code"] for check in document["causes"]}
    assert not red(document["verified"])
    assert f"\nREVERTED to {shop.commits['v2']} after " in third.err
    assert shop.serving() == "v2"
    assert shop.lead_is_there()
    assert set(faulty) == set(DEPLOYED)
    assert not set(faulty.values()) & set(images.values())
    assert images == shop.images["v2"]
    assert str(shop.stack.containers()["db"].id) == shop.database


@pytest.mark.thorough
def test_red_release_was_green_until_it_served(third: Ended) -> None:
    """Only the gate after the first touch could see what was wrong with v3."""
    steps = [(step["name"], step["ok"]) for step in third.document["steps"]]

    assert steps == [
        ("checkout", True),
        ("baseline", True),
        ("predeploy", True),
        ("logs", True),
        ("build", True),
        ("build gate", True),
        ("ladder", True),
        ("backup", True),
        ("migrate", True),
        ("start", True),
        ("postdeploy", False),
        ("restore", True),
        ("verify", True),
    ]


@pytest.mark.thorough
def test_status_and_history_say_what_happened(shop: Shop, third: Ended) -> None:
    """``status`` names what serves and what one could go back to; ``history`` has the three runs, the newest first."""
    assert third.code == 1
    (status,) = shop.stack.gonogo("status", "--env", "staging", "--json").document
    history = shop.stack.gonogo("history", "--env", "staging", "--json").document

    assert (status["commit"][:7], status["proven"], status["lock"]) == (shop.commits["v2"], True, None)
    assert status["rollback_to"] == shop.release_of("v1")["id"]
    assert {(row["service"], row["health"]) for row in status["instances"]} == {
        *((name, "healthy") for name in DEPLOYED),
        ("caddy", None),
    }
    assert [(row["commit"][:7], row["exit_code"]) for row in history] == [
        (shop.commits["v3"], 1),
        (shop.commits["v2"], 0),
        (shop.commits["v1"], 0),
    ]


@pytest.mark.thorough
def test_operator_goes_back_with_the_schema_ahead(shop: Shop, back: Ended) -> None:
    """Exit 0: v1 serves on the schema of v2, which is accepted, and passed its own gate."""
    ready = {check["name"]: check for check in shop.ask("/readyz")["checks"]}

    assert back.code == 0, back
    assert f"{shop.commits['v1']} serves staging again (was {shop.commits['v2']})" in back.document["ending"]
    assert not red(back.document["verified"])
    assert shop.release_of("v1")["accepted"] == ["0004"]
    assert (ready["migrations"]["revision"], ready["migrations"]["state"]) == ("0004", "ahead")
    assert shop.serving() == "v1"
    assert shop.stack.images() == shop.images["v1"]
    assert shop.lead_is_there()


@pytest.mark.thorough
def test_forward_only_change_is_refused_in_prod(shop: Shop, back: Ended) -> None:
    """Exit 1 before the first touch: the revision is named, no container was replaced or restarted."""
    assert back.code == 0
    shop.stack.replace("app/templates/home.html", "{{ rate.titel.upper() }}", "{{ rate.title }}")
    shop.stack.replace("gonogo.toml", 'tier = "staging"', 'tier = "prod"')
    shop.stack.write({"alembic/versions/0005_no_message.py": FORWARD_ONLY})
    shop.commit("v4")
    before = shop.stack.lives()
    ended = shop.stack.deploy()

    assert ended.code == 1, ended
    assert ended.document["ending"] == (
        f"NO-GO before the first touch: nothing that serves was changed; {shop.commits['v1']} still serves"
    )
    assert ended.document["reason"].startswith("P34: forward-only: pending 0005: 0005: ")
    assert not [note for note in ended.document["notes"] if "is taken for" in note]
    assert "0005" in ended.err
    assert shop.stack.lives() == before
    assert shop.ask("/readyz")["checks"][1]["revision"] == "0004"


@pytest.mark.thorough
def test_interrupted_deploy_goes_back(shop: Shop, back: Ended) -> None:
    """Exit 2: SIGTERM while the new release starts brings the previous one back, healthy and with its data."""
    assert back.code == 0
    (shop.stack.root / "alembic/versions/0005_no_message.py").unlink(missing_ok=True)
    shop.commit("v5")
    process = shop.stack.start("deploy", "--env", "staging", "--json")
    shop.stack.wait_for('"step": "start"', '"event": "command-began"', " up ", "api")
    process.send_signal(signal.SIGTERM)
    ended = shop.stack.finish(process)

    assert ended.code == 2, ended
    assert ended.document["ending"].startswith(f"REVERTED to {shop.commits['v1']} after ")
    assert ended.document["ending"].endswith("; the run was interrupted")
    assert ended.document["reason"] == "interrupted by SIGTERM"
    assert shop.serving() == "v1"
    assert shop.stack.images() == shop.images["v1"]
    assert shop.lead_is_there()


@pytest.mark.thorough
def test_office_that_fails_behind_its_login_is_turned_back(shop: Shop, first: Ended) -> None:
    """Exit 1: every open page is well; with the visitor's eyes D36 meets the lead that the office's page trips over."""
    shop.stack.replace("app/templates/admin.html", "lead.created_at.strftime", "lead.created_on.strftime")
    serves = shop.serving()
    shop.commit("office")
    ended = shop.stack.deploy()
    causes = {check["code"]: check["found"] for check in ended.document["causes"]}

    assert first.code == 0
    assert ended.code == 1, ended
    assert causes["D36"].startswith("GET /admin as the visitor: found 500")
    assert ended.document["ended"]["impact"] == "SEV2"
    assert shop.serving() == serves
    assert shop.password not in json.dumps(ended.document)
