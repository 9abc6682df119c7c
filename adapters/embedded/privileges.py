"""The user and capabilities that the server runs with when root starts the service.

PostgreSQL refuses to run as root, and other users cannot read root's folders. The server therefore runs as `nobody`
with one capability, CAP_DAC_READ_SEARCH, which lets the server read its programs and its data below /root. The server
can write only to its own data folder, which `nobody` owns.
"""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
NO_SETUID_FIXUP, KEEP_CAPS = 0x4, 0x10
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION_3 = 0x20080522
NOBODY = "nobody"


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapData(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The user that the server runs as; `uid` and `gid` are None for the current user."""

    uid: int | None
    gid: int | None

    def own(self, *folders: Path) -> None:
        """Make this user the owner of the folders; their contents keep their owners."""
        if self.uid is not None and self.gid is not None:
            for folder in folders:
                os.chown(folder, self.uid, self.gid)

    def before_exec(self) -> Callable[[], None]:
        """Return the `preexec_fn` of the server: drop root's privileges, and end the server when its parent ends."""

        def prepare() -> None:
            if sys.platform == "linux":
                libc = ctypes.CDLL(None, use_errno=True)
                if self.uid is not None and self.gid is not None:
                    _become(libc, self.uid, self.gid)
                _check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0))

        return prepare


def server_user() -> ServerUser:
    """Return `nobody` if the service runs as root, else the current user."""
    if os.geteuid() != 0:
        return ServerUser(None, None)
    nobody = pwd.getpwnam(NOBODY)
    return ServerUser(nobody.pw_uid, nobody.pw_gid)


def _become(libc: ctypes.CDLL, uid: int, gid: int) -> None:
    """Switch this process to the user and keep one capability across `exec`, as an ambient one.

    CAP_DAC_OVERRIDE is the fallback for a container that does not permit CAP_DAC_READ_SEARCH.
    """
    capability = CAP_DAC_READ_SEARCH if _permitted() & 1 << CAP_DAC_READ_SEARCH else CAP_DAC_OVERRIDE
    mask = 1 << capability
    _check(libc.prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP | KEEP_CAPS, 0, 0, 0))
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    data = (_CapData * 2)(_CapData(mask, mask, mask), _CapData(0, 0, 0))
    _check(libc.capset(ctypes.byref(_CapHeader(CAPABILITY_VERSION_3, 0)), data))
    _check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))


def _permitted() -> int:
    """Return the permitted capabilities of this process as a bit mask, or 0 if they are unknown."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapPrm:"):
            return int(line.split()[1], 16)
    return 0


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
