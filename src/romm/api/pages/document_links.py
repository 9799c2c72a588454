"""Links to the documentation in the texts of the catalogue."""

from markupsafe import Markup, escape

from romm.domain.urls import DOCUMENTATION


def with_links(text: str) -> Markup:
    """Escapes the rest."""
    return Markup(DOCUMENTATION.sub(r'<a href="\g<0>">\g<0></a>', str(escape(text))))  # noqa: S704  (it is escaped)
