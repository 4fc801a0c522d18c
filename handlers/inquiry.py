"""Policy questions: the answer, a question back, who else handles it, or a plain "I don't know"."""

from __future__ import annotations

import re
from dataclasses import replace

from handlers import menu
from handlers.asking import which
from handlers.effects import ListTickets, NoteGap
from handlers.flow import begin
from handlers.messages import Choice, Reply, Update
from handlers.nearwish import near_wish
from handlers.progress import progress
from handlers.turn import Situation, Turn
from handlers.unreadable import unreadable
from knowledge import story
from knowledge.answer import Answer, answer
from knowledge.followup import follow_up
from knowledge.render import Side, render, render_side
from knowledge.schema import RELATED, Article, Service
from knowledge.state import awaits_money, mourns, pushed_about, speaks_of_soldiers

_LONGEST = 2000
"""Characters of a message we read; nobody's question is longer, and search time stays bounded."""
_STORY = 60
"""Characters from which on a question is a story with more in it than editors need."""
_HALF = 0.7
"""Below this likelihood, who tells of need is offered help before we ask which rule is meant."""
_ANYBODY = re.compile(r"(?:不论|不管|无论).{0,20}")
"""What is said of people in general (不论有没有工作) is nobody's need."""
_TOLD = ("answered", "expired", "elsewhere", "unclear", "unknown", "handoff")
"""What is said to somebody in mourning begins with a word of condolence."""
_PUSHED = (
    "被推来推去的，请对方写明不办的理由；不服可以申请复议。也可以点“找工作人员”，请服务中心替您问。"
)
_PERSON = Choice("/human", "找工作人员")
_HELP = Choice("/request hardship-aid", "登记困难帮扶")
_MENU = Choice("/menu", "回到菜单")


def inquiry(update: Update, at: Situation) -> Turn:
    """Answer whatever was not taken by an earlier handler. Always speaks."""
    if update.unsupported:
        return Turn([unreadable(update.unsupported)], "smalltalk")
    if update.point or update.phone or not update.text.strip():
        return _no_question(update, at)
    text, region = update.text[:_LONGEST], at.memory.get("region")
    if (last := _last(at)) and (leaning := follow_up(at.knowledge.library, text, last)):
        if leaning.side:
            return show_article(last, at, side=leaning.side)
        text, region = leaning.question or last.title, leaning.region or region
    wish = near_wish(text, at.knowledge.gazetteer)
    if wish and (turn := _begin(wish, at, text)):
        return turn
    found = answer(at.knowledge.library, text, region=region, today=at.now.date())
    turn = _SPEAK[found.status](found, text, at)
    if turn.status in _TOLD and mourns(at.knowledge.library.lexicon, text):
        turn.replies[0] = replace(turn.replies[0], text=f"请节哀。\n\n{turn.replies[0].text}")
    return turn


def _last(at: Situation) -> Article | None:
    """The article shown before, unless the person was away since."""
    return None if at.idle else at.knowledge.library.articles.get(at.memory.get("article", ""))


def show_article(
    article: Article,
    at: Situation,
    *,
    score: float = 1.0,
    status: str = "answered",
    side: Side | None = None,
    also: tuple[Choice, ...] = (),
    instead: tuple[str, ...] = (),
) -> Turn:
    """The whole answer, or one ``side`` of it, with what may be done next; what the message asked
    besides comes first among the choices. ``instead``: articles that may have been meant."""
    today = at.now.date()
    text = render_side(article, side, today=today) if side else render(article, today=today)
    if also:
        text += "\n\n您还问了别的，点下面的按钮看。"
    return Turn(
        [Reply(text, choices=(*also, *_next(article, at, instead)))],
        status=status,
        article=article.id,
        score=score,
        memory={"article": article.id, "doubted": None},
    )


def _next(article: Article, at: Situation, instead: tuple[str, ...]) -> tuple[Choice, ...]:
    choices: list[Choice] = []
    if article.flow and article.flow.startswith("request:"):
        choices.append(Choice(f"/request {article.flow.partition(':')[2]}", "帮我办"))
    elif article.flow and article.flow.startswith("nearby"):
        choices.append(
            Choice(f"/nearby {article.flow.partition(':')[2]}".strip(), "看看附近有哪些")
        )
    choices += [
        Choice(f"/calculate {one.id}", "算一算")
        for one in at.knowledge.library.calculators.values()
        if one.article == article.id
    ]
    articles = at.knowledge.library.articles
    meant = [Choice(f"/article {id}", f"问的是这个？{articles[id].title}") for id in instead]
    related = [
        Choice(f"/article {id}", f"看：{articles[id].title}")
        for id in article.see_also
        if id in articles and id not in instead
    ]
    choices += [*meant, *related][:RELATED]
    judge = (Choice(f"/useful {article.id}", "有用"), Choice(f"/useless {article.id}", "没用"))
    return (*choices, *judge)


