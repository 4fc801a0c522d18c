"""Which passwords are too easy to guess: short, common, or made the way many here make them."""

from __future__ import annotations

import re

SHORTEST = 12
"""Characters a password needs; spaces in a row count as one."""
LONGEST = 128
"""More is refused rather than cut, so that what was typed is what is checked."""
_STRONG = 3
"""Of zxcvbn's scores 0–4: more than 10⁸ guesses."""
_EXAMINED = 72
"""Characters zxcvbn looks at; its work grows faster than their number."""
_LOCAL = (
    "tongtong", "youjun", "tongtongyoujun", "nantong", "jiangsu", "chongchuan", "tongzhou",
    "haimen", "hai'an", "rugao", "rudong", "qidong", "zhongguo", "beijing", "shanghai", "junren",
    "tuiyi", "tuiwu", "laobing", "zhanyou", "jiefangjun", "gongzuo", "mima", "wodemima", "woaini",
    "guanliyuan", "administrator", "5201314", "1314520", "147258369", "88888888", "66666666",
)  # fmt: skip
"""Words that guessers try here first, beside the thirty thousand zxcvbn knows."""
_SYLLABLE = (
    r"(?:[zcs]h|[b-df-hj-np-tw-z])?"
    r"(?:i(?:ang|ong|an|ao)|u(?:ang|ai|an)|[aeio]ng|a[ino]|e[inr]|i[aenu]|ou|u[aeino]|[aeiouv])"
)
_NAME_AND_NUMBER = re.compile(rf"[\W\d_]*(?:{_SYLLABLE}){{1,4}}[\W\d_]*")
"""Up to four syllables of pinyin with figures around them: a name and a birthday."""


class WeakPassword(ValueError):
    """The password is too easy to guess; the message says what is wrong with it."""


def check(password: str, username: str, name: str = "") -> None:
    """Raises WeakPassword when ``password`` is not good enough for this account."""
    if len(re.sub(" +", " ", password)) < SHORTEST:
        raise WeakPassword(f"密码至少 {SHORTEST} 个字符")
    if len(password) > LONGEST:
        raise WeakPassword(f"密码最多 {LONGEST} 个字符")
    plain = password.casefold().strip()
    if plain == username.casefold():
        raise WeakPassword("密码不能和登录名一样")
    if not re.sub(r"[\d\s._-]", "", plain):
        raise WeakPassword("密码不能只有数字：手机号、生日、身份证号都太容易猜到")
    if _NAME_AND_NUMBER.fullmatch(plain) or _guessable(plain, username, name):
        raise WeakPassword("这个密码太容易猜到，请换一个：几个不相干的词连起来，好记又难猜")


def _guessable(password: str, username: str, name: str) -> bool:
    from zxcvbn import zxcvbn  # its lists of words take 40 ms and are seldom needed

    known = [word for word in (username, name, *_LOCAL) if word]
    found = zxcvbn(password[:_EXAMINED], user_inputs=known)
    return int(found["score"]) < _STRONG
