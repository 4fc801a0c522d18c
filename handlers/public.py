"""What we say in a group where we were asked: an answer everybody may read, and nothing else.

No requests, no progress, no places near somebody, nothing remembered: that is for two.
"""

from __future__ import annotations

from handlers.messages import Choice, Reply, Update
from handlers.notice import closed
from handlers.safety import level
from handlers.turn import Situation, Turn
from knowledge.answer import answer
from knowledge.render import render

_PRIVATE = Choice("/start", "私聊我")
_DANGER = Reply(
    "有生命危险请马上打 110、120；心里难受打 12356，免费，可以不说姓名。\n"
    "在旁边的战友，请先陪着他。点下面的按钮私聊我，值班的工作人员会看到。",
    choices=(_PRIVATE,),
)
_ELSEWHERE = Reply(
    "群里我只答政策问题。办事、查进度、说个人情况，请私聊我，别人看不到。", choices=(_PRIVATE,)
)
_ANSWERED = frozenset({"answered", "expired"})


def public(update: Update, at: Situation) -> Turn | None:
    """The answer for a group; None in a conversation of two."""
    if not update.public:
        return None
    if level(update.text):
        return Turn([_DANGER], status="crisis")
    if notice := closed(update, at):
        return notice
    if update.text.startswith("/"):
        return Turn([_ELSEWHERE])
    today = at.now.date()
    found = answer(at.knowledge.library, update.text, region=None, today=today)
    article = at.knowledge.library.articles.get(found.id or "")
    if found.status not in _ANSWERED or article is None:
        return Turn([_ELSEWHERE])
    more = Choice(f"/start article-{article.id}", "私聊我接着问")
    text = render(article, today=today)
    return Turn([Reply(text, (more,))], found.status, article=article.id, score=found.score)
