"""What an environment lists in a gonogo.toml: requests, pages, commands, steps, waivers, rules."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from gonogo.config.comparisons import judged_json
from gonogo.config.types import Argv, CheckName, Day, Duration, HttpUrl, Name, RequestLine, Texts, Words
from gonogo.words import Impact, OnRed, Severity

__all__ = [
    "CheckRule",
    "Ci",
    "Endpoint",
    "Heartbeat",
    "Logs",
    "Page",
    "SecretRule",
    "Tag",
    "TeamCommand",
    "TeamStep",
    "Visitor",
    "Waiver",
    "Watch",
    "Webhook",
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _patterns(value: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in value:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"expected regular expressions ({pattern!r}: {error})") from error
    return value


class Endpoint(_Model):
    """One request and what its answer must be (D09)."""

    request: RequestLine
    status: int | tuple[int, ...] = 200
    within: Duration = 5.0
    """The longest that it may take; of a request that is repeated, for 19 of 20."""
    repeat: Annotated[int, Field(ge=1, le=200)] = 1
    """How often it is asked; each answer must be right."""
    headers: dict[str, str] = {}
    """Headers the answer must carry; the value must be contained."""
    contains: Texts = ()
    json_: Annotated[dict[str, Any], AfterValidator(judged_json), Field(alias="json")] = {}
    """JSON values by dotted path (``"items.0.name" = "claro"``); ``"*"`` means: is there; ``"< 200"`` compares."""
    body: Any = None
    """What is sent: a table or list as JSON, text as it is."""
    send: dict[str, str] = {}
    """Request headers; ``${NAME}`` is taken from the env file."""
    auth: Annotated[str, Field(pattern=":")] | None = None
    """``"${ADMIN_USER}:${ADMIN_PASSWORD}"`` for basic authentication."""
    origins: tuple[Annotated[str, Field(pattern=r"^(?:\*|https?://[^/\s]+)$")], ...] = ()
    """Sites whose pages may read the answer, and no others: ``"https://www.shop.example"``; ``"*"``: any."""
    service: str | None = None
    severity: Severity = Severity.BLOCKER
    on_red: OnRed = OnRed.ROLLBACK

    @model_validator(mode="after")
    def _repeats_what_only_asks(self) -> Endpoint:
        only_asks = self.request.startswith(("GET ", "HEAD "))
        for key in ("repeat", "origins"):
            if getattr(self, key) not in {1, ()} and not only_asks:
                raise ValueError(f"{key} is for GET and HEAD: another request may do something each time")
        return self


class Page(_Model):
    """One page that a browser loads (D19)."""

    path: Annotated[str, Field(pattern="^/")]
    contains: Texts = ()
    """Texts that must be visible."""
    within: Duration = 15.0
    allow: tuple[str, ...] = ()
    """Regular expressions of messages and addresses that are no errors."""
    service: str | None = None
    severity: Severity = Severity.BLOCKER
    on_red: OnRed = OnRed.ROLLBACK

    @field_validator("allow")
    @classmethod
    def _compiles(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _patterns(value)


_UNFIT = re.compile(r"[\s~^:?*\[\\]|\.\.|@\{|//|^[/.-]|[/.]$|\.lock$")
"""What git refuses in the name of a tag."""


class SqlAssertion(_Model):
    """One query of the application's database, and what it must say (D23)."""

    name: Annotated[str, Field(min_length=1)]
    query: Annotated[str, Field(pattern=r"(?is)^\s*(?:select|with|show|values|table|explain)\b")]
    """Read only; what it says is compared, and only its first value and the number of its rows are shown."""
    value: Any = None
    """What the first column of the first row must be: a value, or a comparison (``"> 0"``, ``"matches ^v2"``)."""
    rows: int | str | None = None
    """How many rows there must be: a number, or a comparison (``">= 1"``); a thousand and one counts as more."""
    service: str | None = None
    """Whose instance is asked, with its own driver and address; the first one that has a database."""
    within: Duration = 5.0
    """The longest that the query may take."""

    @model_validator(mode="after")
    def _says_something(self) -> SqlAssertion:
        if self.value is None and self.rows is None:
            raise ValueError('expected value or rows: what the query must say, such as value = 7, or rows = ">= 1"')
        judged_json({"value": self.value, "rows": self.rows})
        return self


