from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str], None]
"""Shows a measured figure, whether the test passes or not."""
