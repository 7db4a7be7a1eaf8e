"""gonogo.inspection.variables.envgrammar: the value of an env file is the one that its reader gets."""

from __future__ import annotations

import io

import pytest
from dotenv import dotenv_values
from hypothesis import given
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
}


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


@given(st.text(alphabet=st.sampled_from("AB=\"'\\\n :-+?#${}x"), max_size=60))
def test_any_text_is_read_or_told(text: str) -> None:
    """No grammar raises, and none finds other names."""
    raw, compose = envfile.parse(text), envfile.parse(text, grammar="compose")

    assert set(raw.values) <= set(compose.values)
    assert set(raw.values) == set(envfile.parse(text, grammar="dotenv").values)
