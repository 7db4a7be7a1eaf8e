"""Required variables that are unset or empty are named with whoever asks for them."""

import pytest

from gonogo.inspection.variables.variables import Missing, Variable, missing


def _variable(name: str, *, empty: str = "refused", ignore_case: bool = False) -> Variable:
    return Variable(name, "compose.yml:3", f"${{{name}}}", empty=empty, ignore_case=ignore_case)


def test_missing_green() -> None:
    """A variable with a value is not missing, in whatever case where the reader ignores case."""
    required = (_variable("DB"), _variable("JWT_SECRET", ignore_case=True))

    assert missing(required, {"DB": "shop", "jwt_secret": "x"}) == ()


def test_missing_red_names_every_place() -> None:
    """One variable asked for twice is one row with both places."""
    required = (_variable("DB"), Variable("DB", "app.settings:9", "Settings.db has no default"))

    found = missing(required, {})

    assert found == (Missing("DB", "unset", ("compose.yml:3 (${DB})", "app.settings:9 (Settings.db has no default)")),)
    assert str(found[0]) == (
        "DB is unset; asked for by compose.yml:3 (${DB}), app.settings:9 (Settings.db has no default)"
    )


def test_missing_red_when_empty() -> None:
    """An empty value is as bad as none."""
    assert [str(row) for row in missing([_variable("DB")], {"DB": ""})] == [
        "DB is empty; asked for by compose.yml:3 (${DB})"
    ]


def test_missing_accepts_what_the_team_leaves_empty() -> None:
    """Where the example is empty too, an empty value is meant, unless the name is a secret's."""
    required = (_variable("SENTRY_DSN", empty="example"), _variable("JWT_SECRET", empty="example"))
    env = {"SENTRY_DSN": "", "JWT_SECRET": ""}

    assert [row.name for row in missing(required, env, example=env)] == ["JWT_SECRET"]
    assert [row.name for row in missing(required, env)] == ["SENTRY_DSN", "JWT_SECRET"]


def test_missing_accepts_empty_where_the_reference_does() -> None:
    """`${X?}` asks only that X is set."""
    assert missing([_variable("X", empty="allowed")], {"X": ""}) == ()
    assert [row.found for row in missing([_variable("X", empty="allowed")], {})] == ["unset"]


def test_missing_follows_conditions() -> None:
    """A variable inside a default is asked for only when the default is used."""
    fallback = Variable("B", "c:1", "${B}", unless=("A",))
    alternative = Variable("D", "c:2", "${D}", only_with=("C",))

    assert missing([fallback, alternative], {"A": "1"}) == ()
    assert [row.name for row in missing([fallback, alternative], {"C": "1"})] == ["B", "D"]


def test_missing_knows_other_names_and_nested_ones() -> None:
    """An alias or a nested variable satisfies a field."""
    alias = Variable("DATABASE_URL", "s:1", "x", any_of=("DB_URL",))
    nested = Variable("DB", "s:2", "x", prefix="DB__")

    assert missing([alias, nested], {"DB_URL": "x", "DB__HOST": "db"}) == ()
    assert [row.name for row in missing([alias, nested], {"DB__HOST": ""})] == ["DATABASE_URL", "DB"]


def test_missing_leaves_out_the_uncertain_and_what_compose_sets() -> None:
    """Nothing is called missing that may come from elsewhere."""
    uncertain = Variable("TOKEN", "s:1", "x", certain=False)

    assert missing([uncertain, _variable("COMPOSE_PROJECT_NAME")], {}) == ()


@pytest.mark.parametrize(
    ("secret", "empty", "meant"),
    [
        ("SMTP_PASSWORD", "SMTP_HOST", True),
        ("SMTP_PASSWORD", "SMTP_USER", True),
        ("EMAIL_HOST_PASSWORD", "EMAIL_HOST_USER", True),
        ("EMAIL_HOST_PASSWORD", "EMAIL_HOST", True),
        ("GOOGLE_CLIENT_SECRET", "GOOGLE_CLIENT_ID", True),
        ("SMTP_PASSWORD", "IMAP_HOST", False),
        ("DB_PASSWORD", "DB_USER", False),
        ("SHOP_POSTGRES_PASSWORD", "SHOP_POSTGRES_HOST", False),
        ("SECRET_KEY", "HOST", False),
        ("JWT_SECRET_KEY", "USER", False),
    ],
)
def test_a_secret_may_be_empty_with_its_account(secret: str, empty: str, meant: bool) -> None:  # noqa: FBT001
    """Mail or a login by others that is switched off has no password; a database and a key for tokens always have."""
    required = [_variable(secret, empty="example")]

    assert [row.may_be_meant for row in missing(required, {secret: "", empty: ""})] == [meant]
    assert [row.may_be_meant for row in missing(required, {secret: "", empty: "set"})] == [False]
    assert [row.may_be_meant for row in missing(required, {empty: ""})] == [False]
    assert [row.may_be_meant for row in missing([_variable(secret)], {secret: "", empty: ""})] == [False]
