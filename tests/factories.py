"""Test data by polyfactory: what a test does not set has a value of its type, the same in every run."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace
from polyfactory.factories.msgspec_factory import MsgspecFactory

from romm.domain.model import AccessLevel, EmailSource
from romm.ports.accounts import NewAccount

T = TypeVar("T", bound=Struct)

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


class Factory(MsgspecFactory[T]):
    """An ordinary value: optional fields are left out, times are in UTC."""

    __is_base_factory__ = True
    __random_seed__ = 2026
    __use_defaults__ = True

    @classmethod
    def get_provider_map(cls) -> dict[Any, Callable[[], Any]]:
        return {**super().get_provider_map(), datetime: cls._moment}

    @classmethod
    def _moment(cls) -> datetime:
        return NEW_YEAR + timedelta(seconds=cls.__random__.random())


def filled(struct: type[T], **facts: Any) -> Iterator[T]:
    """Values that together have each alternative of each field, so that a new field is covered as soon as it exists."""
    return Factory.create_factory(struct, __use_defaults__=False).coverage(**facts)


class NewAccountFactory(Factory[NewAccount]):
    """A viewer without an address and without a password."""

    email = None
    level = AccessLevel.VIEWER
    password_hash = None
    email_source = EmailSource.OWNER


NEW_ACCOUNT = NewAccountFactory.build()


def new_account(username: str = "alice", level: AccessLevel = AccessLevel.VIEWER, **facts: Any) -> NewAccount:
    return replace(NEW_ACCOUNT, username=username, level=level, **facts)
