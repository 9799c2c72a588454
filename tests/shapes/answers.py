"""The kinds of answers that servers give, made from what is special about each."""

from html import escape
from urllib.parse import urlencode

from tests.fake_provider import Response, json_response, redirect
from tests.shapes.model import Answer, Turn

HTML = "text/html; charset=utf-8"
_FORM = '<form method="post"><input name="user"><input name="password" type="password"><button>Sign in</button></form>'


def page(status: int, title: str, text: str = "", content_type: str = HTML) -> Answer:
    """An error page of the server's own, after which the browser stays there."""
    words = f"<h1>{escape(title)}</h1><p>{escape(text)}</p>"
    return _always(Response(status, _document(title, words), content_type))


def plain(status: int, text: str) -> Answer:
    """A few words, without a page around them."""
    return _always(Response(status, text.encode(), "text/plain; charset=utf-8"))


def form(title: str = "Sign in", cookie: str = "") -> Answer:
    """Its log-in form."""
    headers = {"set-cookie": f"{cookie}; Path=/; HttpOnly"} if cookie else {}
    return _always(Response(200, _document(title, _FORM), HTML, headers))


def back(error: str, description: str = "", *, without: str = "") -> Answer:
    """To the redirect URI, with an error (RFC 6749, 4.1.2.1). `without` is a parameter that this server leaves out."""

    def answer(turn: Turn) -> Response:
        said = {"error": error} | ({"error_description": description} if description else {})
        more = {name: value for name, value in turn.more.items() if name != without}
        return redirect(turn.asked["redirect_uri"], said | more, 302)

    return answer


def on(path: str) -> Answer:
    """To a page of its own that has the request in its address."""
    return lambda turn: Response(302, headers={"location": f"{path}?{turn.query}"})


def away(path: str, status: int = 302, **query: str) -> Answer:
    """To a page of its own, with another query or with none."""
    return _always(Response(status, headers={"location": f"{path}{f'?{urlencode(query)}' if query else ''}"}))


def saved(path: str, cookie: str) -> Answer:
    """To a page of its own, with the request kept in a session whose id is behind the path and in a cookie."""

    def answer(turn: Turn) -> Response:
        session = turn.save()
        headers = {
            "location": f"{path};{cookie.lower()}={session}",
            "set-cookie": f"{cookie}={session}; Path=/; HttpOnly",
        }
        return Response(302, headers=headers)

    return answer


def refusal(error: str, status: int = 400, description: str = "") -> Answer:
    """An error in JSON (RFC 6749, 5.2)."""
    return _always(
        json_response({"error": error} | ({"error_description": description} if description else {}), status)
    )


def empty(status: int, **headers: str) -> Answer:
    """Headers alone."""
    return _always(Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()}))


def returns(turn: Turn) -> Response:
    """Signed out, and back at the address that was asked for."""
    target = turn.asked.get("post_logout_redirect_uri")
    return redirect(target, dict(turn.more), 302) if target else Response(200, _document("Signed out", ""), HTML)


def _always(response: Response) -> Answer:
    return lambda turn: response


def _document(title: str, body: str) -> bytes:
    return f"<!doctype html><html><head><title>{escape(title)}</title></head><body>{body}</body></html>".encode()
