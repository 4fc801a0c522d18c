"""A stream of bytes sealed into a file: nobody without the key reads it, no cut goes unnoticed.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and
its Nonce-Reuse Misuse-Resistance", 2015) over AES-256-GCM: every chunk carries its number, the last
one a mark, so that chunks cannot be swapped, dropped or cut off at the end.
"""

from __future__ import annotations

import base64
import io
import secrets
from collections.abc import Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"YOUJUN BACKUP 1\n"
CHUNK = 256 * 1024
"""Bytes of clear text in a chunk."""
_TAG = 16
_SALT = 16


class Broken(Exception):
    """The file is not one of ours, was cut or changed, or no key opens it."""


class Sealer(io.RawIOBase):
    """Writes to ``out`` what is written to it, sealed; ``close`` sets the last mark."""

    def __init__(self, out: BinaryIO, key: str) -> None:
        """``key`` is a Fernet key, as in the settings."""
        salt = secrets.token_bytes(_SALT)
        self._out, self._cipher, self._count = out, _cipher(key, salt), 0
        self._held = bytearray()
        out.write(MAGIC + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # bytes are all tarfile writes
        self._held += data
        while len(self._held) > CHUNK:
            self._put(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._put(bytes(self._held), last=True)
            super().close()

    def _put(self, data: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._count, last=last), data, None))
        self._count += 1


class Opener(io.RawIOBase):
    """Reads the clear text of a sealed stream. Raises Broken as soon as something is wrong."""

    def __init__(self, sealed: BinaryIO, keys: Sequence[str]) -> None:
        """``keys`` are tried in turn on the first chunk."""
        if sealed.read(len(MAGIC)) != MAGIC:
            raise Broken("这不是备份文件，或者文件头坏了")
        salt = sealed.read(_SALT)
        self._in, self._count, self._rest, self._done = sealed, 0, b"", False
        self._next = sealed.read(CHUNK + _TAG)
        self._cipher = self._fitting(keys, salt)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray, /) -> int:  # type: ignore[override]
        while not self._rest and not self._done:
            self._rest = self._chunk()
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count

    def _fitting(self, keys: Sequence[str], salt: bytes) -> AESGCM:
        for key in keys:
            cipher = _cipher(key, salt)
            for last in (False, True):
                try:
                    cipher.decrypt(_nonce(0, last=last), self._next, None)
                except InvalidTag:
                    continue
                return cipher
        raise Broken("现有的密钥都打不开这个备份：请用做备份时的 secret.key（或 secret_keys 设置）")

    def _chunk(self) -> bytes:
        sealed, self._next = self._next, self._in.read(CHUNK + _TAG)
        self._done = not self._next
        try:
            data = self._cipher.decrypt(_nonce(self._count, last=self._done), sealed, None)
        except InvalidTag:
            raise Broken("备份文件不完整或被改动过，不能用来恢复") from None
        self._count += 1
        return data


def _cipher(key: str, salt: bytes) -> AESGCM:
    """A key of its own for every file."""
    derive = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"youjun backup")
    return AESGCM(derive.derive(base64.urlsafe_b64decode(key)))


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])
