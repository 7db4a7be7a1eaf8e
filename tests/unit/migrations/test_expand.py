"""gonogo.migrations.expand: pairs of migrations that only add, and that do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.migrations.expand import caveats, not_shown


def upgrade(*lines: str) -> str:
    """Write a revision with these lines in its upgrade function, from line 4 on."""
    body = "".join(f"    {line}\n" for line in lines)
    return f"from alembic import op\nimport sqlalchemy as sa\ndef upgrade() -> None:\n{body}\n"


@pytest.mark.parametrize(
    "lines",
    [
        ("pass",),
        ('"""Nothing."""', "pass"),
        ('op.create_table("rates", sa.Column("id", sa.Integer(), primary_key=True))',),
        ('op.add_column("leads", sa.Column("note", sa.Text()))',),
        ('op.add_column("leads", sa.Column("note", sa.Text(), nullable=True))',),
        ('op.add_column("leads", sa.Column("n", sa.Integer(), nullable=False, server_default="0"))',),
        ('op.create_index("ix", "leads", ["email"])',),
        (
            'op.create_table("t", sa.Column("a", sa.Text()))',
            'op.add_column("t", sa.Column("b", sa.Text(), nullable=False))',
        ),
        ('op.create_index(op.f("ix"), "leads", ["email"], unique=False)',),
        (
            't = op.create_table("rates", sa.Column("id", sa.Integer()))',
            'op.bulk_insert(t, [{"id": 1}])',
            'op.create_index("u", "rates", ["id"], unique=True)',
            'op.create_foreign_key("fk", "rates", "leads", ["id"], ["id"])',
        ),
        (
            'with op.batch_alter_table("leads", schema=None) as batch_op:',
            '    batch_op.add_column(sa.Column("note", sa.Text(), nullable=True))',
            '    batch_op.create_index(batch_op.f("ix"), ["note"], unique=False)',
        ),
        (
            "with op.get_context().autocommit_block():",
            '    op.create_index("ix", "leads", ["email"], postgresql_concurrently=True)',
        ),
        ('op.create_index("ix", "leads", [sa.text("lower(email)"), sa.text("made desc nulls last"), "name"])',),
        ("""op.create_index("ix", "leads", ["email"], postgresql_where=sa.text("state = 'a-b' AND gone IS NULL"))""",),
    ],
)
def test_migration_that_only_adds_is_shown(lines: tuple[str, ...]) -> None:
    """The release now serving can live with it."""
    assert not_shown(upgrade(*lines)) == ""


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('op.drop_column("leads", "email")', "op.drop_column (line 4)"),
        ('op.rename_table("leads", "people")', "op.rename_table (line 4)"),
        ('op.alter_column("leads", "email", nullable=False)', "op.alter_column (line 4)"),
        ('op.execute("DROP TABLE leads")', "op.execute (line 4)"),
        (
            'op.add_column("leads", sa.Column("n", sa.Integer(), nullable=False))',
            "op.add_column n: not nullable and without server_default (line 4)",
        ),
        (
            'op.add_column("leads", sa.Column("n", sa.Integer(), nullable=False, server_default=None))',
            "op.add_column n: not nullable and without server_default (line 4)",
        ),
        (
            'op.add_column("leads", sa.Column("n", sa.Integer(), unique=True))',
            "op.add_column n: unique or primary key (line 4)",
        ),
        (
            'op.add_column("leads", sa.Column("n", sa.Integer(), sa.ForeignKey("x.id")))',
            "op.add_column n: a foreign key, which can refuse the previous release's deletes (line 4)",
        ),
        ('op.create_index("u", "leads", ["email"], unique=True)', "op.create_index unique on leads (line 4)"),
        (
            'op.create_foreign_key("fk", "leads", "rates", ["a"], ["b"])',
            "op.create_foreign_key on leads that stands already (line 4)",
        ),
        ('op.bulk_insert(leads, [{"id": 1}])', "op.bulk_insert on leads that stands already (line 4)"),
        ("if True: op.drop_table('x')", "line 4 does more than call op.*"),
        ("helper()", "line 4 does more than call op.*"),
        (
            'op.create_index("ix", "leads", [sa.text("100 / n")])',
            "op.create_index of something computed, which can refuse rows (line 4)",
        ),
        (
            'op.create_index("ix", "leads", [KEY])',
            "op.create_index of something computed, which can refuse rows (line 4)",
        ),
        (
            'op.create_index("ix", "leads", ["n"], postgresql_where=sa.text("100 / n > 3"))',
            "op.create_index where something is computed, which can refuse rows (line 4)",
        ),
        (
            'op.add_column("leads", sa.Column("n", sa.Integer(), sa.Computed("1 / n")))',
            "op.add_column n: computed, which can refuse rows (line 4)",
        ),
        (
            'with op.batch_alter_table("leads") as b: b.drop_column("email")',
            "line 4 does more than call op.*",
        ),
        (
            'with op.batch_alter_table("leads") as b: b.add_column(sa.Column("n", sa.Integer(), nullable=False))',
            "op.add_column n: not nullable and without server_default (line 4)",
        ),
        (
            'with op.batch_alter_table("leads", recreate="always") as b: b.add_column(sa.Column("n", sa.Integer()))',
            "line 4 does more than call op.*",
        ),
        ('with lock(): op.create_index("ix", "leads", ["email"])', "line 4 does more than call op.*"),
        (
            'with op.get_context().autocommit_block(): op.execute("DROP INDEX ix")',
            "op.execute (line 4)",
        ),
        ('op.create_index("u", "leads", ["email"], unique=FLAG)', "op.create_index unique on leads (line 4)"),
        ('op.create_index("u", "leads", ["email"], **options)', "line 4 does more than call op.*"),
        ('op.create_table("t", op.execute("DROP TABLE leads"))', "line 4 does more than call op.*"),
        (
            'op.add_column("leads", sa.Column("n", sa.Integer(), sa.CheckConstraint("n > 0")))',
            "op.add_column n: a check constraint (line 4)",
        ),
    ],
)
def test_migration_that_does_more_is_not_shown(line: str, reason: str) -> None:
    """The reason names the operation and its line."""
    assert not_shown(upgrade(line)) == reason


def test_file_without_one_upgrade_is_not_shown() -> None:
    """An overridden or missing function is no proof."""
    assert not_shown("x = 1\n") == "has 0 functions upgrade()"
    assert not_shown("from x import op\ndef upgrade(): pass\n") == "wraps upgrade(), or its op is not alembic's"
    assert not_shown("from alembic import op\n@x\ndef upgrade(): pass\n").startswith("wraps upgrade()")
    assert not_shown("def upgrade(): (\n") == "cannot be read ('(' was never closed, line 1)"


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    """Arbitrary text is never shown to be harmless without an upgrade()."""
    if "upgrade" not in text:
        assert not_shown(text)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('sa.Column("lead_id", sa.Integer(), sa.ForeignKey("leads.id"))', ("leads",)),
        ('sa.Column("a", sa.Integer()), sa.ForeignKeyConstraint(["a"], ["shop.leads.id"], name="f")', ("shop.leads",)),
        ('sa.Column("lead_id", sa.Integer(), sa.ForeignKey("leads.id", ondelete="SET NULL"))', ()),
        ('sa.Column("parent", sa.Integer(), sa.ForeignKey("visits.id"))', ()),
        ('sa.Column("id", sa.Integer())', ()),
    ],
)
def test_new_rows_that_keep_others_are_told(table: str, said: tuple[str, ...]) -> None:
    """A new table that refers to one that stands there: the release before cannot delete what the newer one refers to."""
    source = upgrade(f'op.create_table("visits", {table})')

    assert caveats(source) == tuple(
        f"rows of visits would keep the previous release from deleting rows of {one}" for one in said
    )
