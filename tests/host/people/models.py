from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Person(AbstractBaseUser):
    """Nothing but what Django asks of every user: an address to sign in with, and a key that is no number."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    mail = models.EmailField(unique=True)

    USERNAME_FIELD = "mail"
    EMAIL_FIELD = "mail"

    objects: ClassVar[BaseUserManager[Any]] = BaseUserManager()
