"""Which addresses a stranger may have us connect to."""

from ipaddress import ip_address

import pytest

from flexura_kit.egress import Egress, networks

INNER = [
    "0.0.0.0",  # noqa: S104 - Nothing is bound to it here.
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:224.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b::e000:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_is_refused(address: str) -> None:
    assert Egress().refusal(ip_address(address)) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_is_open(address: str) -> None:
    assert Egress().refusal(ip_address(address)) is None


def test_the_operator_allows_networks_and_nothing_around_them() -> None:
    egress = Egress(networks("10.1.0.0/16, fd00::/8"))
    assert egress.refusal(ip_address("10.1.2.3")) is None
    assert egress.refusal(ip_address("::ffff:10.1.2.3")) is None
    assert egress.refusal(ip_address("fd12::1")) is None
    assert egress.refusal(ip_address("10.2.0.1")) is not None
    # Behind a gateway it is another network's 10.1.2.3.
    assert egress.refusal(ip_address("64:ff9b::a01:203")) is not None


def test_where_only_what_is_allowed_is_open_the_internet_is_not() -> None:
    egress = Egress(networks("10.1.0.0/16"), only_allowed=True)
    assert egress.refusal(ip_address("10.1.2.3")) is None
    assert egress.refusal(ip_address("8.8.8.8")) is not None


@pytest.mark.parametrize("text", ["10.0.0.1/8", "example.org", "10.0.0.0/33"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        networks(text)