class Tag(_Model):
    """The tag that a release is given once it went GO."""

    name: str
    """``{env}``, ``{release}``, ``{commit}`` and ``{date}`` are filled in."""
    push: Annotated[str, Field(pattern=r"^[^-\s]\S*$")] | None = None
    """The remote that it is pushed to."""

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        plain = re.sub(r"\{(?:env|release|commit|date)\}", "x", value)
        if not plain or _UNFIT.search(plain) or {"{", "}"} & set(plain):
            raise ValueError('expected the name of a tag, such as "deployed/{env}/{date}-{commit}"')
        return value


class Promote(_Model):
    """Where a commit must have served before it is deployed here, and for how long (P41)."""

    from_: Annotated[Name, Field(alias="from")]
    """Another environment of this file."""
    after: Duration = 86_400.0


class Ci(_Model):
    """Where GitHub says whether a commit's checks are green (P04)."""

    repository: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")] | None = None
    """``owner/name``; without it the one that the remote origin names."""
    required: Texts = ()
    """Names of the checks that must be there and green; without it all that there are."""
    token: str | None = None
    """``"${GITHUB_TOKEN}"``: from the env file, or from what gonogo was started with."""
    api: HttpUrl = "https://api.github.com"


class Visitor(_Model):
    """A test user, with whose eyes pages behind a login are asked (D36)."""

    shows: Annotated[str, Field(pattern="^/")]
    """A page that answers 200 to somebody who is logged in, and to nobody else."""
    login: RequestLine | None = None
    form: dict[str, str] = {}
    """What a login form is given; its hidden fields are taken from the page at the same path."""
    body: Any = None
    """What is sent instead: a table or list as JSON, text as it is."""
    token: str | None = None
    """Where the answer to the login has a token, by dotted path; it is sent as ``Authorization: Bearer``."""
    auth: Annotated[str, Field(pattern=":")] | None = None
    """Basic authentication, instead of a login."""
    send: dict[str, str] = {}
    """Headers of every request."""
    service: str | None = None

    @model_validator(mode="after")
    def _comes_in(self) -> Visitor:
        if self.login is None and self.auth is None and not self.send:
            raise ValueError("expected login, auth or send: how the visitor comes in")
        if self.login is None and (self.form or self.body is not None or self.token):
            raise ValueError("form, body and token need login: the request that they are for")
        if self.form and self.body is not None:
            raise ValueError("expected form or body, one of them")
        return self


class Heartbeat(_Model):
    """What a worker leaves again and again while it works (D16)."""

    name: Name
    service: str
    file: Annotated[str, Field(pattern="^/")] | None = None
    """A file in its instance that it writes anew."""
    key: str | None = None
    """A key of the Redis that its variables name."""
    within: Duration = 180.0
    """The longest between two beats."""

    @model_validator(mode="after")
    def _one_place(self) -> Heartbeat:
        if (self.file is None) == (self.key is None):
            raise ValueError("expected exactly one of file and key")
        return self


_SIGNED = re.compile(r"\{(?:hex|base64)\}")


class Webhook(_Model):
    """One address at which another service tells of events, signed with a shared secret (D24)."""

    request: RequestLine
    signature: Literal["github", "stripe", "slack", "shopify"] | dict[str, str]
    """Whose signatures they are, or the headers: ``{ X-Signature = "sha256={hex}" }`` (HMAC, SHA-256)."""
    signs: str = "{body}"
    """What headers of one's own are the signature of."""
    refused: tuple[int, ...] = (400, 401, 403)
    """What is answered to a wrong signature, or none."""
    harmless: dict[str, Any] | None = None
    """An event of which nothing follows; it is sent with a wrong signature, and then with the right one."""
    secret: str | None = None
    """``"${WEBHOOK_SECRET}"``: from the env file."""
    send: dict[str, str] = {}
    """Further headers of every request."""
    service: str | None = None
    severity: Severity = Severity.BLOCKER
    on_red: OnRed = OnRed.ROLLBACK

    @model_validator(mode="after")
    def _harms_nobody(self) -> Webhook:
        if (self.secret is None) != (self.harmless is None):
            raise ValueError("expected secret and harmless, or neither: only what does nothing is signed rightly")
        named = {} if isinstance(self.signature, str) else self.signature
        if not isinstance(self.signature, str) and not any(_SIGNED.search(value) for value in named.values()):
            raise ValueError('signature: expected a header with {hex} or {base64}, such as { X-Signature = "{hex}" }')
        if not self.refused or any(status < 400 or status >= 500 for status in self.refused):  # noqa: PLR2004 (HTTP)
            raise ValueError("refused: expected statuses from 400 to 499, such as [401]")
        return self


