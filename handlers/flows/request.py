"""A request to staff: one flow over the catalogue of services.

What, where registered, phone, consent, summary to confirm or correct, ticket number.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from handlers.dialogue import Do, Question, Step, Steps, ask
from handlers.effects import OpenTicket
from handlers.masking import hide_units
from handlers.messages import Choice, Reply
from handlers.questions import Choose, Phone, Text
from knowledge.base import Knowledge
from knowledge.schema import Ask, Service

_SKIP = Choice("-", "跳过")
_UNSURE = Choice("-", "说不清楚")


def request(service: Service, knowledge: Knowledge) -> Steps:
    """Take down one request for ``service`` and open a ticket for it."""
    yield Reply(
        f"【{service.title}】{service.about}\n"
        "我问几个问题，填好后您看一遍再提交。说错了发“返回”，不办了发“取消”。"
    )
    answers: dict[str, str] = {}
    for item in service.asks:
        answers[item.key] = yield from _answer(item, item.key)
    answers["county"] = yield from ask(_county("county", knowledge))
    answers["town"] = yield from _town_of(answers["county"], "town", knowledge)
    answers["phone"] = yield from ask(_phone("phone"))
    agreed = yield from ask(_consent(service))
    if agreed != "yes":
        yield Reply(
            "好的，没有提交，刚才填的不会转给任何人。"
            "您也可以直接去户籍地的乡镇（街道）退役军人服务站，或打 12345。",
            choices=(Choice("/menu", "回到菜单"),),
        )
        return
    yield from _confirm(service, knowledge, answers)
    number = yield Do("ticket", _ticket(service, answers))
    yield Reply(
        f"已经提交，编号 {number}。\n"
        f"服务中心会在 {service.respond_within_working_days} 个工作日内联系您，"
        "答复也会发到这里。\n"
        "随时发“进度”可以查看、补充。",
        choices=(Choice("/status", "查进度"), Choice("/menu", "回到菜单")),
    )


def _answer(item: Ask, key: str) -> Generator[Step, Any, str]:
    said: str = yield from ask(_question(item, key))
    return said


def _question(item: Ask, key: str) -> Question[str]:
    if item.options or item.optional:
        choices = tuple(Choice(option.value, option.label) for option in item.options)
        return Choose(key, item.ask, choices + ((_SKIP,) if item.optional else ()))
    return Text(key, item.ask, minimum=item.minimum)


def _county(key: str, knowledge: Knowledge) -> Choose:
    names = knowledge.gazetteer.counties()
    return Choose(key, "您的户口（或常住）在哪个县市区？", tuple(Choice(n, n) for n in names))


def _town_of(county: str, key: str, knowledge: Knowledge) -> Generator[Step, Any, str]:
    """The town within ``county``; zones have none of their own and are not asked."""
    if not knowledge.gazetteer.towns(county):
        return "-"
    town: str = yield from ask(_town(key, knowledge, county))
    return town


def _town(key: str, knowledge: Knowledge, county: str) -> Choose:
    towns = tuple(Choice(name, name) for name in knowledge.gazetteer.towns(county))
    return Choose(key, f"在{county}的哪个镇、街道？可以打字，也可以点按钮。", (*towns, _UNSURE))


def _phone(key: str) -> Phone:
    return Phone(key, "请留一个能找到您的电话（手机，或带区号的座机）。只给办这件事的工作人员看。")


def _consent(service: Service) -> Choose:
    choices = (Choice("yes", "同意"), Choice("no", "不同意，不提交"))
    return Choose("consent", service.consent, choices)


def _confirm(service: Service, knowledge: Knowledge, answers: dict[str, str]) -> Steps:
    """Show the summary until it is confirmed; ``answers`` is corrected in place."""
    turn = 0
    while True:
        wish = yield from ask(
            Choose(f"confirm{turn}", summary(service, answers), _corrections(service))
        )
        if wish == "submit":
            return
        turn += 1
        if wish == "relation":
            answers["relation"] = yield from _relation(turn)
            continue
        answers[wish] = yield from _again(service, knowledge, wish, f"{wish}{turn}", answers)
        if wish == "county":
            answers["town"] = yield from _town_of(answers["county"], f"town{turn}", knowledge)


def _relation(turn: int) -> Generator[Step, Any, str]:
    """Whom the person asks for, and that they agree."""
    whom = yield from ask(
        Choose(
            f"relation{turn}",
            "您是替谁办？",
            tuple(Choice(one, one) for one in ("配偶", "父母", "子女", "战友或邻居", "别的亲属")),
        )
    )
    agreed: str = yield from ask(
        Choose(
            f"agreed{turn}",
            "本人知道并同意您替他（她）办吗？",
            (Choice("本人同意", "同意"), Choice("本人不便表示", "病重等原因，没法表示")),
        )
    )
    return f"{whom}（{agreed}）"


def _again(
    service: Service, knowledge: Knowledge, wish: str, key: str, answers: dict[str, str]
) -> Generator[Step, Any, str]:
    questions: dict[str, Question[str]] = {
        "county": _county(key, knowledge),
        "phone": _phone(key),
    }
    for item in service.asks:
        questions[item.key] = _question(item, key)
    said: str = yield from ask(questions[wish])
    return said


def _corrections(service: Service) -> tuple[Choice, ...]:
    fields = [(item.key, item.label) for item in service.asks]
    fields += [("county", "县市区和镇街"), ("phone", "电话")]
    return (
        Choice("submit", "没错，提交"),
        *(Choice(key, f"改：{label}") for key, label in fields),
        Choice("relation", "我是替别人办的"),
    )


def summary(service: Service, answers: dict[str, str]) -> str:
    """What will be handed in, as the person reads it; military units are not repeated."""
    lines = [f"· {label}：{hide_units(said)}" for label, said in _details(service, answers)]
    town = "" if answers["town"] == "-" else answers["town"]
    lines += [f"· 户口（常住）：{answers['county']}{town}", f"· 电话：{answers['phone']}"]
    if answers.get("relation"):
        lines.append(f"· 替谁办：{answers['relation']}；上面的情况和电话请写清是谁的")
    return f"请看一遍，对不对？\n【{service.title}】\n" + "\n".join(lines)


def _details(service: Service, answers: dict[str, str]) -> list[tuple[str, str]]:
    labels = {(i.key, o.value): o.label for i in service.asks for o in i.options}
    said = [(i.label, labels.get((i.key, answers[i.key]), answers[i.key])) for i in service.asks]
    return [(label, text) for label, text in said if text != "-"]


def _ticket(service: Service, answers: dict[str, str]) -> OpenTicket:
    return OpenTicket(
        service=service.id,
        topic=service.topic,
        county=answers["county"],
        town="" if answers["town"] == "-" else answers["town"],
        phone=answers["phone"],
        details=tuple(_details(service, answers)),
        respond_within_working_days=service.respond_within_working_days,
        priority=service.priority,
        relation=answers.get("relation", ""),
    )
