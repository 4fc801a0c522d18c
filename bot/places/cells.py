"""What one cell means: kinds, dates, phones, coordinate systems – or what is wrong with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache

from bot.privacy import mask
from knowledge.coordinates import Crs
from knowledge.hours import EXAMPLE, Unclear, parse
from knowledge.locations import KINDS
from knowledge.opening import Opening

LONGEST = 500
"""Characters of one cell."""
_KINDS: Mapping[str, str] = {label: key for key, label in KINDS.items()} | {
    "商户": "merchant", "拥军示范商户": "merchant", "示范商户": "merchant", "商家": "merchant",
    "示范街区": "street", "拥军街区": "street", "双拥示范街区": "street", "街区": "street",
    "定点医院": "hospital-designated", "优待医院": "hospital-designated",
    "优抚定点医院": "hospital-designated", "优先医院": "hospital-priority",
    "服务中心": "service-center", "服务站": "service-station", "服务岗": "service-post",
    "拥军岗": "service-post", "旅游景区": "scenic", "景点": "scenic", "烈士陵园": "memorial",
    "纪念设施": "memorial", "纪念馆": "memorial", "银行": "bank", "银行网点": "bank",
    "拥军银行": "bank", "培训": "training", "培训学校": "training", "承训机构": "training",
}  # fmt: skip
_STATUSES: Mapping[str, tuple[str, ...]] = {
    "active": ("", "正常", "营业", "正常营业", "在营", "营业中", "开放", "开业", "在用", "有效"),
    "temporarily-closed": ("暂停", "暂停营业", "停业整顿", "装修", "装修中", "歇业", "暂停开放", "暂时关闭"),
    "inactive": ("待核", "未确认", "待确认"),
    "defunct": ("关闭", "已关闭", "停业", "已停业", "倒闭", "撤销", "注销", "退出", "已退出", "搬迁", "关门"),
}  # fmt: skip
_CRS: Mapping[str, Crs] = {
    "wgs84": "wgs84", "gps": "wgs84", "天地图": "wgs84", "cgcs2000": "wgs84", "国家2000": "wgs84",
    "大地2000": "wgs84", "gcj02": "gcj02", "高德": "gcj02", "腾讯": "gcj02", "高德腾讯": "gcj02",
    "高德地图": "gcj02", "腾讯地图": "gcj02", "微信": "gcj02", "火星坐标": "gcj02",
    "火星坐标系": "gcj02", "bd09": "bd09", "百度": "bd09", "百度地图": "bd09",
}  # fmt: skip
_PHONE = re.compile(
    r"1[3-9]\d{9}|(?:0\d{2,3}-?)?[2-8]\d{6,7}(?:-\d{1,6})?|[48]00-?\d{3}-?\d{4}|1\d{4,5}|9\d{4,5}"
)
_LONG_TERM = ("长期", "长期有效", "永久", "无", "/", "-", "—", "至今")


class Wrong(ValueError):
    """A cell that cannot be used."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def plain(said: str) -> str:
    """Without blanks, brackets and width differences."""
    return re.sub(r"[\s()（）“”\"'·.\-_/、]", "", unicodedata.normalize("NFKC", said)).lower()


@lru_cache(maxsize=1024)
def kind(said: str) -> str:
    """The key of a kind of place. Raises Wrong."""
    found = {plain(label): key for label, key in _KINDS.items()}.get(plain(said)) or (
        said if said in KINDS else None
    )
    if found is None:
        what = "没有这个类别" if said else "没有写类别"
        raise Wrong(what, f"请写其中之一：{'、'.join(KINDS.values())}")
    return found


@lru_cache(maxsize=1024)
def status(said: str) -> str:
    """``active``, ``temporarily-closed`` or ``defunct``. Raises Wrong."""
    for key, words in _STATUSES.items():
        if plain(said) in map(plain, words) or said == key:
            return key
    raise Wrong("看不懂这个状态", "请写 正常、暂停 或 关闭")


@lru_cache(maxsize=1024)
def crs(said: str) -> Crs | None:
    """A coordinate system; None when nothing is said. Raises Wrong."""
    if not said:
        return None
    name = plain(said).removesuffix("坐标系").removesuffix("坐标")
    if name not in _CRS:
        raise Wrong(
            "不认识这个坐标系",
            "请写 WGS-84、高德/腾讯（GCJ-02）或 百度（BD-09）；不清楚就把坐标空着",
        )
    return _CRS[name]


@lru_cache(maxsize=4096)
def day(said: str) -> str:
    """An ISO date; empty for nothing and 长期. Raises Wrong."""
    said = unicodedata.normalize("NFKC", said).strip()
    if not said or said in _LONG_TERM:
        return ""
    match = re.fullmatch(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", said)
    try:
        return date(*map(int, match.groups())).isoformat() if match else _compact(said)
    except ValueError:
        raise Wrong("没有这一天", "请写成 2026-11-23 这样") from None


def _compact(said: str) -> str:
    """20261123, or a moment as Excel keeps it."""
    if re.fullmatch(r"\d{8}", said):
        return date.fromisoformat(said).isoformat()
    return datetime.fromisoformat(said).date().isoformat()


def phone(said: str) -> str:
    """Public numbers, separated by 、. Raises Wrong."""
    said = unicodedata.normalize("NFKC", said).replace("—", "-").replace("–", "-")
    parts = [
        re.sub(r"\s|^\+?86-?(?=1|0)", "", part) for part in re.split(r"[、,;/]|或|\s{2,}", said)
    ]
    numbers = [re.sub(r"\((0\d{2,3})\)-?", r"\1-", part) for part in parts if part]
    for number in numbers:
        if not _PHONE.fullmatch(number):
            raise Wrong("电话号码不对", "固定电话写 0513-12345678，手机写 11 位，多个用顿号隔开")
    return "、".join(dict.fromkeys(numbers))


@lru_cache(maxsize=4096)
def hours(said: str) -> Opening | None:
    """Opening hours, or None when there are none. Raises Wrong."""
    try:
        return parse(said)
    except Unclear as unclear:
        raise Wrong(f"营业时间看不懂：{unclear}", f"请照这样写：{EXAMPLE}") from None


def listed(said: str) -> tuple[str, ...]:
    """The parts of a cell that are separated by 、 ； | or commas."""
    parts = re.split(r"[、;；|,，/]", said)
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def private(said: str) -> bool:
    """Whether a cell holds an identity or bank card number."""
    return "已隐去" in mask(said)


def degrees(said: str) -> float | None:
    """A number of degrees; None when nothing is written. Raises Wrong."""
    said = unicodedata.normalize("NFKC", said).strip().strip("°EN东经北纬 ")
    if not said:
        return None
    try:
        found = float(said)
    except ValueError:
        raise Wrong("经纬度要写成度数", "如 121.115410；度分秒请先换算，没有就空着") from None
    if not -180 <= found <= 180:
        raise Wrong("经纬度超出范围", "经度约 119.9–122.1，纬度约 31.5–32.9")
    return found
