"""Fields for passwords, in every template."""

import re
from pathlib import Path

import pytest

import romm.api.pages

TEMPLATES = sorted((Path(romm.api.pages.__file__).parent / "templates").glob("*.html"))
_FIELD = re.compile(r"<input\b[^>]*?name=\"(?:password|current_password)\"[^>]*>", re.DOTALL)
FIELDS = [(page.name, field) for page in TEMPLATES for field in _FIELD.findall(page.read_text(encoding="utf-8"))]


def test_there_are_such_fields() -> None:
    assert {"login.html", "fields.html"} <= {page for page, _ in FIELDS}


@pytest.mark.parametrize(("page", "field"), FIELDS)
def test_a_password_field_hides_what_is_typed_and_helps_password_managers(page: str, field: str) -> None:
    assert 'type="password"' in field, page
    assert re.search(r'autocomplete="(current|new)-password"', field), page
    assert not re.search(r"maxlength|onpaste|readonly", field), page