def _answered(found: Answer, text: str, at: Situation) -> Turn:
    article = at.knowledge.library.articles[found.id or ""]
    also = tuple(
        Choice(f"/article {id}", f"还问了：{at.knowledge.library.entry_title(id)}")
        for id in found.also[:2]
        if id in at.knowledge.library.articles
    )
    instead = found.options if found.status == "answered" else ()
    turn = show_article(
        article, at, score=found.score, status=found.status, also=also, instead=instead
    )
    if found.status == "answered":
        turn = _to_their_state(turn, article, text, at)
    return _with_help(turn, article) if _in_need(text, at) else turn


def _to_their_state(turn: Turn, article: Article, text: str, at: Situation) -> Turn:
    """The rule, as it is told to somebody in mourning, who waits for money, or whom nobody answers."""
    lexicon, reply = at.knowledge.library.lexicon, turn.replies[-1]
    said, choices = reply.text, list(reply.choices)
    if pushed_about(lexicon, text):
        said += f"\n\n{_PUSHED}"
        choices.insert(0, _PERSON)
    if article.id in lexicon.payday.of and awaits_money(lexicon, text):
        # No article can know the day: whom to ask comes first.
        where = article.answer.where or "发这笔钱的退役军人事务局"
        said = f"哪天到账没有统一公布，我也看不到您的发放记录。要问：{where}。\n\n{said}"
        waiting = Choice(f"/article {lexicon.payday.article}", "钱没到账怎么办")
        again = (waiting.value, _PERSON.value)
        choices = [waiting, _PERSON, *(one for one in choices if one.value not in again)]
    reply = replace(reply, text=said, choices=tuple(choices))
    return replace(turn, replies=[*turn.replies[:-1], reply])


def _with_help(turn: Turn, article: Article) -> Turn:
    """The rule, and a person's help beside it: who tells of need is never sent off with a rule."""
    if (article.flow or "").startswith("request:"):
        return turn
    reply = replace(turn.replies[-1], choices=(_HELP, *turn.replies[-1].choices))
    return replace(turn, replies=[*turn.replies[:-1], reply], offered="request:hardship-aid")


def _elsewhere(found: Answer, _text: str, at: Situation) -> Turn:
    """The article holds for another place: say so, and offer what holds everywhere."""
    article = at.knowledge.library.articles[found.id or ""]
    reply = Reply(
        f"“{article.title}”只适用于{article.region}，不能套用到{found.region or '您问的地方'}。\n"
        "那里的办法要问当地退役军人事务部门，也可以打当地的 12345。",
        choices=(*_titles(found, at), Choice(f"/article {article.id}", "仍要看这一条"), _PERSON),
    )
    return Turn([reply], "elsewhere", article=article.id, score=found.score, options=found.options)


def _unclear(found: Answer, text: str, at: Situation) -> Turn:
    """Ask once which is meant, saying what tells them apart; the second time a person is offered."""
    if at.memory.get("doubted"):
        return _unknown(found, text, at)
    needed = _in_need(text, at)
    if needed and (found.score < _HALF or found.options[0].startswith("request:")):
        return _hardship(found, _titles(found, at), at)
    help_first = (_HELP,) if needed and "request:hardship-aid" not in found.options else ()
    choices = (*help_first, *_titles(found, at), Choice("/unknown", "都不是"))
    return Turn(
        [Reply(which(found, at.knowledge.library), choices=choices)],
        "unclear",
        score=found.score,
        options=found.options,
        offered="request:hardship-aid" if needed else None,
        memory={"doubted": True},
    )


def _unknown(found: Answer, text: str, at: Situation) -> Turn:
    _note_gap(found, text, at)
    near = _titles(found, at)
    if _in_need(text, at):
        return _hardship(found, near, at)
    lines = "这个问题我没有可靠的依据，不能乱答。\n可以问户籍地的乡镇（街道）退役军人服务站，或打 12345。"
    if not near and not speaks_of_soldiers(at.knowledge.library.lexicon, text):
        lines = "这个我帮不上，也没有可靠的依据。\n要办事的，可以打 12345，问清归哪个部门。"
        reply = Reply(lines, choices=(_MENU, _PERSON))
        return Turn([reply], "unknown", score=found.score, memory={"doubted": None})
    if near:
        lines += "\n下面几条比较接近，您看看是不是："
    reply = Reply(lines + "\n要不要我转给工作人员？", choices=(*near, _PERSON, _MENU))
    return Turn(
        [reply],
        "unknown",
        score=found.score,
        options=found.options,
        memory={"doubted": None},
    )


