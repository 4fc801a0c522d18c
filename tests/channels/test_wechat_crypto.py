"""Our signature and encryption against two libraries written by others, both ways."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from werobot.crypto import MessageCrypt

from bot.channels.wechat_crypto import Crypto, Refused, check_signature, signature
from tests.channels.wechat_rig import APP_ID, KEY, TOKEN

OTHER = KEY[::-1]
TEXTS = ["", "您好", "a" * 31, "优待证😀" * 300, "<xml>]]></xml>"]
Seal: TypeAlias = Callable[[str], str]


def by_wechatpy(text: str) -> str:
    from wechatpy.crypto import PrpCrypto

    sealed = PrpCrypto(WeChatCrypto(TOKEN, KEY, APP_ID).key).encrypt(text, APP_ID)
    return sealed.decode() if isinstance(sealed, bytes) else str(sealed)


def by_werobot(text: str) -> str:
    crypt = MessageCrypt(TOKEN, KEY, APP_ID)
    return str(crypt.encrypt_message(text, "1", "n").split("<![CDATA[")[1].split("]]>")[0])


@pytest.fixture
def ours() -> Crypto:
    return Crypto(APP_ID, [KEY])


@pytest.mark.parametrize("seal", [by_wechatpy, by_werobot])
@pytest.mark.parametrize("text", TEXTS)
def test_we_read_what_others_seal(ours: Crypto, seal: Seal, text: str) -> None:
    assert ours.decrypt(seal(text)).decode() == text


@pytest.mark.parametrize("text", TEXTS)
def test_others_read_what_we_seal(ours: Crypto, text: str) -> None:
    from wechatpy.crypto import PrpCrypto

    sealed = ours.encrypt(text)
    opened = PrpCrypto(WeChatCrypto(TOKEN, KEY, APP_ID).key).decrypt(sealed, APP_ID)
    assert (opened if isinstance(opened, str) else opened.decode()) == text
    sign = signature(TOKEN, "1", "n", sealed)
    assert MessageCrypt(TOKEN, KEY, APP_ID).decrypt_message("1", "n", sign, sealed) == text.encode()


def test_the_same_text_is_sealed_differently_each_time(ours: Crypto) -> None:
    assert ours.encrypt("您好") != ours.encrypt("您好")


def test_during_a_rotation_both_keys_are_read_and_the_new_one_writes(ours: Crypto) -> None:
    both = Crypto(APP_ID, [OTHER, KEY])
    assert both.decrypt(ours.encrypt("旧")) == "旧".encode()
    assert Crypto(APP_ID, [OTHER]).decrypt(both.encrypt("新")) == "新".encode()


def test_the_message_of_another_account_is_refused(ours: Crypto) -> None:
    with pytest.raises(Refused):
        ours.decrypt(Crypto("wxsomebodyelse", [KEY]).encrypt("您好"))


@pytest.mark.parametrize("sealed", ["", "!", "AAAA", "A" * 64, "汉"])
def test_what_is_no_ciphertext_is_refused(ours: Crypto, sealed: str) -> None:
    with pytest.raises(Refused):
        ours.decrypt(sealed)


@given(st.binary(max_size=300))
def test_noise_is_refused_and_never_breaks_us(noise: bytes) -> None:
    with pytest.raises(Refused):
        Crypto(APP_ID, [KEY]).decrypt(base64.b64encode(noise).decode())


def test_a_changed_byte_is_refused_or_changes_nothing_silently(ours: Crypto) -> None:
    """AES-CBC alone does not notice; the signature over the sealed text does."""
    sealed = ours.encrypt("您好")
    changed = ("B" if sealed[0] == "A" else "A") + sealed[1:]
    with pytest.raises(Refused):
        check_signature(signature(TOKEN, "1", "n", sealed), TOKEN, "1", "n", changed)


@pytest.mark.parametrize("key", ["", "short", "a" * 44, "!" * 43, "0" * 32])
def test_a_key_of_the_wrong_form_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="43"):
        Crypto(APP_ID, [key])
