"""The one import order. docs/architecture.md quotes it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from django.conf import global_settings

ROOT = Path(__file__).resolve().parent.parent

# Each may import those after it.
PACKAGES = ["interview_project", "interviews", "speech"]

# Inside `interviews`, each line may import those below it. A folder is one room: what it holds imports
# each other freely, as long as no circle comes of it.
LAYERS = """\
routing urls apps
consumers admin management
views live
processing
exports forms checks
services
queries templatetags
wire orchestration
access links
models errors media
database
conf users
"""


# In one folder, beside its face.
MOST_MODULES = 14


def files(package: str, root: Path = ROOT) -> list[Path]:
    return [path for path in sorted((root / package).rglob("*.py")) if "migrations" not in path.parts]


def imports(path: Path, root: Path = ROOT) -> Iterator[str]:
    """The dotted names of all that a file imports, wherever in it."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def belongs(name: str, *packages: str) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_imports_what_is_built_on_it(package: str) -> None:
    above = PACKAGES[: PACKAGES.index(package)]

    assert [
        (str(path), name) for path in files(package) for name in imports(path) if belongs(name, *above)
    ] == []


def test_the_library_has_no_rows_and_no_views() -> None:
    products = "django.db", "django.contrib", "django.http", "django.urls", "django.views", "channels"

    assert [
        (str(path), name) for path in files("speech") for name in imports(path) if belongs(name, *products)
    ] == []


def module_of(path: Path, root: Path = ROOT) -> str:
    return path.relative_to(root / "interviews").with_suffix("").parts[0]


LEVELS = {name: level for level, line in enumerate(LAYERS.splitlines()) for name in line.split()}


def rooms_of(root: Path) -> dict[str, set[str]]:
    """Of each room inside `interviews`, the rooms that it imports."""
    rooms: dict[str, set[str]] = {}
    for path in files("interviews", root):
        room = module_of(path, root)
        own = (name.split(".")[1] for name in imports(path, root) if name.startswith("interviews."))
        rooms.setdefault(room, set()).update(name for name in own if name != room)
    return {room: used & rooms.keys() for room, used in rooms.items() if room != "__init__"}


def floors_of(rooms: dict[str, set[str]]) -> list[set[str]]:
    """From the ground up: each stands above all that it imports. Raises CycleError if that can't be."""
    sorter, floors = TopologicalSorter(rooms), []
    sorter.prepare()
    while ready := sorter.get_ready():
        floors.append(set(ready))
        sorter.done(*ready)
    return floors


def test_rooms_stand_on_each_other_without_a_circle() -> None:
    rooms = rooms_of(ROOT)
    floors = floors_of(rooms)
    arrows = sum(map(len, rooms.values()))

    # Shown by `pytest -rP tests/test_layers.py`, and by `make check` where it fails.
    print(f"{len(rooms)} rooms, {arrows} arrows, {len(floors)} floors")
    for floor in reversed(floors):
        print("   ", " ".join(sorted(floor)))
    assert set().union(*floors) == set(LEVELS)
    assert len(rooms) <= 26


def test_no_folder_grows_flat_again() -> None:
    modules = [path for path in files("interviews") + files("speech") if path.stem != "__init__"]
    folders = Counter(path.parent for path in modules)

    assert {str(folder): count for folder, count in folders.items() if count > MOST_MODULES} == {}


def test_every_module_has_its_layer() -> None:
    modules = {module_of(path) for path in files("interviews")} - {"__init__"}

    assert modules == set(LEVELS)


@pytest.mark.parametrize("path", files("interviews"), ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_import_only_what_is_below_them(path: Path) -> None:
    own = [name.split(".")[1] for name in imports(path) if name.startswith("interviews.")]
    wrong = [name for name in own if name != module_of(path) and LEVELS[name] <= LEVELS[module_of(path)]]

    assert wrong == []


def settings_read(path: Path) -> Iterator[str]:
    """The names that a file reads from Django's settings."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "settings":
            yield node.attr


@pytest.mark.parametrize("package", ["interviews", "speech"])
def test_a_setting_that_is_not_djangos_is_read_by_its_declaration(package: str) -> None:
    read = [(str(path), name) for path in files(package) for name in settings_read(path)]

    assert [(path, name) for path, name in read if not hasattr(global_settings, name)] == []


SANS_IO = [
    ROOT / "interviews" / "errors.py",
    ROOT / "interviews" / "wire" / "dialects.py",
    ROOT / "interviews" / "wire" / "events.py",
    ROOT / "interviews" / "wire" / "protocol.py",
    *sorted((ROOT / "interviews" / "wire" / "messages").glob("*.py")),
]


@pytest.mark.parametrize("path", SANS_IO, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_said_on_the_wire_is_free_of_io(path: Path) -> None:
    io = "django", "channels", "asyncio", "time", "threading", "socket"

    assert [name for name in imports(path) if belongs(name, *io)] == []


def test_tests_share_nothing_but_what_is_no_test() -> None:
    """What several need stands in tests/support or in a module of their folder."""
    shared = [
        (str(path), name) for path in files("tests") for name in imports(path) if belongs(name, "tests")
    ]

    assert [(path, name) for path, name in shared if re.search(r"\.(test_\w+|conftest)\b", name)] == []
    assert shared


def test_modules_that_tests_name_in_texts_exist() -> None:
    """Settings, commands and code for other processes name them where no import would fail."""
    named = {
        name for path in files("tests") for name in re.findall(r"\btests(?:\.[a-z_]\w*)+", path.read_text())
    }
    modules = {str(path.relative_to(ROOT).with_suffix("")).replace("/", ".") for path in files("tests")}
    packages = {module.removesuffix(".__init__") for module in modules}

    assert named
    assert [name for name in named if name not in packages and name.rpartition(".")[0] not in modules] == []


def test_the_documentation_shows_the_same_order() -> None:
    assert f"```\n{LAYERS}```\n" in (ROOT / "docs" / "architecture.md").read_text()
