"""gonogo.plugins.transport: whose certificates a check's requests trust."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from gonogo.plugins.evidence import InconclusiveError
from gonogo.plugins.transport import trusted


def test_authorities_are_read_once_for_what_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen: they were read for each request, which cost ten times as much as asking; another file is another answer."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    usual = trusted()
    own = tmp_path / "own.pem"
    own.write_text(Path(certifi.where()).read_text())
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    named = trusted()

    assert trusted() is named
    assert named is not usual
    own.unlink()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(InconclusiveError, match=r"SSL_CERT_FILE: found .*none\.pem"):
        trusted()
