"""The example's games. It makes their files itself: two programs for CHIP-8, a machine of 1977, and two listings in BASIC."""

from pathlib import Path

_SEVEN = "00E0 6007 611C 620D F029 D125 120C"
"""Clear the screen, draw a 7 in its middle, stop."""

_COUNTING = "6000 00E0 F029 611C 620D D125 631E F315 F307 3300 1210 7001 640F 8042 1202"
"""Draw 0 to F in turn, each for half a second."""

_GUESS = """\
10 LET N = INT(RND * 100) + 1
20 PRINT "I THINK OF A NUMBER FROM 1 TO 100."
30 INPUT "YOUR GUESS"; G
40 IF G < N THEN PRINT "MORE": GOTO 30
50 IF G > N THEN PRINT "LESS": GOTO 30
60 PRINT "YES!"
"""

_SNOW = """\
10 PRINT TAB(INT(RND * 38)); "*"
20 GOTO 10
"""

_FILES = {
    "basic/Guess the Number.bas": _GUESS.encode(),
    "basic/Snow.bas": _SNOW.encode(),
    "chip-8/Counting to F.ch8": bytes.fromhex(_COUNTING),
    "chip-8/Lucky Seven.ch8": bytes.fromhex(_SEVEN),
}


def make(folder: Path) -> None:
    """Into a folder that is empty or missing; another stays as it is. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        return
    for name, content in _FILES.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
