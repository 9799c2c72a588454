"""`python seccomp.py ALLOWED… -- COMMAND`: runs the command with these system calls only, as systemd's SystemCallFilter does.

Others get EPERM. Memory cannot be both writable and executable, where the kernel can forbid it.
"""

import ctypes
import os
import sys

_ALLOW, _EPERM = 0x7FFF0000, 0x00050000 | 1  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM) of seccomp.h
_NO_NEW_PRIVS, _MDWE = 38, 65  # prctl.h


def main(allowed: list[str], command: list[str]) -> None:
    libc, seccomp = ctypes.CDLL(None), ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(_EPERM))
    for name in allowed:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            seccomp.seccomp_rule_add(context, _ALLOW, number, 0)
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_MDWE, 1, 0, 0, 0)
    if seccomp.seccomp_load(context) != 0:
        sys.exit("the kernel takes no filter")
    os.execvp(command[0], command)  # noqa: S606  (this is what it is for)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :])
