"""Options that several commands have, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Attest", "Env", "Force", "Hotfix", "Images", "Json", "NoCache", "Quiet", "Ref"]

Env = Annotated[str | None, typer.Option("--env", metavar="NAME", help="environment of gonogo.toml")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON document on standard output")]
Ref = Annotated[str, typer.Option("--ref", help="branch, tag or commit to deploy")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="build without cached layers")]
Hotfix = Annotated[bool, typer.Option("--hotfix", help="production is broken already: deploy all the same")]
Quiet = Annotated[bool, typer.Option("--quiet", help="show the ending only")]
Attest = Annotated[
    list[str] | None,
    typer.Option("--attest", metavar="ID", help="say what the environment asks for; repeat it for each"),
]
Images = Annotated[
    Path | None,
    typer.Option("--images", metavar="FILE", help="what `docker save` wrote: the images of services that name one"),
]
Force = Annotated[bool, typer.Option("--force", help="do it although gonogo would refuse; deploy asks for --reason")]
