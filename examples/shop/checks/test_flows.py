"""What customers and the office do, in a real browser; gonogo gives `page`, bound to the environment's URL.

Without playwright (pip install "gonogo[browser]") they are skipped, and say so.

They write one thing: a lead whose address ends in `.invalid`, which nobody can have. It is removed again, also where the
check goes red. Where not even that may be written, `CHECKS_WRITE=no` in the env file leaves that check out.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

REMEDY = "Open the page in the trace that the report names; then: docker compose logs api"


@pytest.fixture(autouse=True)
def a_browser() -> None:
    """Skip where there is none."""
    pytest.importorskip("playwright", reason='found no playwright: pip install "gonogo[browser]"')


@pytest.fixture
def log_in(page: "Page", variables: dict[str, str]) -> Callable[[str], None]:
    """Logs in with a password."""

    def log_in(password: str = variables["ADMIN_PASSWORD"]) -> None:
        page.goto("/admin/login")
        page.get_by_label("User").fill(variables["ADMIN_USER"])
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()

    return log_in


@pytest.fixture
def address(variables: dict[str, str], http: httpx.Client) -> Iterator[str]:
    """An address for a lead; every lead that has it is gone afterwards."""
    if variables.get("CHECKS_WRITE") == "no":
        pytest.skip("CHECKS_WRITE=no in the env file: nothing is written here")
    email = f"gonogo-{uuid4().hex}@example.invalid"
    yield email
    admin = (variables["ADMIN_USER"], variables["ADMIN_PASSWORD"])
    for lead in http.get("/v1/leads", auth=admin).raise_for_status().json():
        if lead["email"] == email:
            http.post(f"/admin/leads/{lead['id']}/remove", auth=admin)


@pytest.mark.postdeploy("S01", remedy=REMEDY)
def test_an_estimate_is_priced_on_the_page(page: "Page") -> None:
    """A visitor who asks for more rooms sees a higher price, and the lines add up to it.

    Catches a script that no longer finds its API: the page stays as it came, with the price of another home.
    """
    page.goto("/estimate?beds=1")
    before = _cents(page.locator("#estimate-total").inner_text())
    page.get_by_label("Bedrooms").fill("4")
    with page.expect_response("**/v1/estimate"):
        page.get_by_role("button", name="Calculate").click()
    page.get_by_role("cell", name="4 bedrooms").wait_for()
    total = _cents(page.locator("#estimate-total").inner_text())
    lines = [_cents(text) for text in page.locator("#estimate-lines td:nth-child(2)").all_inner_texts()]

    assert total > before, f"4 bedrooms: found {total} cents, expected more than the {before} of one"
    assert sum(lines) == total, f"found lines of {lines} cents, expected {total} together"


@pytest.mark.postdeploy("S02", remedy=REMEDY)
def test_a_wrong_password_opens_nothing(page: "Page", log_in: Callable[[str], None]) -> None:
    """The login says so, and the dashboard stays closed."""
    log_in("not the password")
    page.get_by_text("Wrong user or password.").wait_for()

    assert page.request.get("/admin").status == 401


@pytest.mark.postdeploy("S03", remedy=REMEDY)
def test_the_office_sees_its_dashboard(page: "Page", log_in: Callable[[], None]) -> None:
    """The password opens the dashboard, with the leads counted by status; after the logout it is closed."""
    log_in()
    page.get_by_role("heading", name="Leads").wait_for()
    counts = page.locator("#counts").inner_text()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Office").wait_for()

    assert [part.split(":")[0] for part in counts.split(", ")] == ["new", "contacted", "won", "lost"]
    assert page.request.get("/admin").status == 401


@pytest.mark.postdeploy("S04", remedy=REMEDY)
def test_a_lead_reaches_the_office(page: "Page", log_in: Callable[[], None], address: str) -> None:
    """A visitor asks for a visit and is thanked; the office finds the lead on its dashboard, and can remove it."""
    page.goto("/")
    page.get_by_label("Name").fill("A check of gonogo")
    page.get_by_label("Email").fill(address)
    page.get_by_role("button", name="Ask for a visit").click()
    page.get_by_text("Thank you").wait_for()
    log_in()
    row = page.get_by_role("row").filter(has_text=address)
    row.wait_for()
    row.get_by_role("button", name="Remove").click()
    row.wait_for(state="detached")


def _cents(price: str) -> int:
    return round(float(price.removesuffix(" EUR").replace(",", "")) * 100)
