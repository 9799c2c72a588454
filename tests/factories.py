"""Test data that polyfactory makes: a test says only what it is about, the rest is the same in every run."""

from typing import Any

from polyfactory.factories.msgspec_factory import MsgspecFactory

from romm.domain.model import AccessLevel
from romm.ports.accounts import NewAccount


class NewAccountFactory(MsgspecFactory[NewAccount]):
    """An enabled viewer without an address and without a password."""

    username = "alice"
    email = None
    level = AccessLevel.VIEWER
    password_hash = None


def new_account(username: str = "alice", level: AccessLevel = AccessLevel.VIEWER, **facts: Any) -> NewAccount:
    return NewAccountFactory.build(username=username, level=level, **facts)
