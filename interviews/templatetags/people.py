from __future__ import annotations

from django import template

from interviews import users

register = template.Library()
register.filter(users.mail_address_of)
