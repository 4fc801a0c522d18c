"""The first things a person sees: greeting, menu, help."""

from __future__ import annotations

from handlers.messages import Choice, Reply

MENU = (
    Choice("/topics", "问政策待遇"),
    Choice("/benefits", "看我能享受哪些待遇"),
    Choice("/nearby", "找附近的优待商户、医院、景区"),
    Choice("/help-me", "有困难，要帮助"),
    Choice("/status", "查我的申请进度"),
    Choice("/human", "找工作人员"),
)
_ASKED_MOST = (
    ("preferential-card-apply", "优待证怎么办"),
    ("nantong-free-bus-metro", "坐公交地铁免费吗"),
    ("rural-veteran-60", "60岁老兵补助"),
    ("hardship-aid", "生活困难怎么申请帮扶"),
    ("disability-late-assessment", "退役后补评残疾"),
    ("service-center-guide", "该去哪里办"),
)


def welcome() -> Reply:
    """What a new person reads first."""
    return Reply(
        "您好，这里是南通“通通优军”助手，为退役军人、军属和烈士、因公牺牲、病故军人家属服务。\n"
        "我是自动答复，不是真人；每条政策都注明依据和核对日期。\n"
        "直接打字问我就行，比如：优待证丢了怎么补办。\n"
        "不用写身份证号；您的信息怎样保管，发“隐私”看。\n"
        "有生命危险请打 110、120；心里难受可打 12356。",
        choices=MENU,
    )


def menu() -> Reply:
    """What can be done here."""
    return Reply("您想办什么？点下面的按钮，或者直接打字问。", choices=MENU)


def topics() -> Reply:
    """What is asked most."""
    return Reply(
        "直接打字问就行。大家常问这些：",
        choices=tuple(Choice(f"/article {id}", label) for id, label in _ASKED_MOST),
    )


def help_text() -> Reply:
    """How to use the assistant."""
    return Reply(
        "怎么用：\n"
        "· 问政策：直接打字，一次问一件事\n"
        "· 查待遇：发“我能享受哪些待遇”，答几个问题就知道；要算钱发“算一算”\n"
        "· 找地方：点“找附近”，发位置或打镇名\n"
        "· 要帮助：点“有困难，要帮助”，我帮您登记给服务中心\n"
        "· 换了手机、换到微信：发“关联”，两边都能查您的申请；发“取消关联”就分开\n"
        "随时可以发：菜单、返回、取消、进度、人工、关联、隐私、导出我的信息、忘记我。\n"
        "政策答案来自公开的法规和文件，最后以当地退役军人事务部门答复为准。",
        choices=MENU,
    )
