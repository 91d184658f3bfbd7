"""Where state may be."""

import pytest

from llm_proxy.pipeline.state.address import Address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", Address("one", (("localhost", 6379),))),
        ("redis://localhost/", Address("one", (("localhost", 6379),))),
        ("redis://10.0.0.1:7000/3", Address("one", (("10.0.0.1", 7000),), database=3)),
        ("redis://:fake%2F%40@h", Address("one", (("h", 6379),), password="fake/@")),
        (
            "rediss://fake%3Auser:fake-secret@[::1]:1/0?ssl_ca_certs=/ca.pem&ssl_cert_reqs=none",
            Address(
                "one",
                (("::1", 1),),
                "fake:user",
                "fake-secret",
                tls={"ssl_ca_certs": "/ca.pem", "ssl_cert_reqs": "none"},
            ),
        ),
        ("redis+cluster://a", Address("cluster", (("a", 6379),))),
        (
            "rediss+cluster://u:p@a:1,[::1]:2,c/",
            Address("cluster", (("a", 1), ("::1", 2), ("c", 6379)), "u", "p", tls={}),
        ),
        (
            "redis+sentinel://:p@a,b:1/my-master",
            Address("sentinel", (("a", 26379), ("b", 1)), password="p", service="my-master"),
        ),
        ("redis+sentinel://a/m/2", Address("sentinel", (("a", 26379),), service="m", database=2)),
    ],
)
def test_a_url_names_an_address(url: str, address: Address) -> None:
    assert address == Address.of(url)


FORMS = r"must be memory://, redis://HOST"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", FORMS),
        ("redis", FORMS),
        ("redis://", FORMS),
        ("memory://x", FORMS),
        ("http://host:6379", FORMS),
        ("redis:host", FORMS),
        ("redis+other://host", FORMS),
        ("redis://host:port", FORMS),
        ("redis://host:0", FORMS),
        ("redis://host:65536", FORMS),
        ("redis://one:1,two:2", FORMS),
        ("redis+cluster://one:1,", FORMS),
        ("redis+cluster://one:1,two:two", FORMS),
        ("redis+sentinel:///name", FORMS),
        ("redis://[::1", FORMS),
        ("redis://[secret]", FORMS),
        ("redis://:secret/secret@host", FORMS),
        ("redis://:secret#secret@host", FORMS),
        ("redis://secret?secret@host", "only rediss… has options"),
        ("redis://host/secret", FORMS),
        ("redis://host/-1", FORMS),
        ("redis://host/1/2", FORMS),
        ("redis://host/0#secret", FORMS),
        ("redis+cluster://host/1", FORMS),
        ("redis+sentinel://host", FORMS),
        ("redis+sentinel://host//1", FORMS),
        ("redis+sentinel://host/name/secret", FORMS),
        ("redis://host?ssl_cert_reqs=none", "only rediss… has options"),
        ("rediss://host?socket_timeout=1", "they are ssl_ca_certs"),
        ("rediss://host?ssl_cert_reqs=secret", "they are ssl_ca_certs"),
        ("rediss://host?ssl_ca_certs=", "they are ssl_ca_certs"),
    ],
)
def test_a_wrong_url_is_refused_and_nothing_of_it_repeated(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        Address.of(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://localhost", "localhost:6379"),
        ("rediss://user:fake-secret@10.0.0.1:7000/3?ssl_cert_reqs=none", "10.0.0.1:7000"),
        ("redis+sentinel://:fake-secret@[::1]:1,b/m", "[::1]:1, b:26379"),
    ],
)
def test_where_it_is_may_be_told(url: str, told: str) -> None:
    address = Address.of(url)
    assert told == str(address)
    assert "fake-secret" not in repr(address)
