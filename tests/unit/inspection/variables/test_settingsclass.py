"""Settings classes are read, never imported, for the variables that they cannot do without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.variables.settingsclass import required_by_settings
from gonogo.inspection.variables.variables import missing

SHOP = '''
from typing import Annotated, ClassVar
from pydantic import AliasChoices, BaseModel, Field, PostgresDsn
from pydantic_settings import BaseSettings, SettingsConfigDict

class Mail(BaseModel):
    host: str

class Settings(BaseSettings):
    """The shop's settings."""

    model_config = SettingsConfigDict(env_prefix="SHOP_", env_nested_delimiter="__")
    kind: ClassVar[str]
    _private: int
    database_url: PostgresDsn
    jwt_secret: str = Field(min_length=32)
    dots: str = Field(..., min_length=3)
    log_level: str = "info"
    workers: int = Field(2, ge=1)
    tags: list[str] = Field(default_factory=list)
    sentry: str | None
    stripe: Annotated[str, Field(alias="STRIPE_KEY")]
    limit: Annotated[int, Field(default=3)]
    redis: str = Field(validation_alias=AliasChoices("REDIS_URL", "CACHE_URL"))
    mail: Mail
'''


def test_required_fields_of_a_settings_class() -> None:
    """Fields without a default are required, under their alias or the prefixed name."""
    found = required_by_settings(SHOP, "shop.settings")

    assert [(v.name, v.any_of, v.prefix) for v in found] == [
        ("SHOP_DATABASE_URL", (), ""),
        ("SHOP_JWT_SECRET", (), ""),
        ("SHOP_DOTS", (), ""),
        ("SHOP_SENTRY", (), ""),
        ("STRIPE_KEY", (), ""),
        ("REDIS_URL", ("CACHE_URL",), ""),
        ("SHOP_MAIL", (), "SHOP_MAIL__"),
    ]
    assert (found[0].where, found[0].why) == ("shop.settings:15", "Settings.database_url has no default")


def test_case_is_ignored_unless_the_class_minds() -> None:
    """`database_url` is found as DATABASE_URL, and not where case_sensitive is set."""
    loose = "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    url: str\n"
    strict = loose + "    model_config = {'case_sensitive': True}\n"

    assert missing(required_by_settings(loose, "m"), {"Url": "x"}) == ()
    assert [row.name for row in missing(required_by_settings(strict, "m"), {"URL": "x"})] == ["url"]


def test_inherited_fields_and_prefixes() -> None:
    """A subclass inherits fields and configuration, and may give a field its default."""
    source = """
from pydantic_settings import BaseSettings as Base_Settings
class Common(Base_Settings, env_prefix="A_"):
    one: str
    two: str
    three: str
class Prod(Common):
    two: str = "x"
    three = "y"
    four: str
"""

    assert [v.name for v in required_by_settings(source, "m")] == ["A_ONE", "A_FOUR"]


def test_pydantic_1() -> None:
    """In Pydantic 1 an Optional field has the default None, and `env=` and the inner Config name variables."""
    source = """
from typing import Optional
from pydantic import BaseSettings, Field
class Settings(BaseSettings):
    token: str = Field(..., env="API_TOKEN")
    either: str = Field(..., env=["FIRST", "SECOND"])
    maybe: Optional[str]
    plain: int
    class Config:
        env_prefix = "app_"
"""
    found = required_by_settings(source, "m")

    assert [(v.name, v.any_of) for v in found] == [("API_TOKEN", ()), ("FIRST", ("SECOND",)), ("APP_PLAIN", ())]


@pytest.mark.parametrize(
    "config",
    [
        "model_config = SettingsConfigDict(secrets_dir='/run/secrets')",
        "model_config = SettingsConfigDict(env_prefix=PREFIX)",
        "def settings_customise_sources(cls, *a): return a",
    ],
)
def test_other_sources_make_it_uncertain(config: str) -> None:
    """Where a value may come from elsewhere, its absence from the environment proves nothing."""
    source = f"from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    {config}\n    key: str\n"

    assert missing(required_by_settings(source, "m"), {}) == ()


def test_plain_models_are_no_settings() -> None:
    """Fields of models and dataclasses are not variables."""
    assert required_by_settings("class Order(BaseModel):\n    id: int\nclass Settings:\n    x: int\n", "m") == ()


def test_environ_reads_on_import_are_required() -> None:
    """Only what certainly runs on import counts: no default, no condition, no function, nothing set before."""
    source = """
import os
from os import environ as env
os.environ.setdefault("GIVEN", "1")
os.environ["WRITTEN"] = "1"
A = os.environ["A"]
B = env["B"]
C = os.getenv("C")
D = os.environ.get("D", "x")
E = os.environ["E"] if "E" in os.environ else None
F = C or os.environ["F"]
os.environ["GIVEN"], os.environ["WRITTEN"]
class K:
    g = os.environ["G"]
def f(x=os.environ["DEFAULT"]):
    return os.environ["H"]
try:
    I = os.environ["I"]
except KeyError:
    I = ""
if A:
    J = os.environ["J"]
with open(os.environ["L"]) as file:
    pass
"""

    found = required_by_settings(source, "m")

    assert [v.name for v in found] == ["A", "B", "G", "DEFAULT", "L"]
    assert (found[0].where, found[0].why) == ("m:6", "os.environ without a default")


def test_a_source_that_does_not_compile_is_an_error() -> None:
    """Nothing is concluded from a file that cannot be read."""
    with pytest.raises(SyntaxError):
        required_by_settings("class S(:", "m")


@given(st.lists(st.sampled_from([*SHOP.splitlines(), "class A(Settings):", "class B(A, B):", "    x: A"]), max_size=12))
def test_shuffled_sources_never_crash(lines: list[str]) -> None:
    """Any source that compiles is read; classes may even inherit from themselves."""
    source = "\n".join(lines)
    try:
        compile(source, "m", "exec")
    except SyntaxError:
        return

    assert isinstance(required_by_settings(source, "m"), tuple)
