"""Where state may be."""

import pytest
from pydantic import SecretStr

from llm_proxy.pipeline.state.url import checked, place


@pytest.mark.parametrize(
    "url",
    [
        "memory://",
        "redis://localhost",
        "redis://localhost/",
        "redis://10.0.0.1:7000/3",
        "redis://:fake%2Fsecret@host",
        "rediss://user:fake-secret@host:6380/0",
        "rediss://[::1]:6380?ssl_ca_certs=/etc/ca.pem&ssl_cert_reqs=required",
    ],
)
def test_a_right_url_stays_as_it_is(url: str) -> None:
    assert url == checked(SecretStr(url)).get_secret_value()


WELL_FORMED = r"must be memory://, redis://HOST"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", WELL_FORMED),
        ("redis", WELL_FORMED),
        ("redis://", WELL_FORMED),
        ("memory://x", WELL_FORMED),
        ("http://host:6379", WELL_FORMED),
        ("Redis:host", WELL_FORMED),
        ("redis://host:port", WELL_FORMED),
        ("redis://host:0", WELL_FORMED),
        ("redis://host:65536", WELL_FORMED),
        ("redis://one:1,two:2", WELL_FORMED),
        ("redis://one,two", WELL_FORMED),
        ("redis://[::1", WELL_FORMED),
        ("redis://:secret/secret@host", WELL_FORMED),
        ("redis://:secret#secret@host", WELL_FORMED),
        ("redis://secret?secret@host", "only rediss:// has options"),
        ("redis://host/secret", "the number of a database"),
        ("redis://host/-1", "the number of a database"),
        ("redis://host/1/2", "the number of a database"),
        ("redis://host/0#secret", "the number of a database"),
        ("redis://host?ssl_cert_reqs=none", "only rediss:// has options"),
        ("rediss://host?socket_timeout=1", "they are ssl_ca_certs"),
        ("rediss://host?ssl_cert_reqs=secret", "they are ssl_ca_certs"),
        ("rediss://host?ssl_ca_certs=", "they are ssl_ca_certs"),
        ("redis+sentinel://one:1,two:2/name", "Redis Sentinel is not supported yet"),
        ("rediss+cluster://one:1,two:2", "Redis Cluster is not supported yet"),
    ],
)
def test_a_wrong_one_is_refused_and_nothing_of_it_repeated(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        checked(SecretStr(url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://localhost", "localhost:6379"),
        ("rediss://user:fake-secret@10.0.0.1:7000/3?ssl_cert_reqs=none", "10.0.0.1:7000"),
        ("redis://:fake-secret@[::1]:1", "[::1]:1"),
    ],
)
def test_its_place_may_be_told(url: str, told: str) -> None:
    assert told == place(SecretStr(url))
