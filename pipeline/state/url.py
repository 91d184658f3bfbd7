"""Where shared state is: the `url` of `[state]`, checked without asking anybody."""

import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import SecretStr

MEMORY = "memory://"

_KNOWN = (
    "memory://, redis://HOST:6379/0 or rediss://USER:PASSWORD@HOST:6379/0, with / ? # @ : % in "
    "a password written as %2F %3F %23 %40 %3A %25"
)
_MANY = re.compile(r"rediss?\+(sentinel|cluster)")
_DATABASE = re.compile(r"/?|/\d+")
_TLS = {
    "ssl_ca_certs": re.compile(r".+"),
    "ssl_certfile": re.compile(r".+"),
    "ssl_keyfile": re.compile(r".+"),
    "ssl_cert_reqs": re.compile(r"none|required"),
}
"""What a URL with `rediss` may add, as the library calls it; the rest is this proxy's business."""


def checked(url: SecretStr) -> SecretStr:
    """The URL, if state can be there. Raises `ValueError` without repeating any of it, for where a
    URL is written wrongly its password may stand anywhere."""
    text = url.get_secret_value()
    if text == MEMORY:
        return url
    scheme = text.partition("://")[0]
    if kind := _MANY.fullmatch(scheme):
        raise ValueError(f"Redis {kind[1].title()} is not supported yet: name one server")
    parts = _split(text)
    if not _DATABASE.fullmatch(parts.path) or parts.fragment:
        raise ValueError("behind the host there is only the number of a database, like /0")
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if scheme != "rediss" or name not in _TLS or not _TLS[name].fullmatch(value):
            raise ValueError(f"only rediss:// has options, and they are {', '.join(_TLS)}")
    return url


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        is_one_host = parts.hostname and "," not in parts.hostname and parts.port != 0
        if is_one_host and parts.scheme in ("redis", "rediss"):
            return parts
    except ValueError:  # its message would tell what it found in place of a host or a port
        pass
    raise ValueError(f"must be {_KNOWN}")


def place(url: SecretStr) -> str:
    """The host and port of a checked URL: what a log may say of it."""
    parts = urlsplit(url.get_secret_value())
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or 6379}"
