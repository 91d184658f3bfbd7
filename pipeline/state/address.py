"""Where shared state is: the `url` of `[state]`, read without asking anybody."""

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Literal, Self, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from llm_proxy.pipeline.record import record

MEMORY = "memory://"

Kind = Literal["one", "cluster", "sentinel"]

_FORMS = (
    "memory://, redis://HOST:6379/0, redis+cluster://HOST:6379,HOST:6379 or "
    "redis+sentinel://HOST:26379,HOST:26379/NAME/0; rediss… is with TLS; USER:PASSWORD@ stands "
    "before the hosts, with / ? # @ : % in it written as %2F %3F %23 %40 %3A %25"
)
_SCHEME = re.compile(r"redis(s?)(?:\+(cluster|sentinel))?")
_PARTS = re.compile(
    r"[^:/?#]+://(?P<hosts>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?P<fragment>#.*)?"
)
"""RFC 3986, appendix B. The library knows URLs of one host, and refuses others with brackets."""

_PATHS = {
    "one": re.compile(r"/?(?P<database>\d*)"),
    "cluster": re.compile(r"/?(?P<database>)"),
    "sentinel": re.compile(r"/(?P<service>[^/]+)/?(?P<database>\d*)"),
}
_PORTS = {"one": 6379, "cluster": 6379, "sentinel": 26379}
_TLS = {
    "ssl_ca_certs": re.compile(r".+"),
    "ssl_certfile": re.compile(r".+"),
    "ssl_keyfile": re.compile(r".+"),
    "ssl_cert_reqs": re.compile(r"none|required"),
}
"""What a URL with `rediss` may add, as the library calls it; the rest is this proxy's business."""


@record
class Address:
    """One Redis server, some of a cluster's, or the sentinels who know the one called `service`.

    `tls` holds the library's options for it; None is no TLS.
    """

    kind: Kind
    hosts: tuple[tuple[str, int], ...]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    service: str = ""
    database: int = 0
    tls: Mapping[str, str] | None = None

    @classmethod
    def of(cls, url: str) -> Self:
        """Raises `ValueError` without repeating any of it, for where a URL is written wrongly its
        password may stand anywhere."""
        scheme = _SCHEME.fullmatch(url.partition("://")[0])
        if scheme is None:
            raise _wrong()
        parts = _PARTS.fullmatch(url)
        if parts is None:
            raise _wrong()
        kind = cast("Kind", scheme[2] or "one")
        credentials, _, hosts = parts["hosts"].rpartition("@")
        username, _, password = credentials.partition(":")
        path = _PATHS[kind].fullmatch(parts["path"])
        if path is None or parts["fragment"] or ("," in hosts and kind == "one"):
            raise _wrong()
        return cls(
            kind,
            tuple(_host(host, _PORTS[kind]) for host in hosts.split(",")),
            unquote(username) or None,
            unquote(password) or None,
            path.groupdict().get("service", ""),
            int(path["database"] or 0),
            _tls(parts["query"] or "", allowed=bool(scheme[1])),
        )

    def __str__(self) -> str:
        """What may be said of it."""
        return ", ".join(f"{_bracketed(host)}:{port}" for host, port in self.hosts)


def _wrong() -> ValueError:
    return ValueError(f"must be {_FORMS}")


def _host(text: str, default_port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:  # its message would tell what it found
        host, port = None, None
    if not host or port == 0:
        raise _wrong()
    return host, port or default_port


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _tls(query: str, *, allowed: bool) -> Mapping[str, str] | None:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name, value in options.items():
        if not allowed or name not in _TLS or not _TLS[name].fullmatch(value):
            raise ValueError(f"only rediss… has options, and they are {', '.join(_TLS)}")
    return options if allowed else None
