"""What the Engine says of the memory of containers, and the kernel of that of processes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.machine.memory import Memory, is_close, own, read, shares, used

__all__: list[str] = []


def test_killed_and_limited_containers_are_read() -> None:
    """One line a container; an error of the Engine between them is no container."""
    said = "/shop-web-1 true 67108864\nError: No such object: shop-web-2\n/shop-web-3 false 0\n\n"

    assert list(read(said)) == [
        Memory(name="shop-web-1", killed=True, limit=67108864),
        Memory(name="shop-web-3", killed=False, limit=0),
    ]


def test_shares_are_read() -> None:
    """What is not known (``--``) is left out."""
    assert shares("shop-web-1 91.25%\nshop-web-2 --\nshop-web-3 0.00%\n") == {"shop-web-1": 91.25, "shop-web-3": 0.0}
    assert [is_close(89.9), is_close(90.0)] == [False, True]


def test_what_is_used_is_read() -> None:
    """In whatever unit the Engine writes it."""
    assert used("shop-web-1 1.5MiB / 2GiB\nshop-web-2 -- / --\nshop-web-3 12B / 0B\n") == {
        "shop-web-1": 3 << 19,
        "shop-web-3": 12,
    }


def test_a_process_weighs_what_is_its_own() -> None:
    """What it has in files, which can be read again, is the kernel's to drop; what was swapped out is still its own."""
    status = "VmRSS:\t   9000 kB\nRssAnon:\t    4096 kB\nRssFile:\t    4904 kB\nVmSwap:\t    1024 kB\n"

    assert (own(status), own("Name:\tkthreadd\n")) == (5 << 20, 0)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """Whatever the Engine writes, names have no slash in front and limits are no debts."""
    assert all(one.limit >= 0 and not one.name.startswith("/") for one in read(text))
    assert all(share >= 0 for share in shares(text).values())
