"""What reading a migration shows of the way back."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.migrations import Revision, Upgrade
from gonogo.migrations.alembic import Alembic
from gonogo.migrations.django import Django

__all__: list[str] = []

UP = "def upgrade():\n    op.add_column('t', c)\n\n\n"
DJANGO = (
    "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    operations = [{operation}]\n"
)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (UP + "def downgrade():\n    op.drop_column('t', 'c')\n", ""),
        (UP + "def downgrade():\n    pass\n", "its downgrade() does nothing"),
        (UP + "def downgrade():\n    '''Not wanted.'''\n    return\n", "its downgrade() does nothing"),
        (UP + "def downgrade():\n    raise NotImplementedError('no')\n", "its downgrade() raises (line 6)"),
        (UP, "has no downgrade()"),
        (UP + "from base import downgrade\n", ""),
        (UP + "downgrade = base.downgrade\n", ""),
        (UP + "def downgrade():\n    if big():\n        raise ValueError\n    op.drop_column('t', 'c')\n", ""),
        ("def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n", ""),
        ("def upgrade(\n", ""),
        (
            "def upgrade(name):\n    globals()['upgrade_' + name]()\n\n\ndef downgrade(name):\n"
            "    globals()['downgrade_' + name]()\n",
            "",
        ),
    ],
    ids=[
        "one",
        "pass",
        "a return",
        "raises",
        "none",
        "imported",
        "assigned",
        "half",
        "merge",
        "broken",
        "two databases",
    ],
)
def test_downgrade_is_named_where_it_does_nothing(source: str, why: str) -> None:
    """A merge of two heads needs none; one that comes from elsewhere is not judged."""
    assert Alembic().one_way(source) == why


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("op.create_table('visits', sa.Column('id', sa.Integer))", ["table visits"]),
        ("op.rename_table('leads', 'people')", ["table leads", "table people"]),
        ("op.add_column('leads', sa.Column('mood', sa.Text), schema='crm')", ["column crm.leads.mood"]),
        ("op.alter_column('leads', 'mood', new_column_name='how')", ["column leads.mood", "column leads.how"]),
        (
            "with op.batch_alter_table('leads') as batch:\n        batch.add_column(sa.Column('a'))\n"
            "        batch.drop_column('b')",
            ["column leads.a", "column leads.b"],
        ),
        ("op.add_column(NAME, sa.Column('mood')); op.execute('CREATE TABLE x ()')", []),
    ],
)
def test_what_an_upgrade_names_is_read(body: str, parts: list[str]) -> None:
    """Tables and columns; what is computed, or said in SQL, is not known."""
    revision = Revision(id="2", parents=(), path="2.py", source=f"def upgrade():\n    {body}\n")

    assert [str(one) for one in Alembic().alters(revision)] == parts


def test_what_an_operation_of_django_names_is_read() -> None:
    """What comes and what goes, as Django calls it."""
    operations = (
        "migrations.DeleteModel('Old'), migrations.RemoveField('lamp', 'note'), migrations.CreateModel('New', [])"
    )
    revision = Revision(id="shop.0002", parents=(), path="2.py", source=DJANGO.format(operation=operations))

    assert [str(one) for one in Django().alters(revision)] == [
        "table shop_old",
        "column shop_lamp.note",
        "table shop_new",
    ]


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ("migrations.RunPython(fill)", "RunPython has no reverse_code (line 5)"),
        ("migrations.RunPython(fill, None)", "RunPython has no reverse_code (line 5)"),
        ("migrations.RunPython(fill, empty)", ""),
        ("migrations.RunPython(fill, reverse_code=migrations.RunPython.noop)", ""),
        ("migrations.RunPython(**both)", ""),
        ("migrations.RunSQL('update t set a = 1')", "RunSQL has no reverse_sql (line 5)"),
        ("migrations.RunSQL('update t set a = 1', reverse_sql='select 1')", ""),
        ("migrations.RemoveField('lamp', 'note')", ""),
        (
            "migrations.AddField('lamp', 'note', f), migrations.RunPython(fill)",
            "RunPython has no reverse_code (line 5)",
        ),
        ("*more", ""),
    ],
)
def test_operation_without_its_reverse_is_named(operation: str, why: str) -> None:
    """As Django itself calls it irreversible."""
    assert Django().one_way(DJANGO.format(operation=operation)) == why


@pytest.mark.parametrize(
    ("body", "dropped"),
    [
        ("op.drop_column('lamps', 'hue')", ["column lamps.hue"]),
        ("op.drop_column('lamps', 'hue', schema='shop')", ["column shop.lamps.hue"]),
        ("op.drop_index('ix', 'lamps'); op.drop_table('lamps')", ["table lamps"]),
        ("with op.batch_alter_table('lamps') as batch:\n        batch.drop_column('hue')", ["column lamps.hue"]),
        ("op.drop_constraint('u', 'lamps'); op.execute('DROP TABLE rooms')", []),
        ("op.drop_table(NAME)", []),
    ],
)
def test_what_a_downgrade_drops_is_read(body: str, dropped: list[str]) -> None:
    """Tables and columns by their names; what is computed, or SQL, is not known."""
    revision = Revision(id="2", parents=(), path="2.py", source=f"{UP}def downgrade():\n    {body}\n")

    assert [str(one) for one in Alembic().drops(revision)] == dropped


@pytest.mark.parametrize(
    ("operation", "dropped"),
    [
        ("migrations.CreateModel('LampShade', [('id', models.AutoField())])", ["table lamps_lampshade"]),
        ("migrations.CreateModel('Lamp', [], options={'db_table': 'lights'})", []),
        ("migrations.AddField('Lamp', 'hue', models.TextField(null=True))", ["column lamps_lamp.hue"]),
        (
            "migrations.AddField(model_name='lamp', name='room', field=models.ForeignKey('x'))",
            ["column lamps_lamp.room_id"],
        ),
        ("migrations.AddField('lamp', 'rooms', models.ManyToManyField('x'))", []),
        ("migrations.RemoveField('lamp', 'hue'), migrations.RunPython(fill, fill)", []),
    ],
)
def test_what_django_drops_is_read(operation: str, dropped: list[str]) -> None:
    """By the names that Django gives tables and columns; one with a name of its own is not known."""
    revision = Revision(id="lamps.0002_next", parents=(), path="", source=DJANGO.format(operation=operation))

    assert [str(one) for one in Django().drops(revision)] == dropped


def test_alembic_goes_back_to_the_one_revision() -> None:
    """With the options of the team's own command; Flask-Migrate's by its own program; to none where there was none."""
    tool = Alembic()

    def back(own: tuple[str, ...], now: tuple[str, ...] = ("2",), to: tuple[str, ...] = ("1",)) -> Any:
        return tool.downgrade_commands("alembic.ini", tool.upgrade(own), now=now, to=to)

    assert back(()) == (("alembic", "downgrade", "1"),)
    assert back((), to=()) == (("alembic", "downgrade", "base"),)
    assert back(("sh", "-c", "alembic -x tenant=a upgrade head")) == (("alembic", "-x", "tenant=a", "downgrade", "1"),)
    assert back(("flask", "--app", "shop", "db", "upgrade")) == (("flask", "--app", "shop", "db", "downgrade", "1"),)
    assert back((), now=("2", "b")) == back((), to=("1", "b")) == ()


def test_django_goes_back_application_by_application() -> None:
    """Those that stand where they are to be are left alone; one that the earlier release lacks goes to nothing."""
    now = ("auth.0012_x", "lamps.0003_c", "rooms.0001_initial")

    assert Django().downgrade_commands("manage.py", Upgrade(), now=now, to=("auth.0012_x", "lamps.0001_a")) == (
        ("python", "manage.py", "migrate", "--noinput", "lamps", "0001_a"),
        ("python", "manage.py", "migrate", "--noinput", "rooms", "zero"),
    )
