"""Every page of RomM in each state that people meet it in. A page that is added to RomM is added here."""

CHALLENGE = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"

ANYONE = (
    "/login",
    "/login?error=no_role&ref=0123456789abcdef",
    "/login?error=credentials_wrong",
    "/login?notice=reset_asked",
    "/login?notice=signed_out_everywhere",
    "/forgot-password",
    "/forgot-password?error=too_many_requests&ref=0123456789abcdef",
    "{invitation}",
    "{invitation}&error=username_taken",
    "{reset}",
    "{reset}&error=password_weak",
    "{recovery}",
    "/register?token=used-up",
    "/pair?code=BCDF-GHJK",
    "/pair/refused?error=device_code_unknown&ref=0123456789abcdef",
    "/account/devices/refused?error=forbidden",
    "/nothing-here",
    "/docs/tutorial",
)

DOCUMENTATION = (
    "/help",
    "/help/email_not_verified",
    "/docs",
    "/docs/errors",
    "/docs/providers/authelia",
    "/docs?search=no_role",
    "/docs?search=qqqqq",
    "/api/docs",
)
"""In English, and long: looked at once."""

BEFORE_SET_UP = ("/setup", "/setup?error=password_weak", "/login")

PERSON = ("/", "/account", "/account?notice=linked", "/account/confirm", "/account/devices", "/admin/users", "/login")
"""Came by single sign-on, without a password."""

ASKED = ("/login/account", "/login/account?error=password_wrong&ref=0123456789abcdef")
"""Came by single sign-on with an address that the owner of an account typed."""

ADMINISTRATOR = (
    "/me",
    "/account",
    "/account?error=last_way_in&ref=0123456789abcdef",
    "/account?notice=saved",
    "/admin/users",
    "/admin/users?error=username_taken&ref=0123456789abcdef",
    "/admin/users?search=nobody-at-all",
    "/admin/users/{ada}",
    "/admin/users/{ada}?explain=true",
    "/admin/users/{bob}?error=last_admin&ref=0123456789abcdef",
    "/admin/users/999",
    "/account/tokens",
    "/account/tokens?error=name_invalid&ref=0123456789abcdef",
    "/account/devices",
    "/pair",
    "/pair?notice=approved",
    "/pair?notice=denied",
    "/pair/device?user_code={device}",
    "/api/authorize?response_type=code&client_id={app}&redirect_uri={redirect}&scope=me.read+users.write" + CHALLENGE,
    "/api/authorize?client_id=Nope",
    "/admin/oidc",
    "/admin/oidc?error=access_denied&ref=0123456789abcdef",
    "/admin/oidc?report=gone",
    "/admin/connect",
    "/admin/sign-ins",
    "/admin/sign-ins?search=bob",
    "/admin/sign-ins?search=0123456789abcdef",
    "/admin/users/invite",
)

PAGES = (*BEFORE_SET_UP, *ANYONE, *DOCUMENTATION, *PERSON, *ASKED, *ADMINISTRATOR)

ANSWERS = (
    "/admin/users/invite",
    "/admin/users/{user_id}/reset-link",
    "/account/tokens",
    "/account/tokens/{token_id}/pair",
    "/account/tokens/{token_id}/regenerate",
    "/admin/connect",
    "/admin/connect/check",
    "/admin/oidc/explain",
)
"""Pages that answer a form. `test_every_page.answers` sends each of them."""

SEND_ON = ("/account/tokens/{token_id}/end", "/account/devices/{device_id}/end", "/pair", "/api/authorize")
"""Forms that lead to a page or to an app."""

LOOKED_AT_ELSEWHERE = {
    "/admin/oidc/move": "test_changing_provider",
    "/admin/oidc/move/apply": "test_changing_provider",
}
"""By route: the module that needs another provider first."""
