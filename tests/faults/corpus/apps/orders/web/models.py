"""The tables."""

from sqlalchemy import Column, Integer, MetaData, Table, Text

metadata = MetaData()
orders = Table(
    "orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("what", Text, nullable=False),
    Column("cents", Integer, nullable=False),
)
