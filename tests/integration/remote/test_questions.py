"""What a command asks on the host is answered here."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from .conftest import Far

ASKS = """\
#!/bin/sh
printf 'shown: %s, %s wide. Sure? ' "$GONOGO_SHOWN_ON_TERMINAL" "$COLUMNS" >&2
read answer
echo "heard: $answer"
exit 5
"""


def test_a_question_is_answered_at_the_terminal_of_the_deployer(far: Far) -> None:
    """The prompt stands there without a line's end, the answer reaches the run, and the code is the run's own."""
    tool = far.server.home / ".local" / "state" / "gonogo" / ".tools" / "current" / "bin" / "python"
    tool.write_text(ASKS)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-P", "-m", "gonogo", "rollback", "--env", "test", "--downgrade"]
    environ = {**far.environ, "COLUMNS": "77", "LINES": "20"}
    process = subprocess.Popen(
        command, cwd=far.root, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    said = b""
    while b"Sure? " not in said:
        said += os.read(ours, 4096)
    os.write(ours, b"yes\n")
    while b"heard" not in said:
        said += os.read(ours, 4096)

    assert process.wait(30) == 5
    os.close(ours)
    assert b"shown: answer, 77 wide. Sure? " in said
    assert b"heard: yes" in said
