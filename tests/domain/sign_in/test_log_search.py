"""What is typed into the search of the log."""

import pytest

from romm.domain.sign_in.log_search import ByReference, ByText, Term, term


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        pytest.param("", None, id="nothing"),
        pytest.param("  ", None, id="spaces"),
        pytest.param("7b52009b64fd0a2a", ByReference("7b52009b64fd0a2a"), id="a reference"),
        pytest.param(
            " Code: no_role · Reference: 7B52009B64FD0A2A\n", ByReference("7b52009b64fd0a2a"), id="the line of the page"
        ),
        pytest.param("7b52009b64fd0a2a7", ByText("7b52009b64fd0a2a7"), id="too long for a reference"),
        pytest.param(" Bob ", ByText("Bob"), id="a name"),
        pytest.param("192.0.2.7", ByText("192.0.2.7"), id="an address"),
        pytest.param("12", ByText("12", 12), id="a number"),
        pytest.param("999999999", ByText("999999999", 999_999_999), id="the largest number"),
        pytest.param("1000000000", ByText("1000000000"), id="larger than a database takes"),
        pytest.param("²", ByText("²"), id="a digit that is no number"),
    ],
)
def test_what_is_typed_is_understood(typed: str, found: Term | None) -> None:
    assert term(typed) == found
