"""Pages for the office alone."""

from secrets import compare_digest
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException

from web.settings import settings


def member(authorization: Annotated[str, Header()] = "") -> None:
    """Nobody else."""
    if not compare_digest(authorization, f"Bearer {settings.office_token.get_secret_value()}"):
        raise HTTPException(401)


router = APIRouter(prefix="/office", dependencies=[Depends(member)])


@router.get("/figures")
def figures() -> dict[str, int]:
    """How many orders there are."""
    from web.reports import count

    return {"orders": count()}
