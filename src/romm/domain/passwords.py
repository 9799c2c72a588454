"""Which passwords are refused: too short, too long, the user's own name, or among the most common ones."""

MIN_LENGTH, MAX_LENGTH = 8, 256

_LITTLE = "0123456789!._-"


def weakness(password: str, username: str) -> str | None:
    """Why a password is refused, None when it is fine. No composition rule, any Unicode (NIST SP 800-63B, 5.1.1.2)."""
    if len(password) < MIN_LENGTH:
        return f"shorter than {MIN_LENGTH} characters"
    if len(password) > MAX_LENGTH:
        return f"longer than {MAX_LENGTH} characters"
    lowered = password.lower()
    core = lowered.strip(_LITTLE)  # nothing is left of digits alone, which is no name
    if lowered == username or (core and core in _CONTEXT | {username.strip(_LITTLE)}):
        return "it is the user name, or the name of this program, with little added"
    if lowered in _COMMON:
        return "it is one of the most common passwords"
    return None


_CONTEXT = {"romm", "password", "passwort", "retro", "letmein", "welcome", "qwerty", "qwertyuiop"}
_COMMON = frozenset(
    """
    12345678 123456789 1234567890 11111111 00000000 88888888 87654321 abcd1234 abc12345 1q2w3e4r
    1qaz2wsx q1w2e3r4 1q2w3e4r5t qwer1234 asdfghjk asdf1234 zxcvbnm1 iloveyou sunshine princess football
    baseball superman batman123 trustno1 whatever starwars computer michelle jennifer internet samantha
    liverpool arsenal1 chelsea1 dragon12 charlie1 monkey12 mustang1 corvette maverick startrek nintendo
    playstation gameboy1 admin123 admin1234 changeme changeit default1 secret12 1234qwer 12341234
    11223344 12344321 123123123 147258369 987654321 password password1 password12 password123 passw0rd
    p@ssw0rd p@ssword qwertyui qwerty123 qwerty12 qazwsxedc zaq12wsx letmein1 welcome1 welcome123
    aaaaaaaa asdasdasd asdfasdf 123qweasd q1w2e3r4t5 111222333 999999999
    """.split()  # noqa: SIM905  a list of a hundred quoted words would hide them
)
