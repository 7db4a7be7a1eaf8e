"""Which commit the files in an image come from."""

from gonogo.inspection.code.origins import Held, commit_of

__all__: list[str] = []

TREES = {
    "docs": {"main.py": "2", "new.py": "n", "readme": "9"},
    "two": {"main.py": "2", "new.py": "n"},
    "one": {"main.py": "1", "old.py": "o"},
}


def held(**files: str) -> Held:
    """An image with these files in /app (``_py`` is the suffix)."""
    blobs = {f"/app/{name.replace('_py', '.py')}": blob for name, blob in files.items()}
    return Held(code={".": "/app"}, blobs=blobs)


def test_files_name_their_commit() -> None:
    """The commit is found whose files they are, byte for byte, with the fewest on one side only."""
    assert commit_of(TREES, [held(main_py="1", old_py="o")]) == "one"
    assert commit_of(TREES, [held(main_py="2", new_py="n")]) == "two"
    assert commit_of(TREES, [held(main_py="2", new_py="n", readme="9")]) == "docs"


def test_files_of_no_commit_leave_it_open() -> None:
    """A file that was changed by hand, files of two commits in two images, and nothing of the repository are no proof."""
    assert commit_of(TREES, [held(main_py="1", old_py="changed")]) is None
    assert commit_of(TREES, [held(main_py="1", old_py="o"), held(main_py="2", new_py="n")]) is None
    assert commit_of(TREES, [held(other="x")]) is None
    assert commit_of({}, [held(main_py="1")]) is None


def test_a_second_image_of_another_part_decides() -> None:
    """What one image leaves open, another one says."""
    part = Held(code={"readme": "/docs/readme"}, blobs={"/docs/readme": "9"})

    assert commit_of(TREES, [held(main_py="2", new_py="n"), part]) == "docs"
