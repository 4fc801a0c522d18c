"""Words that mean the same in every state: 菜单 取消 返回 人工 进度 帮助 忘记我, and buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from handlers import flow, linking, menu, privacy
from handlers.effects import AskTerms, ListTickets, NoteFeedback, RateTicket, SumUpMine
from handlers.handoff import in_crisis
from handlers.inquiry import show_article
from handlers.messages import Choice, Reply, Update
from handlers.placereply import about
from handlers.progress import BEIJING, one, progress
from handlers.turn import Situation, Turn

Command = Callable[[str, Situation], Turn]

_WORDS: Mapping[str, str] = {
    "菜单": "/menu", "主菜单": "/menu", "回到菜单": "/menu", "首页": "/menu", "开始": "/start",
    "取消": "/cancel", "不办了": "/cancel", "退出": "/cancel", "算了": "/cancel",
    "返回": "/back", "上一步": "/back", "后退": "/back",
    "人工": "/human", "转人工": "/human", "人工服务": "/human", "找人工": "/human",
    "找工作人员": "/human",
    "进度": "/status", "查进度": "/status", "我的申请": "/status",
    "我能享受哪些待遇": "/benefits", "我能享受什么待遇": "/benefits", "查待遇": "/benefits",
    "我有哪些待遇": "/benefits", "我能领什么钱": "/benefits", "我符合哪些条件": "/benefits",
    "算一算": "/calculate", "计算器": "/calculate", "帮我算一算": "/calculate",
    "抚恤金算多少": "/calculate death-money", "算抚恤金": "/calculate death-money",
    "算护理费": "/calculate nursing", "算期限": "/calculate deadlines",
    "帮助": "/help", "怎么用": "/help", "使用说明": "/help",
    "关联": "/link", "关联渠道": "/link", "绑定": "/link", "确认关联": "/link-yes",
    "不关联": "/link-no", "取消关联": "/unlink", "解除关联": "/unlink", "解绑": "/unlink",
    "忘记我": "/forget", "删除我的信息": "/forget", "注销": "/forget",
    "隐私": "/privacy", "隐私政策": "/privacy", "隐私说明": "/privacy", "个人信息": "/privacy",
    "导出我的信息": "/mine", "导出": "/mine", "我的信息": "/mine",
}  # fmt: skip


def commands(update: Update, at: Situation) -> Turn | None:
    """Obey a command word or a button that names one; None for anything else."""
    said = update.text.strip()
    said = _WORDS.get(said.strip("“”\"'。.!！ "), said)
    if code := linking.typed(said):
        said = f"/link {code}"
    if not said.startswith("/"):
        return None
    name, _, argument = said.partition(" ")
    if name == "/again" and (at.flow or "").startswith("nearby"):
        return None  # the list that is open takes it
    command = _COMMANDS.get(name.lower())
    return command(argument.strip(), at) if command else None


def _start(argument: str, at: Situation) -> Turn:
    if argument.startswith("article-"):  # deep links, from posters
        return _article(argument.removeprefix("article-"), at)
    if argument.startswith("service-"):
        return _request(argument.removeprefix("service-"), at)
    return Turn([menu.welcome()], resume=at.held is not None)


def _menu(_argument: str, at: Situation) -> Turn:
    """Leave any flow; a conversation that staff hold comes back, unless life is in danger."""
    return Turn([menu.menu()], release=not in_crisis(at))


def _topics(_argument: str, at: Situation) -> Turn:
    return Turn([menu.topics()])


def _help(_argument: str, at: Situation) -> Turn:
    return Turn([menu.help_text()], resume=True)


def _help_me(which: str, at: Situation) -> Turn:
    """The most needed services; all of them when asked."""
    services = at.knowledge.library.services
    shown = services if which == "all" else [id for id in _MOST_NEEDED if id in services]
    choices = [Choice(f"/request {id}", services[id].title) for id in shown]
    if which != "all":
        choices.append(Choice("/help-me all", "别的服务"))
    return Turn([Reply("您遇到的是哪方面的困难？我帮您登记给服务中心。", choices=tuple(choices))])


def _cancel(_argument: str, at: Situation) -> Turn:
    if at.flow is None:
        return Turn([Reply("现在没有正在办的事。", choices=menu.MENU)])
    return Turn([Reply("好的，已取消，刚才填的没有提交。", choices=(_TO_MENU,))])


def _back(_argument: str, at: Situation) -> Turn:
    return flow.back(at) or Turn([menu.menu()])


def _human(_argument: str, at: Situation) -> Turn:
    return flow.begin("human", at) or Turn([menu.menu()])


def _status(_argument: str, at: Situation) -> Turn:
    return Turn([progress(at.perform(ListTickets()))], resume=True)


def _ticket(number: str, at: Situation) -> Turn:
    found = [ticket for ticket in at.perform(ListTickets()) if ticket["number"] == number]
    return Turn([one(found[0])], resume=True) if found else _status("", at)


def _withdraw(number: str, at: Situation) -> Turn:
    return flow.begin(f"withdraw:{number}", at) or Turn([menu.menu()])


def _object(number: str, at: Situation) -> Turn:
    return flow.begin(f"object:{number}", at) or Turn([menu.menu()])


def _rate(argument: str, at: Situation) -> Turn:
    """One press for those who are content; who is not is asked why."""
    number, _, rating = argument.partition(" ")
    if rating == "bad":
        return flow.begin(f"dissatisfied:{number}", at) or Turn([menu.menu()])
    if at.perform(RateTicket(number, rating)) is None:
        return Turn([Reply("这件申请现在不能评价。", choices=(_TO_MENU,))], resume=True)
    return Turn([Reply("谢谢您的评价，记下了。", choices=(_TO_MENU,))], resume=True)


def _forget(_argument: str, at: Situation) -> Turn:
    if in_crisis(at):
        return Turn([Reply(privacy.not_now())], resume=True)
    return flow.begin("forget", at) or Turn([menu.menu()])


def _privacy(_argument: str, at: Situation) -> Turn:
    return Turn([privacy.notice(at.perform(AskTerms()))], resume=True)


def _mine(_argument: str, at: Situation) -> Turn:
    return Turn([privacy.summary(at.perform(SumUpMine()))], resume=True)


def _link_code(_argument: str, at: Situation) -> Turn:
    return flow.begin("link", at) or Turn([menu.menu()])


def _nearby(kind: str, at: Situation) -> Turn:
    return flow.begin(f"nearby:{kind}" if kind else "nearby", at) or Turn([menu.menu()])


def _again(_what: str, at: Situation) -> Turn:
    """A button of a list that is no longer open: look again."""
    return _nearby("", at)


def _place(id: str, at: Situation) -> Turn:
    """Everything about a place; a list stays open beside it."""
    found = at.knowledge.directory.find(id)
    if found is None or found.status in ("defunct", "inactive"):
        words = "这个地点已经不在名单里了。"
        return Turn([Reply(words, choices=(Choice("/nearby", "再找附近"),))], resume=True)
    return Turn([about(found, at.now.astimezone(BEIJING))], resume=True)


def _wrong(id: str, at: Situation) -> Turn:
    return flow.begin(f"wrong:{id}", at) or Turn([menu.menu()])


def _benefits(_argument: str, at: Situation) -> Turn:
    return flow.begin("benefits", at) or Turn([menu.menu()])


def _calculate(which: str, at: Situation) -> Turn:
    return flow.begin(f"calculate:{which}", at) or Turn([menu.menu()])


def _request(service: str, at: Situation) -> Turn:
    return flow.begin(f"request:{service}", at) or _help_me("", at)


def _add(number: str, at: Situation) -> Turn:
    return flow.begin(f"add:{number}", at) or Turn([menu.menu()])


def _article(id: str, at: Situation) -> Turn:
    article = at.knowledge.library.articles.get(id)
    if article is None:
        return Turn([Reply("这一条已经更新，请直接打字问。", choices=(_TO_MENU,))])
    return show_article(article, at)


def _useful(id: str, at: Situation) -> Turn:
    at.perform(NoteFeedback(id, useful=True))
    return Turn([Reply("好的，记下了。还有别的想问，直接打字。")], resume=True)


def _useless(argument: str, at: Situation) -> Turn:
    id, _, reason = argument.partition(" ")
    if reason:
        at.perform(NoteFeedback(id, useful=False, reason=reason))
        return Turn(
            [Reply("记下了，编辑会核对这一条。要不要请工作人员答复您？", choices=_PERSON)],
            resume=True,
        )
    reasons = (("other", "不是我问的"), ("unclear", "看不明白"), ("wrong", "和我知道的不一样"))
    choices = tuple(Choice(f"/useless {id} {key}", label) for key, label in reasons)
    return Turn([Reply("哪里没帮上您？", choices=(*choices, *_PERSON))], resume=True)


def _unknown(_argument: str, at: Situation) -> Turn:
    return Turn(
        [Reply("那请换个说法再问一次，或者让工作人员答复您。", choices=(*_PERSON, _TO_MENU))],
        memory={"doubted": None},
    )


_MOST_NEEDED = ("hardship-aid", "medical-hardship", "job-help", "benefit-complaint", "other-help")
_TO_MENU = Choice("/menu", "回到菜单")
_PERSON = (Choice("/human", "找工作人员"),)
_COMMANDS: Mapping[str, Command] = {
    "/start": _start,
    "/menu": _menu,
    "/topics": _topics,
    "/help": _help,
    "/help-me": _help_me,
    "/cancel": _cancel,
    "/back": _back,
    "/human": _human,
    "/status": _status,
    "/forget": _forget,
    "/privacy": _privacy,
    "/mine": _mine,
    "/link": linking.link,
    "/link-code": _link_code,
    "/link-yes": linking.agree,
    "/link-no": linking.refuse,
    "/unlink": linking.unlink,
    "/nearby": _nearby,
    "/again": _again,
    "/place": _place,
    "/wrong": _wrong,
    "/benefits": _benefits,
    "/calculate": _calculate,
    "/request": _request,
    "/add": _add,
    "/ticket": _ticket,
    "/withdraw": _withdraw,
    "/object": _object,
    "/rate": _rate,
    "/article": _article,
    "/useful": _useful,
    "/useless": _useless,
    "/unknown": _unknown,
}
