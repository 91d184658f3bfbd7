"""Who may come in: keys."""

import hashlib
import hmac
import ipaddress
from collections.abc import Iterator

from pydantic import Field, SecretStr

from llm_proxy.pipeline.config_file import Place
from llm_proxy.pipeline.errors import Unauthorized
from llm_proxy.pipeline.exchange import Caller, Client
from llm_proxy.pipeline.stage import Gate, Kit, StageOptions, Surroundings
from llm_proxy.pipeline.values import Secrets


class AuthOptions(StageOptions):
    """Options of `auth`."""

    api_keys: Secrets = Field(default=(), description="The keys that may come in.")
    auth_token: SecretStr = Field(
        default=SecretStr(""), description="One more key, for a single-user set-up."
    )
    disable_auth: bool = Field(default=False, description="Let everybody in.")

    @property
    def keys(self) -> list[str]:
        """Every key; an empty one is none."""
        secrets = (*self.api_keys, self.auth_token)
        return [key for secret in secrets if (key := secret.get_secret_value())]

    def problems(self, surroundings: Surroundings) -> Iterator[tuple[Place, str]]:
        if not surroundings.production:
            return
        if self.disable_auth:
            yield ("disable_auth",), "auth may not be off in production"
        elif not self.keys and not surroundings.tenants:
            yield ("api_keys",), "production needs at least one key, or a tenant"


class Auth(Gate[AuthOptions]):
    """Lets in whoever sends one of the keys, compared in constant time, or a stored key of one of
    the file's tenants.

    With no key and no tenant in the file, only clients on this machine are let in, so that a first
    try needs no set-up and an open port gives nothing away; also not to a web page in a browser on
    this machine, which has an origin of its own or reaches us under a name of its own.
    """

    Options = AuthOptions

    def __init__(self, options: AuthOptions, kit: Kit) -> None:
        super().__init__(options, kit)
        keys = options.keys
        self._callers = [(_digest(key), Caller(f"key-{_digest(key).hex()[:12]}")) for key in keys]

    async def admit(self, client: Client) -> Caller:
        if self.options.disable_auth:
            return _anonymous(client)
        if not self._callers and self.kit.keys is None:
            if _is_local(client):
                return _anonymous(client)
            raise Unauthorized("no API key is configured, so only local clients are let in")
        if client.credential is None:
            raise Unauthorized("no API key: send one as 'Authorization: Bearer KEY'")
        given = _digest(client.credential)
        found = None
        for digest, caller in self._callers:  # every key, so that time tells nothing
            if hmac.compare_digest(given, digest):
                found = caller
        if found is not None:
            return found
        if self.kit.keys is None:
            raise Unauthorized("wrong API key")
        return await self.kit.keys.caller(client.credential)


_OWN = ("host", "origin")
"""Headers in which a browser tells under which name it came and from which page."""


def _anonymous(client: Client) -> Caller:
    """Whoever comes from one address shares limits and sessions, and with nobody else."""
    return Caller(f"anonymous {client.address}" if client.address else "anonymous")


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _is_local(client: Client) -> bool:
    """A connection from this machine that nobody has forwarded. None: called without HTTP."""
    if client.address is None:
        return True
    headers = client.headers
    if any(name in headers for name in ("forwarded", "x-forwarded-for", "x-real-ip")):
        return False
    names = [client.address, *(_host_of(headers[name]) for name in _OWN if name in headers)]
    return all(_is_loopback(name) for name in names)


def _host_of(value: str) -> str:
    """The host in a `Host` or `Origin` header, without scheme, port and brackets."""
    host = value.rpartition("//")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
