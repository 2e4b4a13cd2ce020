"""Where a request came from, as far as it decides who waits for whom."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

NETWORK_OF_ONE = 56
"""Bits of an IPv6 address that belong to one household or office: whoever has them has all addresses below."""


def source_of_host(host: str) -> str:
    """The source of a client's address; of IPv6 its network."""
    try:
        address = ip_address(host)
    except ValueError:
        return host[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> (128 - NETWORK_OF_ONE) << (128 - NETWORK_OF_ONE))}/{NETWORK_OF_ONE}"
    return str(address)


def is_this_machine(host: str) -> bool:
    """Whether nothing sets this source apart from others: a process of this machine, or a proxy that is not trusted."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return not host
