"""How many cores this process may keep busy: those that it may run on, or fewer where a CPU quota says so.

A container's quota, or a systemd unit's, stands in the files of its control group; the groups around it may
have one each, and the kernel heeds them all.
https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files, and for version 1
https://docs.kernel.org/scheduler/sched-bwc.html.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

V2_FILES = ("cpu.max",)
V1_FILES = "cpu.cfs_quota_us", "cpu.cfs_period_us"


@dataclass(frozen=True)
class Cores:
    count: int
    is_by_quota: bool
    """Whether a quota sets the count, rather than the machine or the process's affinity."""

    def __str__(self) -> str:
        source = "by the CPU quota of this container or service" if self.is_by_quota else "of this machine"
        return f"{self.count} {source}"


def count_cores(root: Path = Path("/")) -> Cores:
    """Those of now: neither a quota nor an affinity has to stay. `root` is where `proc` and `sys` are."""
    # macOS has no affinity to ask for.
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    quota = cpu_quota(root)
    if quota is None or quota > usable:
        return Cores(usable, is_by_quota=False)
    return Cores(quota, is_by_quota=True)


def cpu_quota(root: Path = Path("/")) -> int | None:
    """In cores, where a part of one counts as one; None without a quota, or without one that can be read."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except (OSError, ValueError):
        return None
    return min((quota for line in lines for quota in _quotas(root / "sys/fs/cgroup", line)), default=None)


def _quotas(mount: Path, line: str) -> Iterator[int]:
    """Of one line of /proc/self/cgroup, `number:controllers:group`: version 2 names no controllers."""
    controllers, _, group = line.partition(":")[2].partition(":")
    if not controllers:
        files: tuple[str, ...] = V2_FILES
    elif "cpu" in controllers.split(","):
        mount, files = mount / "cpu", V1_FILES
    else:
        return
    # Where a container sees its own group as the root, `group` may be its name outside, and no folder here.
    folder = mount / group.lstrip("/")
    for each in (folder, *folder.parents):
        if each.is_relative_to(mount) and (quota := _quota_of(each, files)):
            yield quota


def _quota_of(folder: Path, files: tuple[str, ...]) -> int | None:
    try:
        quota, period = map(int, " ".join((folder / name).read_text() for name in files).split())
    except (OSError, ValueError):
        # Not every group has one: `max` is no number.
        return None
    return -(-quota // period) if quota > 0 and period > 0 else None