def _note_gap(found: Answer, text: str, at: Situation) -> None:
    """Tell the editors; of a story, only the sentences that ask."""
    if len(text) > _STORY and (asking := story.questions(at.knowledge.library.reader, text)):
        text = "。".join(asking)
    near = found.options[0] if found.options else ""
    at.perform(NoteGap(text, found.status, near, at.memory.get("region") or ""))


def _hardship(found: Answer, near: tuple[Choice, ...], at: Situation) -> Turn:
    """No rule is at hand, but somebody is in need: help is offered before anything else, and the service
    that was meant before help in general."""
    meant = [one for one in near if one.value.startswith("/request ") and one.value != _HELP.value]
    choices: dict[str, Choice] = {}
    for one in (*meant[:1], _HELP, _PERSON, *near[:2], _MENU):
        choices.setdefault(one.value, one)
    reply = Reply(
        "您家里不容易，先别急。可以先登记，服务中心的工作人员会联系您。\n"
        "急难的事也可以打 12345，或直接去户籍地的乡镇（街道）退役军人服务站。",
        choices=tuple(choices.values()),
    )
    return Turn(
        [reply],
        "unknown",
        score=found.score,
        options=found.options,
        offered="request:hardship-aid",
        memory={"doubted": None},
    )


def _in_need(text: str, at: Situation) -> bool:
    said = _ANYBODY.sub("", text)
    return any(word in said for word in at.knowledge.library.lexicon.distress)


def _smalltalk(found: Answer, _text: str, at: Situation) -> Turn:
    library, (kind, _, name) = at.knowledge.library, (found.id or "").partition(":")
    said = library.intents[name].reply if kind == "intent" else library.strangers[name].reply
    choices = (_MENU,) if kind == "intent" else (_PERSON, _MENU)
    return Turn([Reply(said or "", choices=choices)], "smalltalk", score=found.score)


def _flow(found: Answer, text: str, at: Situation) -> Turn:
    """Something to do rather than to know: a request, places nearby, a person, the progress."""
    target = found.id or ""
    if target.startswith("request:"):
        return _offer(at.knowledge.library.services[target.removeprefix("request:")], at)
    wish = at.knowledge.library.intents[target.removeprefix("intent:")].flow or "menu"
    if wish == "progress":
        return Turn([progress(at.perform(ListTickets()))])
    return _begin(wish, at, text) or Turn([menu.menu()])


def _begin(wish: str, at: Situation, text: str) -> Turn | None:
    """Start a flow with what was said; of places elsewhere we know nothing, and say so first."""
    turn = begin(wish, at, said=text)
    if turn and wish.startswith("nearby"):
        meant = at.knowledge.gazetteer.resolve(text)
        if meant.status == "outside" and meant.origin:
            said = f"我只查得到南通的地方。{meant.origin.label}的，请打当地的 12345 问，或在手机地图里搜。"
            turn.replies.insert(0, Reply(said))
    return turn


def _offer(service: Service, at: Situation) -> Turn:
    """A service staff give: say what it is, and let the person decide."""
    articles = at.knowledge.library.articles
    rules = [
        Choice(f"/article {id}", f"先看：{articles[id].title}")
        for id in service.articles[:2]
        if id in articles
    ]
    reply = Reply(
        f"这件事可以帮您登记，由服务中心的工作人员来办。\n【{service.title}】{service.about}",
        choices=(Choice(f"/request {service.id}", "帮我登记"), *rules, _PERSON, _MENU),
    )
    return Turn([reply], "handoff", offered=f"request:{service.id}")


def _no_question(update: Update, at: Situation) -> Turn:
    """A location or a phone number that nobody asked for, or nothing at all."""
    if update.point:
        return begin("nearby", at, said=update.point) or Turn([menu.menu()])
    if update.phone:
        return Turn(
            [Reply("您的号码没有保存。要登记申请，请点“有困难，要帮助”。", choices=menu.MENU)]
        )
    return Turn([menu.menu()])


_SPEAK = {
    "answered": _answered,
    "expired": _answered,
    "elsewhere": _elsewhere,
    "unclear": _unclear,
    "unknown": _unknown,
    "smalltalk": _smalltalk,
    "flow": _flow,
}


def _titles(found: Answer, at: Situation) -> tuple[Choice, ...]:
    """The candidates as buttons."""
    library = at.knowledge.library
    choices: list[Choice] = []
    for id in found.options[:3]:
        if article := library.articles.get(id):
            choices.append(Choice(f"/article {id}", article.title))
        elif service := library.services.get(id.removeprefix("request:")):
            choices.append(Choice(f"/request {service.id}", f"登记：{service.title}"))
    return tuple(choices)
