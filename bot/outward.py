"""Addresses this service calls: which of them it may be told to call."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

_METADATA = ("metadata", "metadata.google.internal", "metadata.tencentyun.com")
_REFUSED = tuple(
    ip_network(one)
    for one in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "0.0.0.0/32")
)
"""Link-local addresses and those where clouds keep the keys of a machine."""


def checked(url: str, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """``url``, if it may be called. Raises ValueError with what to change, without repeating it:
    it may hold a password."""
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise ValueError("这不是能用的网址") from None
    if parts.scheme not in schemes or not host or any(c.isspace() for c in url):
        raise ValueError(f"网址要以 {' 或 '.join(f'{one}://' for one in schemes)} 开头，写明主机")
    if parts.username is not None or parts.password is not None:
        raise ValueError("网址里不能写用户名和密码；密钥请填在 key 里")
    if parts.fragment:
        raise ValueError("网址里不能有 #")
    if _is_metadata(host):
        raise ValueError("这是云主机存放密钥的内部地址，不能填")
    return url


def _is_metadata(host: str) -> bool:
    if host.lower() in _METADATA:
        return True
    try:
        found = _number(host)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in _REFUSED)


def _number(host: str) -> IPv4Address | IPv6Address:
    """The address, also when an IPv4 address is written as one number, as resolvers take it."""
    if host.isascii() and host.isdecimal() and len(host) <= 10:
        return ip_address(int(host))
    if host.lower().startswith("0x"):
        return ip_address(int(host, 16))
    return ip_address(host)
