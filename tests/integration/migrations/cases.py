"""Migrations of every kind, each over the same schema; what they do to the code before them is found out by running it."""

# ruff: noqa: S608 (statements of migrations)

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BASE", "CASES", "Case", "source"]

BASE = """\
create type stage as enum ('new', 'won');
create table rooms (id serial primary key, title text not null);
create table leads (
    id serial primary key, email text not null, name varchar(40), stage stage not null default 'new', amount integer,
    room_id integer constraint leads_room references rooms (id), made timestamptz not null default now()
);
create index leads_name on leads (name);
create table notes (id serial primary key, lead_id integer, body text);
create view winners as select id, email from leads where stage = 'won';
insert into rooms (title) values ('north'), ('south'), ('empty');
insert into leads (email, name, stage, amount, room_id)
    values ('Ada@example.com', 'Ada', 'won', 10, 1), ('bob@example.com', null, 'new', 0, null), ('c@example.com', 'C', 'new', 7, 2);
insert into notes (lead_id, body) values (1, 'called'), (9, null);
"""


@dataclass(frozen=True)
class Case:
    """One migration, and what the release that brought it writes afterwards."""

    name: str
    up: str
    then: str = ""


def source(case: Case) -> str:
    """The migration's file."""
    body = "".join(f"    {line}\n" for line in case.up.splitlines())
    return f"import sqlalchemy as sa\nfrom alembic import op\n\n\ndef upgrade():\n{body}"


def _add(column: str) -> str:
    return f'op.add_column("leads", sa.Column({column}))'


def _run(sql: str) -> str:
    return f'op.execute("{sql}")'


