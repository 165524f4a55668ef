"""Who holds a journal: an advisory lock that the kernel drops when its process dies, however it dies.

POSIX ``flock``; on Windows a byte far behind the end of the file, so that reading stays possible.
"""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 62

    def try_lock(fd: int) -> bool:
        """Take the lock without waiting; False when another process (or descriptor) has it."""
        os.lseek(fd, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def share_lock(fd: int) -> bool:
        """Where folders cannot be locked, nobody has one for himself either."""
        return fd >= 0

else:
    import fcntl

    def try_lock(fd: int) -> bool:
        """Take the lock without waiting; False when another process (or descriptor) has it."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # Taken; or a network file system without locks, where nobody can say it is free.
            return False
        return True

    def share_lock(fd: int) -> bool:
        """Take the lock together with others who only share it; False when one has it for himself."""
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system without locks: nobody can have it for himself either
        return True
