from __future__ import annotations

from django import template

from interviews import people

register = template.Library()
register.filter(people.mail_address_of)
