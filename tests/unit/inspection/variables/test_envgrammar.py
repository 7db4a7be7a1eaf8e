"""gonogo.inspection.variables.envgrammar: the value of an env file is the one that its reader gets."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.inspection.variables import envfile

__all__: list[str] = []

TEXT = r"""
A=one
export B=two
C="x ${A} $B $$ \n end"
D='lit ${A} $$'
E=unq ${A}-$B$$z # comment
F=${MISSING:-dflt}/${MISSING-d2}/${A:+alt}/${MISSING:+no}
G=a#b
H=
I: yaml
J="multi
line"
K=pa$$s-word-2
L=${A:?err}
N="a \"q\" b"
O='it\'s'
P=back\slash\n
Q=${MISSING:-${B}}
R=trail@@@
T="x" # c
U=${MISSING}
V=\$A
W=a$
X=$1
Y="\$A"
AA:"tight"
AB= 'it\'s ${A}' # c
AC="\\$A \'q\' \0101\a"
AD= # no comment here
AE=x # one
AF.b-c[0]=odd
export	AG : "x
 # y
"
AH="a" AI=b
""".replace("@@@", "   ")
"""Every line was given to Compose 2.26; what it made of them stands below."""
COMPOSE = {
    "A": "one",
    "B": "two",
    "C": "x one two $ \n end",
    "D": "lit ${A} $$",
    "E": "unq one-two$z",
    "F": "dflt/d2/alt/",
    "G": "a#b",
    "H": "",
    "I": "yaml",
    "J": "multi\nline",
    "K": "pa$s-word-2",
    "L": "one",
    "N": 'a "q" b',
    "O": "it's",
    "P": r"back\slash\n",
    "Q": "two",
    "R": "trail",
    "T": "x",
    "U": "",
    "V": r"\one",
    "W": "a$",
    "X": "$1",
    "Y": "$A",
    "AA": "tight",
    "AB": "it's ${A}",
    "AC": r"\one \'q\' " + "A\a",
    "AD": "# no comment here",
    "AE": "x",
    "AF.b-c[0]": "odd",
    "AG": "x\n # y\n",
    "AH": "a",
    "AI": "b",
}
PARTS = st.sampled_from(
    [
        "a",
        "b c",
        "#x",
        " # c",
        "$A",
        "${A}",
        "${A:-d}",
        "${Z-d}",
        "${Z:+p}",
        "${A:+p}",
        "${Z:-${A}}",
        "$$",
        "$",
        "\\n",
        "\\\\",
        "\\$",
        "\\'",
        "=",
        ":",
        "é",
        "{}",
        "\t",
        "  ",
        ",",
        "${Z:-'q'}",
        "$1",
        "\\t",
    ]
)
TEXTS = st.lists(PARTS, max_size=5).map("".join)
VALUES = st.one_of(
    TEXTS,
    TEXTS.map('"{}"  # c'.format),
    TEXTS.map("{}\\n".format).map('"{}"'.format),
    TEXTS.map(lambda text: "'" + text.replace("'", "") + "'"),
    TEXTS.map('"one\n{}"'.format),
)
LINES = st.builds("{}K={}{}".format, st.sampled_from(["", "export ", "  "]), st.sampled_from(["", " "]), VALUES)


def test_compose_reads_it_so() -> None:
    """References, escapes, quotes, comments and lines as Compose itself has them."""
    assert dict(envfile.parse(TEXT, grammar="compose").values) == COMPOSE


@pytest.mark.parametrize(
    "text", ["ADMIN=root\nTOKEN=${ADMIN}-token\n", "A=1\nB='${A}'\nC=$A$$\nD=${A:-2}${X:-3}\n", "P=pa$$word\n"]
)
def test_python_dotenv_reads_it_so(text: str) -> None:
    """What is handed to a process is what python-dotenv would have made of the same file."""
    expected = dotenv_values(stream=io.StringIO(text))

    assert dict(envfile.parse(text, grammar="dotenv").values) == expected


@pytest.mark.skipif(shutil.which("docker") is None, reason="no Compose client is installed")
@given(line=LINES)
@settings(max_examples=25, derandomize=True, deadline=None)
def test_compose_itself_reads_it_so(line: str) -> None:
    """Whatever is written into a line, the value is the one that a container would be given; what it refuses is told."""
    text = f"A=one\n{line}\n"
    found = envfile.parse(text, grammar="compose")
    truth = rendered(text)

    assert (dict(found.values), found.errors) == (truth, ()) if truth is not None else found.errors


def rendered(text: str) -> dict[str, str] | None:
    """The variables that Compose gives a service with this env file; None where it refuses it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "v.env").write_text(text, encoding="utf-8")
        Path(folder, "compose.yaml").write_text("services: {s: {image: x, env_file: v.env}}", encoding="utf-8")
        command = ("docker", "compose", "config", "--format", "json")
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    return {
        key: value.replace("$$", "$") for key, value in json.loads(done.stdout)["services"]["s"]["environment"].items()
    }


@given(st.text(alphabet=st.sampled_from("AB=\"'\\\n :-+?#${}x"), max_size=60))
def test_any_text_is_read_or_told(text: str) -> None:
    """No grammar raises, and where one finds a name, Compose's finds one or tells of the line."""
    raw, compose = envfile.parse(text), envfile.parse(text, grammar="compose")

    assert set(raw.values) == set(envfile.parse(text, grammar="dotenv").values)
    assert compose.values or compose.errors or not raw.values
