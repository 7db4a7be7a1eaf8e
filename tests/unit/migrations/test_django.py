"""What reading a migration of Django's shows."""

from __future__ import annotations

import pytest

from gonogo.migrations.django import Django

__all__: list[str] = []

SOURCE = """\
from django.db import migrations, models


def fill(apps, schema_editor):
    apps.get_model("lamps", "Lamp").objects.update(note="")


class Migration(migrations.Migration):
    dependencies = [("lamps", "0001_first")]
    operations = [{operation}]
"""


@pytest.mark.parametrize(
    "operation",
    [
        "migrations.RunPython(fill, migrations.RunPython.noop)",
        "migrations.RunPython(fill, reverse_code=migrations.RunPython.noop)",
        "migrations.RunPython(code=fill, reverse_code=migrations.RunPython.noop, elidable=True)",
        'migrations.AddField("lamp", "note", models.TextField(null=True))',
        'migrations.CreateModel("Shade", [("id", models.AutoField(primary_key=True))])',
    ],
)
def test_what_only_adds_is_shown(operation: str) -> None:
    """A reverse that does nothing says that the release before can live with the data as they are."""
    assert Django().not_shown(SOURCE.format(operation=operation)) == ""


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ("migrations.RunPython(fill)", "RunPython (line 10)"),
        ("migrations.RunPython(fill, fill)", "RunPython (line 10)"),
        ("migrations.RunPython(fill, reverse_code=noop)", "RunPython (line 10)"),
        ('migrations.RunSQL("drop table lamps", migrations.RunSQL.noop)', "RunSQL (line 10)"),
        ('migrations.AddField("lamp", "note", models.TextField())', "AddField note: not null and without db_default (line 10)"),
        ('migrations.RemoveField("lamp", "note")', "RemoveField (line 10)"),
    ],
)  # fmt: skip
def test_what_does_more_is_not_shown(operation: str, why: str) -> None:
    """With its line; a statement in SQL may do anything, whatever its reverse."""
    assert Django().not_shown(SOURCE.format(operation=operation)) == why


def test_idle_operations_are_passed_over() -> None:
    """Django itself says of an AlterField whether its column stays as it is."""
    source = SOURCE.format(
        operation='migrations.AlterField("lamp", "note", models.TextField("words")), migrations.RemoveField("lamp", "hue")'
    )

    assert Django().not_shown(source) == "AlterField (line 10)"
    assert Django().not_shown(source, (0,)) == "RemoveField (line 10)"
    assert Django().not_shown(source, (0, 1)) == ""
