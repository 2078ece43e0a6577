from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import Field
from django.utils.functional import Promise


def shown_fields() -> Iterator[Field[Any, Any]]:
    """Those of our rows that the admin lists, filters by or shows, on their own pages and within others."""
    for model, pages in admin.site._registry.items():
        if model._meta.app_label == "interviews":
            for part in [pages, *pages.inlines]:
                names = set(names_shown_by(part))
                fields = [*part.model._meta.fields, *part.model._meta.many_to_many]
                yield from (field for field in fields if field.name in names)


def names_shown_by(part: Any) -> Iterator[Any]:
    fields = flatten_fieldsets(part.fieldsets or [(None, {"fields": part.fields or []})])
    return chain(fields, getattr(part, "list_display", []), getattr(part, "list_filter", []))


def test_what_the_admin_shows_of_a_row_has_a_name_that_can_be_translated() -> None:
    shown = list(shown_fields())

    assert len(shown) > 30
    assert [str(field) for field in shown if not isinstance(field.verbose_name, Promise)] == []
    assert [str(field) for field in shown if not isinstance(field.model._meta.verbose_name, Promise)] == []
