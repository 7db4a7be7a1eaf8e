"""What an image should not hold, and what only looks like that."""

from __future__ import annotations

import base64

import pytest

from gonogo.inspection.code.baked import histories, is_private_key, is_worth_reading, known_in, own_folders, own_secrets

__all__: list[str] = []

BEGIN, END = "-----BEGIN {}PRIVATE KEY-----\n", "-----END {}PRIVATE KEY-----\n"
STRONG = "nQ7xV2rT9kLw4ZpB8sYc"


def key(kind: str = "", body: str = "MIIEvgIBADANBgkqhkiG9w0BAQEFAASC\n") -> bytes:
    """A key in PEM."""
    return (BEGIN.format(kind) + body + END.format(kind)).encode()


def openssh(cipher: bytes) -> bytes:
    """A key as ssh-keygen writes it."""
    raw = b"openssh-key-v1\0" + len(cipher).to_bytes(4, "big") + cipher + b"\0\0\0\x04none"
    return key("OPENSSH ", base64.b64encode(raw).decode() + "\n")


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("/keys/deploy.pem", key(), True),
        ("/id_rsa", key("RSA "), True),
        ("/id_ed25519", openssh(b"none"), True),
        ("/server.key", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" + key("EC "), True),
        ("/id_ed25519", openssh(b"aes256-ctr"), False),
        ("/keys/deploy.pem", key("ENCRYPTED "), False),
        ("/keys/old.pem", key("RSA ", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIIE\n"), False),
        ("/certs/ca.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", False),
        ("/public.pem", b"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n", False),
        ("/tests/fixtures/jwt.pem", key(), False),
        ("/certs/localhost.key", key(), False),
        ("/app/test_key.pem", key(), False),
        ("/docs/private.pem", key(), False),
        ("/notes_private.txt", b"-----BEGIN PRIVATE KEY----- is how it begins", False),
    ],
)
def test_private_keys(path: str, content: bytes, *, expected: bool) -> None:
    """Those that anybody can use; not certificates, keys with a passphrase, and what says that it is for tests."""
    assert is_private_key(path, content) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/app/.env", True),
        ("/app/.env.production", True),
        ("/app/.envs/.production/.django", True),
        ("/app/deploy/id_rsa", True),
        ("/app/id_rsa.pub", False),
        ("/app/private_views.py", False),
        ("/app/.venv/lib/python3.12/site-packages/certifi/cacert.pem", False),
        ("/app/node_modules/x/test.pem", False),
        ("/app/environment.txt", False),
    ],
)
def test_what_is_read_at_all(path: str, *, expected: bool) -> None:
    """Names of keys and env files; nothing of other people's packages."""
    assert is_worth_reading(path, 100) is expected
    assert not is_worth_reading(path, 10_000_000)


def test_secrets_of_the_environments_own() -> None:
    """What nobody guesses; words, placeholders and readable values are none, but for what the team declares."""
    variables = {
        "SECRET_KEY": STRONG,
        "DATABASE_URL": f"postgres://shop:{STRONG[::-1]}@db/shop",
        "DB_PASSWORD": "postgres",
        "REDIS_PASSWORD": "changethis",
        "API_TOKEN": "your-token-here",
        "PASSWORD_LENGTH": "12345678",
        "JWT_SECRET": "correct horse battery",
        "VITE_MAPS_API_KEY": "AIza7xV2rT9kLw4ZpB8sYcnQ",
        "MAPS_API_KEY": "AIza7xV2rT9kLw4ZpB8sYcnQ",
        "PEPPER": "some-readable-words",
        "GREETING": "hello-to-everybody-here",
    }

    assert own_secrets(variables, ("PEPPER",)) == {
        STRONG: "SECRET_KEY",
        STRONG[::-1]: "DATABASE_URL",
        "some-readable-words": "PEPPER",
    }


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("/app/.env", f"DEBUG=0\nSECRET_KEY={STRONG}\n", ["SECRET_KEY"]),
        ("/app/.env.prod", f"export DATABASE_URL='postgres://a:{STRONG}@db/x'\n", ["DATABASE_URL"]),
        ("/app/.env", "SECRET_KEY=dev-only-key-that-serves-nobody\n", []),
        ("/app/.env.example", f"SECRET_KEY={STRONG}\n", []),
        ("/app/deploy.pem", f"SECRET_KEY={STRONG}\n", []),
    ],
)
def test_env_files_with_this_environments_secrets(path: str, text: str, expected: list[str]) -> None:
    """Names only; the values of a desk are nobody's secrets here."""
    assert known_in(path, text.encode(), {STRONG: "SECRET_KEY"}) == expected


def test_histories_and_pointers_to_them() -> None:
    """Objects are a history; a worktree's pointer is a file, and packages bring their own."""
    paths = ["/app/.git/objects/pack/pack-1.pack", "/app/.git/HEAD", "/srv/.git", "/app/node_modules/x/.git/objects/a"]

    assert list(histories(paths)) == ["/app/.git"]
    assert list(histories(["/app/.git", "/app/.gitignore", "/app/.github/objects/x"])) == []


def test_only_the_applications_own_folders_are_looked_at() -> None:
    """Neither the system's folders nor packages; what lies in another of them once."""
    assert own_folders(["/app/src", "/srv/shop/api.py"], "/app") == ("/srv/shop/api.py", "/app")
    assert own_folders(["/usr/local/lib/python3.12/site-packages/shop"], "/") == ()
    assert own_folders(["/"], "/usr/src/app") == ("/usr/src/app",)
