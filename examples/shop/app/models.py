"""The tables, as the newest migration leaves them."""

from datetime import datetime

from sqlalchemy import DateTime, Identity, Index, Integer, SmallInteger, String, Text, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The metadata that Alembic compares with the database."""


class Lead(Base):
    """Somebody who asked for a visit."""

    __tablename__ = "leads"
    __table_args__ = (Index("leads_created_at", "created_at"),)

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    beds: Mapped[int] = mapped_column(SmallInteger)
    baths: Mapped[int] = mapped_column(SmallInteger)
    cleaning_type: Mapped[str] = mapped_column(String(40))
    message: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[str] = mapped_column(String(20), server_default="new")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    total_cents: Mapped[int | None] = mapped_column(Integer)


class Rate(Base):
    """What one cleaning type costs, in cents."""

    __tablename__ = "rates"

    cleaning_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    base: Mapped[int] = mapped_column(Integer)
    bed: Mapped[int] = mapped_column(Integer)
    bath: Mapped[int] = mapped_column(Integer)


class Heartbeat(Base):
    """When a background process last finished a round, and which release it is."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    beat_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    release: Mapped[str] = mapped_column(String(80), server_default="")
