"""What the environment must say."""

import pytest

from app import settings

COMPLETE = {
    "DATABASE_URL": "postgresql://shop:hunter2hunter2@127.0.0.1/shop",
    "ADMIN_USER": "admin",
    "ADMIN_PASSWORD": "correct horse",
}
NAMES = (*COMPLETE, "GONOGO_RELEASE", "RELEASE", "GONOGO_COMMIT", "GIT_COMMIT", "LOG_LEVEL")


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Start from an environment that says nothing."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_every_missing_variable_is_named_at_once(environ: pytest.MonkeyPatch) -> None:
    environ.setenv("LOG_LEVEL", "info")

    with pytest.raises(settings.SettingsError) as refused:
        settings.load()

    assert str(refused.value).splitlines() == [
        "The environment is not complete:",
        "  DATABASE_URL: Field required",
        "  ADMIN_USER: Field required",
        "  ADMIN_PASSWORD: Field required",
        "See .env.example.",
    ]


def test_a_refusal_does_not_print_the_password(environ: pytest.MonkeyPatch) -> None:
    for name, value in {**COMPLETE, "ADMIN_PASSWORD": "short"}.items():
        environ.setenv(name, value)

    with pytest.raises(settings.SettingsError) as refused:
        settings.load()

    assert "ADMIN_PASSWORD" in str(refused.value)
    assert "short" not in str(refused.value).replace("too short", "")


def test_the_deploy_tools_release_goes_before_our_own(environ: pytest.MonkeyPatch) -> None:
    for name, value in {**COMPLETE, "RELEASE": "mine", "GONOGO_RELEASE": "theirs", "GIT_COMMIT": "abc"}.items():
        environ.setenv(name, value)

    loaded = settings.load()

    assert (loaded.release, loaded.commit) == ("theirs", "abc")
