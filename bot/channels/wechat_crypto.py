"""WeChat's signature and its message encryption (安全模式).

https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32
"""Bytes that padding fills up to; twice the block of AES, by WeChat's definition."""


class Refused(Exception):
    """The message is not from WeChat, is stale, or cannot be read."""


def signature(*parts: str) -> str:
    """SHA-1 over the sorted parts: WeChat's rule, not our choice."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def check_signature(given: str, *parts: str) -> None:
    """Raises Refused unless ``given`` is the signature of the parts (the token among them)."""
    if not hmac.compare_digest(signature(*parts).encode(), given.encode()):
        raise Refused("the signature is wrong; compare wechat.token with 公众平台 > 服务器配置")


class Crypto:
    """Decrypts with any of several keys (for the days of a rotation), encrypts with the first."""

    def __init__(self, app_id: str, keys: list[str]) -> None:
        """``keys`` are EncodingAESKeys of 43 characters. Raises ValueError for any other."""
        self._app_id = app_id.encode()
        self._keys = [_key(key) for key in keys]

    def decrypt(self, sealed: str) -> bytes:
        """The XML inside an ``Encrypt`` element. Raises Refused."""
        for key in self._keys:
            try:
                return self._open(key, sealed)
            except ValueError:
                continue
        raise Refused("the message cannot be decrypted; compare wechat.aes_key and wechat.app_id")

    def encrypt(self, xml: str) -> str:
        """The value of an ``Encrypt`` element, different every time."""
        body = xml.encode()
        plain = os.urandom(16) + struct.pack(">I", len(body)) + body + self._app_id
        filler = _BLOCK - len(plain) % _BLOCK
        seal = _cipher(self._keys[0]).encryptor()
        sealed = seal.update(plain + bytes([filler]) * filler) + seal.finalize()
        return base64.b64encode(sealed).decode()

    def _open(self, key: bytes, sealed: str) -> bytes:
        unseal = _cipher(key).decryptor()
        plain = unseal.update(base64.b64decode(sealed, validate=True)) + unseal.finalize()
        filler = plain[-1] if plain else 0
        if not 1 <= filler <= _BLOCK or plain[-filler:] != bytes([filler]) * filler:
            raise ValueError("padding")
        plain = plain[16:-filler]
        if len(plain) < 4:
            raise ValueError("length")
        (length,) = struct.unpack(">I", plain[:4])
        if not hmac.compare_digest(plain[4 + length :], self._app_id):
            raise ValueError("another account's message, or a wrong length")
        return plain[4 : 4 + length]


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text + "=", validate=True)
    except ValueError:
        key = b""
    if len(text) != 43 or len(key) != 32:
        raise ValueError("EncodingAESKey 应为 43 个字母和数字")
    return key


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    """The first half of the key is the initialisation vector: the protocol's rule."""
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
