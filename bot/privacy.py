"""What we do not keep: identity numbers, bank cards and phones that people paste into the chat.

Phones a person gives in a request live in that ticket, encrypted; in the transcript they are
masked like the rest. Published hotlines, amounts and ticket numbers are short and stay.
"""

from __future__ import annotations

import re

_IDENTITY = re.compile(r"(?<!\d)(\d{6})(?:19|20)\d{9}[\dXx](?![\dXx])|(?<!\d)(\d{6})\d{9}(?!\d)")
_CARD = re.compile(r"(?<!\d)(\d{4})[ -]?\d{4}[ -]?\d{4}[ -]?\d{3,4}(?:[ -]?\d{1,3})?(?!\d)")
_MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)")


def mask(text: str) -> str:
    """``text`` without the middle of every identity number, bank card and mobile number."""
    text = _IDENTITY.sub("［身份证号已隐去］", text)
    text = _CARD.sub("［卡号已隐去］", text)
    return _MOBILE.sub(r"\1****\2", text)


def mask_phone(phone: str) -> str:
    """``13800138000`` as ``138****8000``."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 7 else "****"