CASES = (
    Case("new table", 'op.create_table("visits", sa.Column("id", sa.Integer, primary_key=True))'),
    Case(
        "new table that refers to another",
        'op.create_table("visits", sa.Column("lead_id", sa.Integer, sa.ForeignKey("leads.id")))',
        "insert into visits values (3)",
    ),
    Case(
        "new table that refers to another and goes with it",
        'op.create_table("visits", sa.Column("lead_id", sa.Integer, sa.ForeignKey("leads.id", ondelete="CASCADE")))',
        "insert into visits values (3)",
    ),
    Case(
        "new table that refers by a constraint",
        'op.create_table("visits", sa.Column("lead_id", sa.Integer), sa.ForeignKeyConstraint(["lead_id"], ["leads.id"]))',
        "insert into visits values (3)",
    ),
    Case(
        "new table with rows and constraints",
        't = op.create_table("rates", sa.Column("id", sa.Integer), sa.Column("n", sa.Integer))\n'
        'op.bulk_insert(t, [{"id": 1, "n": 2}])\nop.create_check_constraint("positive", "rates", "n > 0")\n'
        'op.create_index("ux", "rates", ["id"], unique=True)',
    ),
    Case("column that may be empty", _add('"hue", sa.Text')),
    Case("column that may be empty, in a batch", 'with op.batch_alter_table("leads") as batch:\n    batch.add_column(sa.Column("hue", sa.Text))'),
    Case("column with a default of the server's", _add('"hue", sa.Text, nullable=False, server_default="red"')),
    Case("column with an index of its own", _add('"hue", sa.Text, index=True')),
    Case("column that numbers itself", _add('"number", sa.Integer, sa.Identity()')),
    Case("column that must be filled", f'{_run("delete from leads")}\n{_add(chr(34) + "hue" + chr(34) + ", sa.Text, nullable=False")}'),
    Case("column that must be filled, of a table without rows", 'op.execute("delete from notes")\nop.add_column("notes", sa.Column("by", sa.Text, nullable=False))'),
    Case("column that is computed", _add('"double", sa.Integer, sa.Computed("amount * 2", persisted=True)')),
    Case("column that is unique with a default", _add('"tag", sa.Text, unique=True')),
    Case("column that refers to another table", _add('"next_id", sa.Integer, sa.ForeignKey("rooms.id")'), "update leads set next_id = 3"),
    Case("column with a check", _add('"score", sa.Integer, sa.CheckConstraint("score is null or amount < 100")')),
    Case("column dropped", 'op.drop_column("leads", "name")'),
    Case("column dropped that nothing reads", f'{_add(chr(34) + "old" + chr(34) + ", sa.Text")}\nop.drop_column("leads", "old")'),
    Case("column renamed", 'op.alter_column("leads", "email", new_column_name="mail")'),
    Case("column renamed, and the old one kept", f'{_add(chr(34) + "mail" + chr(34) + ", sa.Text")}\n{_run("update leads set mail = email")}'),
    Case("column widened", 'op.alter_column("leads", "name", type_=sa.String(80))'),
    Case("column narrowed", 'op.alter_column("leads", "name", type_=sa.String(10))'),
    Case("number made a bigger one", 'op.alter_column("leads", "amount", type_=sa.BigInteger)'),
    Case("number made a smaller one", 'op.alter_column("leads", "amount", type_=sa.SmallInteger)'),
    Case("number made a text", _run("alter table leads alter amount type text using amount::text")),
    Case("text made one without cases", _run("update leads set email = lower(email)")),
    Case("column that must be filled from now on", _run("update leads set name = '' where name is null") + '\nop.alter_column("leads", "name", nullable=False)'),
    Case("column that may be empty from now on", 'op.alter_column("leads", "email", nullable=True)'),
    Case("column that may be empty from now on, and is", 'op.alter_column("leads", "amount", nullable=True)', "update leads set amount = null where id = 3"),
    Case("default dropped", 'op.alter_column("leads", "stage", server_default=None)'),
    Case("default of another value", 'op.alter_column("leads", "stage", server_default="won")'),
    Case("unique from now on", 'op.create_unique_constraint("u", "rooms", ["title"])'),
    Case("check from now on", 'op.create_check_constraint("c", "leads", "amount >= 0")'),
    Case("check of new rows alone", _run("alter table leads add constraint c check (amount < 1000) not valid")),
    Case("reference from now on", _run("delete from notes where lead_id = 9") + '\nop.create_foreign_key("f", "notes", "leads", ["lead_id"], ["id"])'),
    Case("reference dropped", 'op.drop_constraint("leads_room", "leads")'),
    Case("reference that deletes", 'op.drop_constraint("leads_room", "leads")\nop.create_foreign_key("f", "leads", "rooms", ["room_id"], ["id"], ondelete="CASCADE")'),
    Case("index", 'op.create_index("ix", "leads", ["amount"])'),
    Case("index in small letters", 'op.create_index("ix", "leads", [sa.text("lower(email)")])'),
    Case("index of what is computed", 'op.create_index("ix", "leads", [sa.text("(100 / nullif(amount, 0))"), sa.text("(1000000 * amount)")])'),
    Case("index of some rows", 'op.create_index("ix", "leads", ["email"], postgresql_where=sa.text("name IS NOT NULL"))'),
    Case("index where something is computed", 'op.create_index("ix", "leads", ["email"], postgresql_where=sa.text("1000000 * amount > 3"))'),
    Case("unique index", 'op.create_index("ux", "rooms", ["title"], unique=True)'),
    Case("unique index of some rows", 'op.create_index("ux", "rooms", ["title"], unique=True, postgresql_where=sa.text("id > 1"))'),
    Case("index while others write", 'with op.get_context().autocommit_block():\n    op.create_index("ix", "leads", ["amount"], postgresql_concurrently=True)'),
    Case("index dropped", 'op.drop_index("leads_name")'),
    Case("index renamed", _run("alter index leads_name rename to leads_by_name")),
    Case("two that exclude each other", _run("alter table rooms add constraint x exclude using btree (title with =)")),
    Case("table dropped", 'op.drop_table("notes")'),
    Case("table renamed", 'op.rename_table("notes", "remarks")'),
    Case("table renamed, with a view of the old name", 'op.rename_table("notes", "remarks")\n' + _run("create view notes as select * from remarks")),
    Case("value of an enum", 'with op.get_context().autocommit_block():\n    op.execute("alter type stage add value \'lost\'")', "update leads set stage = 'lost' where id = 3"),
    Case("value of an enum that nobody uses yet", 'with op.get_context().autocommit_block():\n    op.execute("alter type stage add value \'lost\'")'),
    Case("value of an enum renamed", _run("alter type stage rename value 'won' to 'sold'")),
    Case("enum made a text", _run("alter table leads alter stage drop default; drop view winners; alter table leads alter stage type text; "
        "alter table leads alter stage set default 'new'; create view winners as select id, email from leads where stage = 'won'")),
    Case("view with another column", _run("create or replace view winners as select id, email, name from leads where stage = 'won'")),
    Case("view dropped", _run("drop view winners")),
    Case("trigger that keeps account", 'op.create_table("log", sa.Column("at", sa.DateTime))\n'
        + _run("create function noted() returns trigger language plpgsql as $$ begin insert into log values (now()); return new; end $$; "
               "create trigger noted after insert on leads for each row execute function noted()")),
    Case("trigger that refuses", _run("create function refused() returns trigger language plpgsql as $$ begin if new.amount > 99 then "
         "raise exception 'too much'; end if; return new; end $$; "
         "create trigger refused before insert on leads for each row execute function refused()")),
    Case("rows moved to another table", 'op.create_table("archive", sa.Column("id", sa.Integer))\n' + _run("delete from leads where id = 3")),
    Case("rows changed", _run("update rooms set title = 'hall' where id = 1")),
    Case("rows filled in", f'{_add(chr(34) + "hue" + chr(34) + ", sa.Text")}\n{_run("update leads set hue = chr(114)")}'),
    Case("comment", 'op.create_table_comment("leads", "people who asked")'),
    Case("nothing", "pass"),
)  # fmt: skip
