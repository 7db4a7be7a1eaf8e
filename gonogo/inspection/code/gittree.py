"""What git prints, as data. The commands run elsewhere; here are their exact options and the readers."""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "LOG_FORMAT",
    "LS_TREE",
    "STATUS",
    "Commit",
    "GitOutputError",
    "Ref",
    "Status",
    "StatusEntry",
    "TreeEntry",
    "parse_log",
    "parse_ls_remote",
    "parse_ls_tree",
    "parse_status",
]

LS_TREE = ("ls-tree", "-r", "-z", "--long")
STATUS = ("status", "--porcelain=v2", "-z", "--branch", "--untracked-files=all")
LOG_FORMAT = "%H%x1f%P%x1f%an%x1f%ae%x1f%cI%x1f%s"
"""For ``git log -z --format=…``: one commit a record, its fields apart by unit separators."""

_FIELDS = {"1": 8, "2": 9, "u": 10}
"""How many words stand before the path, by kind of entry."""


class GitOutputError(ValueError):
    """Git printed something that this reader does not know."""


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a commit's tree."""

    path: str
    mode: str
    kind: str
    sha: str
    size: int | None = None

    @property
    def is_executable(self) -> bool:
        """Whether git records the file as executable."""
        return self.mode == "100755"

    @property
    def is_symlink(self) -> bool:
        """Whether the entry is a symbolic link, whose blob is its target."""
        return self.mode == "120000"

    @property
    def is_submodule(self) -> bool:
        """Whether the entry is a commit of another repository."""
        return self.mode == "160000"


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """One path that differs from HEAD, or that git does not know."""

    path: str
    state: str
    """The two letters of ``git status``, or ``??`` and ``!!``."""
    original: str = ""
    """The former path of a renamed or copied file."""

    @property
    def is_untracked(self) -> bool:
        """Whether git does not know the path."""
        return self.state == "??"

    @property
    def is_conflict(self) -> bool:
        """Whether a merge left the path undecided."""
        return "U" in self.state or self.state in {"AA", "DD"}


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a working tree; an empty ``commit`` is a repository without any."""

    commit: str = ""
    branch: str = ""
    upstream: str = ""
    ahead: int = 0
    behind: int = 0
    entries: tuple[StatusEntry, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs, untracked files included and ignored ones aside."""
        return all(entry.state == "!!" for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the history."""

    sha: str
    parents: tuple[str, ...]
    author: str
    email: str
    date: str
    subject: str


@dataclass(frozen=True, slots=True)
class Ref:
    """One ref of a remote; ``peeled`` is the commit of an annotated tag."""

    name: str
    sha: str
    peeled: str = ""

    @property
    def commit(self) -> str:
        """Gives the commit that the ref stands for."""
        return self.peeled or self.sha


def parse_ls_tree(output: str | bytes) -> tuple[TreeEntry, ...]:
    """Reads ``git ls-tree -r -z``, with or without ``--long``."""
    return tuple(_tree_entry(record) for record in _records(output))


def parse_status(output: str | bytes) -> Status:
    """Reads ``git status --porcelain=v2 -z``, with or without ``--branch``."""
    headers: dict[str, str] = {}
    entries: list[StatusEntry] = []
    records = _records(output)
    for record in records:
        if record.startswith("# "):
            name, _, value = record[2:].partition(" ")
            headers[name] = value
        else:
            entries.append(_status_entry(record, records))
    known = {key: "" if value.startswith("(") else value for key, value in headers.items()}
    ahead, behind = _ahead_behind(headers.get("branch.ab", "+0 -0"))
    return Status(
        known.get("branch.oid", ""),
        known.get("branch.head", ""),
        known.get("branch.upstream", ""),
        ahead,
        behind,
        tuple(entries),
    )


def parse_log(output: str | bytes) -> tuple[Commit, ...]:
    """Reads ``git log -z --format=`` with LOG_FORMAT."""
    return tuple(_commit(record) for record in _records(output))


def parse_ls_remote(output: str | bytes) -> tuple[Ref, ...]:
    """Reads ``git ls-remote``; the two lines of an annotated tag become one ref."""
    refs: dict[str, Ref] = {}
    for line in _text(output).splitlines():
        sha, tab, name = line.partition("\t")
        if not tab:
            raise GitOutputError(f"git ls-remote: found {line!r}, expected a hash, a tab and a ref")
        plain = name.removesuffix("^{}")
        known = refs.get(plain)
        refs[plain] = Ref(plain, known.sha, sha) if known and plain != name else Ref(plain, sha)
    return tuple(refs.values())


def _text(output: str | bytes) -> str:
    return output.decode("utf-8", "surrogateescape") if isinstance(output, bytes) else output


def _records(output: str | bytes) -> Iterator[str]:
    return (record for record in _text(output).split("\0") if record)


def _tree_entry(record: str) -> TreeEntry:
    head, tab, path = record.partition("\t")
    match head.split(), bool(tab):
        case [mode, kind, sha], True:
            return TreeEntry(path, mode, kind, sha)
        case [mode, kind, sha, size], True if size == "-" or size.isdecimal():
            return TreeEntry(path, mode, kind, sha, None if size == "-" else int(size))
    raise GitOutputError(f"git ls-tree: found {record!r}, expected mode, type, hash, a tab and a path; run it with -z")


def _status_entry(record: str, records: Iterator[str]) -> StatusEntry:
    kind, _, rest = record.partition(" ")
    if kind in {"?", "!"} and rest:
        return StatusEntry(rest, kind * 2)
    words = rest.split(" ", _FIELDS.get(kind, 1) - 1)
    if kind not in _FIELDS or len(words) != _FIELDS[kind]:
        raise GitOutputError(f"git status: found {record!r}, expected an entry of --porcelain=v2 -z")
    return StatusEntry(words[-1], words[0], next(records, "") if kind == "2" else "")


def _ahead_behind(text: str) -> tuple[int, int]:
    words = [word.lstrip("+-") for word in text.split()]
    if len(words) != 2 or not all(word.isdecimal() for word in words):  # noqa: PLR2004 - ahead and behind
        raise GitOutputError(f"git status: found branch.ab {text!r}, expected +AHEAD -BEHIND")
    return int(words[0]), int(words[1])


def _commit(record: str) -> Commit:
    fields = record.strip("\n").split("\x1f", 5)
    if len(fields) != 6:  # noqa: PLR2004 - the fields of LOG_FORMAT
        raise GitOutputError(f"git log: found {record!r}, expected six fields as in LOG_FORMAT")
    sha, parents, author, email, date, subject = fields
    return Commit(sha, tuple(parents.split()), author, email, date, subject)
