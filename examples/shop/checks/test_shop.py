"""What must be true of a shop that serves; gonogo gives `http`, a client bound to the environment's URL."""

import httpx
import pytest


@pytest.mark.postdeploy
def test_an_estimate_is_priced(http: httpx.Client) -> None:
    """Two bedrooms and a bathroom have a price that is the sum of its lines.

    Catches a rates table that a migration emptied: every page answers, and nothing can be sold.
    """
    answer = http.post("/v1/estimate", json={"beds": 2, "baths": 1, "cleaning_type": "standard"})

    assert answer.status_code == 200, answer.text
    estimate = answer.json()
    assert estimate["total_cents"] > 0
    assert estimate["total_cents"] == sum(line["cents"] for line in estimate["lines"])


@pytest.mark.postdeploy
def test_the_form_sells_what_has_a_rate(http: httpx.Client) -> None:
    """The home page's form offers every cleaning type that has a rate."""
    rates = http.get("/v1/rates").json()
    page = http.get("/").text

    assert rates, "GET /v1/rates lists nothing"
    missing = [rate["cleaning_type"] for rate in rates if f'value="{rate["cleaning_type"]}"' not in page]
    assert not missing, f"the form on / does not offer {missing}"


@pytest.mark.postdeploy
@pytest.mark.parametrize("path", ["/admin", "/v1/leads"])
def test_leads_are_not_public(http: httpx.Client, path: str) -> None:
    """Names and addresses of customers are not shown to strangers."""
    answer = http.get(path)

    assert answer.status_code == 401, f"GET {path} answered {answer.status_code} without a password"
