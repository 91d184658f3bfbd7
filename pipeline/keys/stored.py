"""What a stored key looks like, to its owner and in the store.

A key is "lp-ID-SECRET". The ID is no secret: logs and commands name the key by it. Of the secret
the store has a digest alone; as it has 256 bits of chance in it, a fast digest is as good as a slow
one.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import field

from pydantic import TypeAdapter, ValidationError

from llm_proxy.pipeline.grants import NO_GRANTS, Grants
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.state.store import KEYS

_ID_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_ID_LENGTH = 10

_FORM = re.compile(r"lp-([a-z2-9]{10})-([A-Za-z0-9_-]{43})")

_DIGITS_TOLD = 4


@record
class StoredKey:
    """A key as the store has it. Times are in seconds since 1970; `last` are the last characters of
    the secret, for its owner to know it by."""

    id: str
    tenant: str
    digest: str
    last: str
    created: float
    expires: float | None = None
    grants: Grants = NO_GRANTS

    @property
    def caller(self) -> str:
        """What logs and other stages call whoever comes with it."""
        return f"{self.tenant}/{self.id}"

    def fits(self, secret: str) -> bool:
        """Whether this is its secret; takes as long for a wrong one."""
        return hmac.compare_digest(self.digest, digest(secret))

    def has_expired(self, now: float) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= now


@record
class Shown:
    """The parts of a key as its owner has it."""

    id: str
    secret: str = field(repr=False)

    @classmethod
    def new(cls, id_: str = "") -> "Shown":
        """A new secret, for a new key or for the one of that id."""
        made = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
        return cls(id_ or made, secrets.token_urlsafe(32))

    @property
    def text(self) -> str:
        """The whole key."""
        return f"lp-{self.id}-{self.secret}"

    @property
    def last(self) -> str:
        """As much of the secret as may be told."""
        return self.secret[-_DIGITS_TOLD:]


_KEPT = TypeAdapter(StoredKey)


def parts_of(credential: str) -> Shown | None:
    """The parts of what a client sent; None where that cannot be a stored key."""
    found = _FORM.fullmatch(credential)
    return Shown(found[1], found[2]) if found else None


def digest(secret: str) -> str:
    """What the store has of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def name_of(id_: str) -> str:
    """Under which name the store has a key."""
    return f"{KEYS}{id_}"


def written(key: StoredKey) -> bytes:
    """The key for the store."""
    return _KEPT.dump_json(key)


def read(kept: bytes | None) -> StoredKey | None:
    """The key from the store; None where there is none, or it cannot be read, which another version
    may have written: it opens nothing."""
    if kept is None:
        return None
    try:
        return _KEPT.validate_json(kept)
    except ValidationError:
        return None
