"""The columns of a places file, and which heading of a clerk's sheet means which of them.

Exact names and known other names first; then the nearest by RapidFuzz. Two that are as near as
each other are never chosen between: the clerk is asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from bot.places.faults import Fault
from knowledge.hours import EXAMPLE


@dataclass(frozen=True)
class Field:
    """One column: its key, its Chinese heading, what else people call it, how to fill it in."""

    key: str
    heading: str
    others: tuple[str, ...] = ()
    required: bool = False
    hint: str = ""
    offered: bool = True
    """Whether the template has it."""


FIELDS = (
    Field("id", "编号", ("地点编号", "商户编号", "单位编号"), hint="可空；更新旧记录时写工作台里的编号"),
    Field(
        "name", "名称",
        ("商户名称", "单位名称", "店名", "门店名称", "店铺名称", "医院名称", "景区名称", "机构名称",
         "网点名称", "服务站名称", "企业名称", "商家名称", "街区名称", "场所名称", "商家", "商户"),
        required=True, hint="招牌上的全名",
    ),
    Field("kind", "类别", ("类型", "种类", "地点类别", "场所类别", "单位类别"), required=True,
          hint="下拉选择"),
    Field("organization", "主办单位", ("主管单位", "上级单位", "所属单位", "隶属单位", "运营单位")),
    Field("campus", "院区或分店", ("院区", "分店", "校区", "分院", "门店"), hint="同名的不止一处时必填"),
    Field("county", "县市区", ("所属县市区", "县区", "区县", "所在县市区", "所在区县", "县（市、区）",
                             "属地", "地区"), required=True, hint="如 海门区"),
    Field("town", "乡镇街道", ("镇街", "乡镇", "街道", "所在乡镇", "所属乡镇街道", "镇（街道）"),
          hint="如 三星镇"),
    Field("address", "地址", ("详细地址", "经营地址", "门店地址", "店铺地址", "单位地址", "所在地址")),
    Field("phone", "电话", ("联系电话", "固定电话", "服务电话", "对外电话", "咨询电话", "手机", "手机号"),
          hint="对外公开的电话；多个用顿号隔开"),
    Field("longitude", "经度", ("东经", "lon", "lng", "longitude", "坐标经度", "x坐标"),
          hint="如 121.115410"),
    Field("latitude", "纬度", ("北纬", "lat", "latitude", "坐标纬度", "y坐标"), hint="如 31.968120"),
    Field("pair", "经纬度", ("坐标", "坐标点", "地图坐标", "定位"), offered=False),
    Field("crs", "坐标系", ("坐标系统", "坐标类型", "坐标来源", "crs", "地图"),
          hint="写了经纬度就必填：WGS-84、高德/腾讯、百度"),
    Field("offer", "优待内容", ("优惠内容", "优惠措施", "优待项目", "优惠项目", "拥军内容", "优待措施",
                              "折扣", "优惠力度", "服务内容"), hint="照承诺书写"),
    Field("qualifies", "优待对象", ("适用对象", "服务对象", "优惠对象", "适用人群", "享受对象"),
          hint="如 退役军人、三属"),
    Field("card", "出示证件", ("凭证", "证件", "所需证件", "需出示证件", "有效证件"), hint="如 优待证"),
    Field("hours", "营业时间", ("开放时间", "服务时间", "办公时间", "门诊时间", "营业时段", "上班时间"),
          hint=EXAMPLE),
    Field("accessibility", "无障碍", ("无障碍设施", "无障碍情况"), hint="如 有坡道、有电梯"),
    Field("status", "状态", ("营业状态", "经营状态", "运营状态", "开放状态"),
          hint="正常、暂停、关闭；空着算正常"),
    Field("valid_from", "优待开始", ("优惠开始", "开始日期", "生效日期", "起始日期", "有效期起"),
          hint="2026-01-01"),
    Field("valid_to", "优待截止", ("优惠截止", "截止日期", "到期日期", "结束日期", "有效期至", "有效期止"),
          hint="长期有效空着"),
    Field("verified_on", "核实日期", ("核对日期", "核查日期", "核实时间", "最近核实"),
          hint="最近一次打电话或上门问过的日期"),
    Field("verified_by", "核实人", ("核对人", "核查人", "核实单位"), hint="单位或岗位，如 三星镇服务站"),
    Field("source", "来源", ("数据来源", "信息来源", "依据", "文件依据")),
    Field("note", "备注", ("说明", "其他", "备注说明")),
    Field("alternate_name", "别名", ("又名", "俗称", "简称", "曾用名"), hint="多个用顿号隔开"),
)  # fmt: skip
BY_KEY: Mapping[str, Field] = {one.key: one for one in FIELDS}
_SERIAL = ("序号", "号", "no", "编次")
_NEAR, _APART = 78.0, 8.0
_TRIED_ROWS = 10


@dataclass
class Mapped:
    """Which cell of a row is which field; ``faults`` says what the headings leave unclear."""

    sheet: str
    columns: dict[str, int] = field(default_factory=dict)
    headings: dict[str, str] = field(default_factory=dict)
    """What the sheet itself calls each field."""
    faults: list[Fault] = field(default_factory=list)

    def add(self, level: str, column: str, what: str, remedy: str) -> None:
        """Note something about the sheet's headings."""
        known = level == "refused"
        self.faults.append(
            Fault("refused" if known else "warning", self.sheet, 0, column, "", what, remedy)
        )

    def called(self, key: str) -> str:
        """The heading to name in a fault."""
        return self.headings.get(key, BY_KEY[key].heading)