class TeamStep(_Model):
    """A step of the team's own, before or after a move, with its undo."""

    name: Name
    before: str | None = None
    after: str | None = None
    run: Argv
    undo: Argv | None = None
    service: str | None = None
    """Run inside this service's instance instead of on the host."""
    timeout: Duration = 300.0

    @model_validator(mode="after")
    def _one_place(self) -> TeamStep:
        if (self.before is None) == (self.after is None):
            raise ValueError('expected exactly one of "before" and "after"')
        return self


class TeamCommand(_Model):
    """A script of the team's own that is a check: its exit code is judged."""

    name: Name
    run: Argv
    """``{url}``, ``{release}``, ``{commit}`` and ``{image:SERVICE}`` are filled in."""
    stage: Literal["predeploy", "build", "postdeploy"] = "postdeploy"
    service: str | None = None
    """Run inside this service's instance instead of on the host."""
    env: dict[str, str] = {}
    """Variables that it is given beside the host's; ``${NAME}`` is taken from the env file."""
    timeout: Duration = 60.0
    severity: Severity = Severity.BLOCKER
    on_red: OnRed = OnRed.ROLLBACK

    @model_validator(mode="after")
    def _inside_what_runs(self) -> TeamCommand:
        if self.service is not None and self.stage != "postdeploy":
            raise ValueError(f"service is for stage postdeploy: nothing of the release runs in {self.stage}")
        if self.service is not None and self.env:
            raise ValueError("env is for commands on the host: inside a service it has the service's own variables")
        return self


class Waiver(_Model):
    """A check that may fail until a day."""

    check: CheckName
    """``D15``; ``D09`` for all its endpoints, ``D09[GET /legacy]`` for one."""
    until: Day
    """The last day on which it covers, in UTC."""
    owner: Words
    reason: Words


class CheckRule(_Model):
    """How a check is judged here, where that is not as it brings it."""

    severity: Literal[Severity.BLOCKER] | None = None
    """All that it warns of is red."""
    on_red: OnRed | None = None
    until: Day | None = None
    """The last day, in UTC, on which ``on_red = "warn"`` holds."""
    impact: Impact | None = None
    """What it means for whoever uses the environment when it is red."""

    @model_validator(mode="after")
    def _says_something(self) -> CheckRule:
        if not self.model_fields_set:
            raise ValueError("expected severity, on_red or impact")
        if self.until is not None and self.on_red is not OnRed.WARN:
            raise ValueError('until needs on_red = "warn": it says how long that holds')
        return self

    def on(self, day: date) -> CheckRule:
        """What holds on a day."""
        if self.until is None or day <= self.until:
            return self
        ended = {"on_red", "until"}
        return CheckRule.model_construct(self.model_fields_set - ended, **self.model_dump(exclude=ended))

    def stated(self) -> dict[str, Any]:
        """What was written down."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Logs(_Model):
    """What D15 and D32 read in the logs."""

    allow: tuple[str, ...] = ()
    """Regular expressions of lines that are no errors."""
    files: tuple[str, ...] = ()
    """Files in instances that are logs too, as paths or patterns there (D32)."""

    @field_validator("allow")
    @classmethod
    def _compiles(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _patterns(value)


class SecretRule(_Model):
    """A variable of the env file that is a secret, and how strong it must be."""

    min_length: Annotated[int, Field(ge=0)] = 0
    hex: bool = False
    """Whether it is made of hexadecimal digits, behind its prefix."""
    prefix: str = ""
    """What it begins with: ``whsec_``."""


class Watch(_Model):
    """How long what was deployed is watched after its gate, and what ends that (W01 to W08)."""

    for_: Annotated[Duration | None, Field(alias="for")] = None
    """Seconds; not said: none in tier dev, a minute in staging, five in prod."""
    every: Annotated[Duration, Field(ge=0.2)] = 1.0
    """Between two requests."""
    unhealthy_for: Duration = 120.0
    """How long something may be unwell without a break (W01); in a shorter watch half of that."""
    max_errors: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """The share of requests that may be answered wrongly (W02)."""
    slower_than: Duration = 10.0
    """What 19 of 20 requests must be answered in (W03)."""
