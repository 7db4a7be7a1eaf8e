"""gonogo.run.moves.logs: what the release that goes has logged is kept."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.host.runner import Command, this_machine
from gonogo.run.moves.logs import SaveLogs


@pytest.mark.parametrize(("text", "said"), [("", "0 lines"), ("one\n", "1 line"), ("one\ntwo", "2 lines")])
def test_lines_are_counted_as_people_count(tmp_path: Path, text: str, said: str) -> None:
    """Seen: "1 lines of the outgoing release kept", of one that had logged nothing: the command was counted."""
    shown = Command(argv=("printf", text))
    runtime = SimpleNamespace(save_logs=lambda *_: (shown,))
    work: Any = SimpleNamespace(
        runtime=runtime, place=None, serving=None, host=this_machine(), folder=tmp_path, notes=[]
    )

    assert SaveLogs().do(work) == f"{said} of the outgoing release kept"
    assert (tmp_path / "outgoing.log").read_text().endswith(text)