def plain(heading: str) -> str:
    """A heading without what does not matter: 名称（必填） is 名称."""
    said = unicodedata.normalize("NFKC", heading).lower()
    said = re.sub(r"\((?:必填|选填|可空|可选|\*)[^)]*\)", "", said)
    return re.sub(r"[\s*:()、,/_.\-|]", "", said)


_NAMES: Mapping[str, str] = {
    plain(name): one.key for one in FIELDS for name in (one.heading, *one.others)
}


def recognised(cells: Sequence[str]) -> int:
    """How many cells of a row are headings we know exactly."""
    return len({_NAMES[name] for cell in cells if (name := plain(cell)) in _NAMES})


def find_heading(rows: Sequence[tuple[int, tuple[str, ...]]]) -> int | None:
    """Index of the row that holds the headings, below titles and remarks; None: none does."""
    scores = [recognised(cells) for _, cells in rows[:_TRIED_ROWS]]
    best = max(scores, default=0)
    return scores.index(best) if best >= 2 else None


def mapped(sheet: str, cells: Sequence[str], supplied: Sequence[str] = ()) -> Mapped:
    """Which column is which field; ``supplied`` fields need no column."""
    found = Mapped(sheet)
    exact = {
        index: _NAMES[plain(cell)] for index, cell in enumerate(cells) if plain(cell) in _NAMES
    }
    guessed: dict[int, str] = {}
    for index, cell in enumerate(cells):
        if index in exact or not plain(cell) or plain(cell) in _SERIAL:
            continue
        key = _guess(found, cell, taken=set(exact.values()))
        if key:
            guessed[index] = key
    _settle(found, cells, exact | guessed)
    if "pair" in found.columns and {"latitude", "longitude"} & found.columns.keys():
        found.columns.pop("pair")
    for one in FIELDS:
        if one.required and one.key not in (*found.columns, *supplied):
            found.add("refused", one.heading, "没有这一列", f"请加一列，标题写“{one.heading}”")
    return found


def _guess(found: Mapped, cell: str, taken: set[str]) -> str | None:
    """The field a heading is nearest to; unclear and unknown ones are noted."""
    said = plain(cell)
    scores: dict[str, float] = {}
    for name, key in _NAMES.items():
        if key not in taken:
            scores[key] = max(scores.get(key, 0.0), fuzz.ratio(said, name))
    ranked = sorted(scores.items(), key=lambda pair: -pair[1])
    if not ranked or ranked[0][1] < _NEAR:
        found.add(
            "warning",
            cell,
            "不认识这一列，里面的内容没有导入",
            "有用的话，请把标题改成模板里的写法",
        )
        return None
    if len(ranked) > 1 and ranked[1][1] > ranked[0][1] - _APART and ranked[1][1] >= _NEAR:
        names = "还是".join(f"“{BY_KEY[key].heading}”" for key, _ in ranked[:2])
        found.add("refused", cell, f"分不清这一列是{names}", "请把标题改成模板里的写法")
        return None
    return ranked[0][0]


def _settle(found: Mapped, cells: Sequence[str], meant: Mapping[int, str]) -> None:
    """Two columns must not be the same field."""
    for index, key in sorted(meant.items()):
        if key in found.columns:
            both = f"“{found.headings[key]}”和“{cells[index]}”都像是“{BY_KEY[key].heading}”"
            found.add("refused", cells[index], both, "请只留一列，另一列改个标题或删掉")
            continue
        found.columns[key], found.headings[key] = index, cells[index]
