"""What reading a migration shows of the way back."""

from __future__ import annotations

import pytest

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
