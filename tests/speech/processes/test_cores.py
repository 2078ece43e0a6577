from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from speech.processes.cores import Cores, count_cores, cpu_quota

V2 = "0::/service\n"
V1 = "5:memory:/service\n4:cpuset:/\n3:cpu,cpuacct:/service\n1:name=systemd:/service\n"
BOTH = f"{V1}0::/service\n"


def system(root: Path, own_group: str, files: Mapping[str, str]) -> Path:
    """A root with what the kernel tells of control groups; `files` are those below /sys/fs/cgroup."""
    told = {"proc/self/cgroup": own_group, **{f"sys/fs/cgroup/{name}": text for name, text in files.items()}}
    for name, text in told.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def v1(quota_us: str, *, group: str = "service/", period_us: str = "100000") -> dict[str, str]:
    folder = f"cpu/{group}"
    return {f"{folder}cpu.cfs_quota_us": f"{quota_us}\n", f"{folder}cpu.cfs_period_us": f"{period_us}\n"}


@pytest.mark.parametrize(
    ("own_group", "files", "cores"),
    [
        pytest.param(V2, {"service/cpu.max": "300000 100000\n"}, 3, id="v2"),
        pytest.param(V2, {"service/cpu.max": "150000 100000\n"}, 2, id="a part of a core is one"),
        pytest.param(V2, {"service/cpu.max": "10000 100000\n"}, 1, id="less than one is one"),
        pytest.param(V2, {"service/cpu.max": "100000 50000\n"}, 2, id="another period"),
        pytest.param(V2, {"service/cpu.max": "max 100000\n"}, None, id="v2 without a quota"),
        pytest.param("0::/\n", {"cpu.max": "200000 100000\n"}, 2, id="v2 in a container"),
        pytest.param(
            "0::/pod/service\n",
            {"pod/service/cpu.max": "400000 100000\n", "pod/cpu.max": "200000 100000\n"},
            2,
            id="v2 within less",
        ),
        pytest.param(
            "0::/pod/service\n",
            {"pod/service/cpu.max": "200000 100000\n", "pod/cpu.max": "400000 100000\n"},
            2,
            id="v2 within more",
        ),
        pytest.param(
            "0::/pod/service\n",
            {"pod/service/cpu.max": "max 100000\n", "pod/cpu.max": "300000 100000\n"},
            3,
            id="v2 within the only one",
        ),
        pytest.param(V2, {"other/cpu.max": "100000 100000\n"}, None, id="somebody else's"),
        pytest.param(V1, v1("300000"), 3, id="v1"),
        pytest.param(V1, v1("150000"), 2, id="v1, a part of a core"),
        pytest.param(V1, v1("-1"), None, id="v1 without a quota"),
        pytest.param(V1, {**v1("400000"), **v1("200000", group="")}, 2, id="v1 within less"),
        pytest.param(V1, v1("200000", group=""), 2, id="v1 in a container that knows its name outside"),
        pytest.param(BOTH, {**v1("200000"), "service/cpu.max": "300000 100000\n"}, 2, id="both"),
        pytest.param(V1, {"cpu/service/cpu.cfs_quota_us": "200000\n"}, None, id="v1 without its period"),
        pytest.param(V1, v1("200000", period_us="0"), None, id="a period of nothing"),
        pytest.param(V2, {"service/cpu.max": ""}, None, id="nothing"),
        pytest.param(V2, {"service/cpu.max": "a lot\n"}, None, id="words"),
        pytest.param(V2, {"service/cpu.max": "100000 100000 100000\n"}, None, id="too many numbers"),
        pytest.param("::\n\nnothing:like it\n0::/../..\n", {}, None, id="groups that are none"),
    ],
)
def test_a_quota_is_that_of_the_tightest_group(
    tmp_path: Path, own_group: str, files: Mapping[str, str], cores: int | None
) -> None:
    assert cpu_quota(system(tmp_path, own_group, files)) == cores


def test_where_no_groups_are_told_there_is_no_quota(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path) is None


def test_groups_that_are_no_text_are_no_quota(tmp_path: Path) -> None:
    system(tmp_path, V2, {"service/cpu.max": "100000 100000\n"})
    (tmp_path / "proc/self/cgroup").write_bytes(b"\xff\xfe")

    assert cpu_quota(tmp_path) is None


def test_a_quota_sets_the_count_where_the_machine_has_as_many(tmp_path: Path) -> None:
    cores = count_cores(system(tmp_path, V2, {"service/cpu.max": "50000 100000\n"}))

    assert cores == Cores(1, is_by_quota=True)
    assert str(cores) == "1 by the CPU quota of this container or service"


def test_the_machine_sets_the_count_where_the_quota_is_more(tmp_path: Path) -> None:
    count = len(os.sched_getaffinity(0))

    cores = count_cores(system(tmp_path, V2, {"service/cpu.max": "100000000 100000\n"}))

    assert cores == Cores(count, is_by_quota=False)
    assert str(cores) == f"{count} of this machine"


def test_cores_that_this_process_may_not_use_do_not_count(tmp_path: Path) -> None:
    allowed = os.sched_getaffinity(0)

    os.sched_setaffinity(0, {min(allowed)})
    try:
        cores = count_cores(tmp_path)
    finally:
        os.sched_setaffinity(0, allowed)

    assert cores == Cores(1, is_by_quota=False)
