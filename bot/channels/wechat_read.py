"""What a WeChat message means: an update, a change of following, or nothing for us.

https://developers.weixin.qq.com/doc/service/en/guide/product/message/Receiving_standard_messages.html
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.channels.wechat_crypto import Refused
from handlers.messages import Contact, Point, Update

NAME = "wechat"
_UNREADABLE = {
    "image": "图片",
    "voice": "语音",
    "video": "视频",
    "shortvideo": "视频",
    "link": "链接",
    "file": "文件",
}
_PLACEHOLDER = "收到不支持的消息类型"
"""What WeChat sends as text in the place of stickers and everything newer than its interface."""


def parse(xml: bytes) -> dict[str, str]:
    """The elements of a message by name. Raises Refused for anything but flat, plain XML."""
    try:
        root = fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as problem:
        raise Refused(f"the body is no XML we accept ({type(problem).__name__})") from None
    return {element.tag: element.text or "" for element in root}


def contact_of(message: Mapping[str, str]) -> Contact:
    """Who sent it. Raises Refused when nobody is named."""
    if not (openid := message.get("FromUserName")):
        raise Refused("the message names no sender")
    return Contact(NAME, openid)


def read(message: Mapping[str, str]) -> Update | None:
    """The update, or None for what needs no answer (positions reported every few seconds,
    pages opened from the menu, people who leave)."""
    contact = contact_of(message)
    if message.get("MsgType") == "event":
        text = _of_event(message)
        return Update(_event_id(message), contact, text) if text else None
    return _of_message(message, contact)


def following(message: Mapping[str, str]) -> bool | None:
    """True when the person began to follow, False when they left, None for all else."""
    if message.get("MsgType") != "event":
        return None
    return {"subscribe": True, "unsubscribe": False}.get(message.get("Event", "").lower())


def is_action(message: Mapping[str, str]) -> bool:
    """Whether it is a menu click, a scan or a new follower: they allow fewer answers."""
    return message.get("MsgType") == "event"


def _of_message(message: Mapping[str, str], contact: Contact) -> Update:
    id, kind = message.get("MsgId", ""), message.get("MsgType", "")
    if not id:
        raise Refused("the message has no MsgId")
    if kind == "text" and _PLACEHOLDER in (text := message.get("Content", "")):
        return Update(id, contact, unsupported="这种消息")
    if kind == "text":
        return Update(id, contact, text.strip())
    if kind == "voice" and (words := heard(message)):
        return Update(id, contact, words)
    if kind == "location":
        return Update(id, contact, point=_point(message))
    return Update(id, contact, unsupported=_UNREADABLE.get(kind, "这种消息"))


def photo(message: Mapping[str, str]) -> str:
    """The number of the photo in a message; "" for any other message."""
    return message.get("MediaId", "") if message.get("MsgType") == "image" else ""


def heard(message: Mapping[str, str]) -> str:
    """What WeChat understood of a voice message, where the account has that switched on."""
    return message.get("Recognition", "").strip()


def _point(message: Mapping[str, str]) -> Point:
    """Location_X is the *latitude*; WeChat's map is Tencent's, so GCJ-02 – in practice: its
    documentation names no system."""
    try:
        point = Point(
            float(message["Location_X"]), float(message["Location_Y"]), "gcj02", doubtful=True
        )
    except (KeyError, ValueError):
        raise Refused("the location has no coordinates") from None
    if not (abs(point.latitude) <= 90 and abs(point.longitude) <= 180):
        raise Refused("the location is not on Earth")
    return point


def _of_event(message: Mapping[str, str]) -> str:
    """What the person would have typed; empty for events we do not answer."""
    key = message.get("EventKey", "")
    match message.get("Event", "").lower():
        case "subscribe":
            return f"/start {key.removeprefix('qrscene_')}".strip()
        case "scan":
            return f"/start {key}".strip()
        case "click":
            return key
    return ""


def _event_id(message: Mapping[str, str]) -> str:
    """Events have no MsgId; with the sender these three are unique (official advice)."""
    return ":".join(message.get(name, "") for name in ("CreateTime", "Event", "EventKey"))
