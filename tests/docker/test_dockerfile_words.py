"""What gonogo reads in a Dockerfile is what BuildKit makes of it."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from gonogo.detect.images import read_image
from gonogo.detect.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []

DOCKERFILE = r"""# Escape = \
ARG G=gg
FROM scratch AS unused
RUN cat <<<word
RUN <<-'E O' 3<<B
	COPY nothing /
	E O
b
B
RUN echo "x <<EOF y" \\
FROM scratch
ARG A=aa E=
ARG G
ENV K0='$A' K1="$A"\$A K2=a\ b \
  # a comment \

  K3="q\"q"${E:-d}${E-n}${E+p} K4=${A:-x}=${G}
ENV K5 some $A  'text'
env	K6="\n"\n'x y'
WORKDIR '/w x'/$A
HEALTHCHECK --interval=5s cmd ["a", "q\"r"]
CMD [ "a", \
  "b c" ] x
"""


def test_variables_commands_and_folders_are_the_builds(tmp_path: Path) -> None:
    """Quotes, escapes, comments between lines, heredocs and lists, all in one."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
    built = subprocess.run(["docker", "build", "--quiet", tmp_path], check=True, capture_output=True, text=True)
    image = built.stdout.strip()
    shown = subprocess.run(["docker", "image", "inspect", image], check=True, capture_output=True, text=True)
    subprocess.run(["docker", "image", "rm", image], check=True, capture_output=True)
    config = json.loads(shown.stdout)[0]["Config"]

    found = read_image(Tree.of({"Dockerfile": DOCKERFILE}), "Dockerfile", context=".")

    assert dict(found.env) == {
        name: value for name, _, value in (one.partition("=") for one in config["Env"]) if name != "PATH"
    }
    assert (found.workdir, list(found.command)) == (config["WorkingDir"], config["Cmd"])
    assert list(found.healthcheck) == config["Healthcheck"]["Test"]
