"""Settings: a YAML file, overridden by environment variables, checked before anything starts.

Every field has a docstring, which ``config.example.yaml`` repeats (a test compares the two).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

import yaml
from cryptography.fernet import Fernet
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from sqlalchemy import make_url

from bot import outward

DEFAULT_FILE = Path("config.yaml")
PREFIX = "YOUJUN_"


UNREADABLE = (ValueError, OverflowError, RecursionError, TypeError)
"""What PyYAML raises beside its own errors: impossible dates and characters, endless nesting."""


class ConfigError(Exception):
    """The configuration cannot be used; the message names file, key and remedy."""


def _may_be_called(url: str | None) -> str | None:
    return None if url is None else outward.checked(url)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Web(_Section):
    """网页聊天和工作台的监听地址。"""

    host: str = "127.0.0.1"
    """监听地址。默认只有本机能访问；对外服务请在前面放反向代理（HTTPS）。"""
    port: int = Field(default=8010, ge=1, le=65535)
    """监听端口。"""
    https: bool = False
    """外面是否为 HTTPS（由反向代理提供）；是则登录凭据只走加密连接。"""
    chat: bool = True
    """是否开放网页聊天。"""
    metrics_token: SecretStr | None = None
    """读取 /metrics（给 Prometheus 的运行数据）要带的口令；不填则只有本机能读。"""
    public_url: str | None = None
    """工作人员打开本站的网址，如 https://本站域名；工作群里的“打开控制台”要用。不填则不给链接。"""
    second_factor: list[Literal["clerk", "leader", "editor", "reviewer", "auditor", "admin"]] = (
        Field(default_factory=list)
    )
    """哪些角色登录工作台必须用动态验证码（手机验证器），例如 [admin, auditor]；不填则各人自己决定。"""
    embed_origins: list[str] = Field(default_factory=list)
    """哪些网站可以把网页聊天嵌进自己的页面，例如 https://tyjrswj.example.gov.cn（不带路径）；
    不填则不许嵌入。嵌进别的域名需要 HTTPS。"""

    map_tiles: str = ""
    """示意图下面垫的地图瓦片，例如 https://瓦片服务/{z}/{x}/{y}.png；不填则不垫，也不向别处要任何东西。
    填了以后，看图的人的浏览器会直接向这个服务要图，请先确认它的使用条款和审图号。"""
    map_tiles_crs: Literal["wgs84", "gcj02"] = "wgs84"
    """瓦片的坐标系：天地图 wgs84，高德、腾讯 gcj02。"""

    @field_validator("map_tiles")
    @classmethod
    def _tiles_are_complete(cls, url: str) -> str:
        shape = r"https://[A-Za-z0-9.-]+(:\d{1,5})?/[^\s\"'<>;,]*"
        if url and not (re.fullmatch(shape, url) and all(p in url for p in ("{x}", "{y}", "{z}"))):
            raise ValueError("瓦片地址要以 https:// 开头，并写明 {z}、{x}、{y}")
        return url

    @field_validator("public_url")
    @classmethod
    def _url_is_plain(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://[^\s/?#]+/?", url):
            raise ValueError("网址要写成 https://域名 的样子，不带路径")
        return url.rstrip("/") if url else None

    @field_validator("embed_origins")
    @classmethod
    def _origins_are_plain(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?", origin):
                raise ValueError("网站地址要写成 https://域名 的样子，不带路径、空格和星号")
        return origins


class Telegram(_Section):
    """Telegram 机器人。"""

    enabled: bool = False
    """是否启用；启用时必须填 token。"""
    token: SecretStr | None = None
    """向 @BotFather 申请到的令牌。建议用环境变量 YOUJUN_TELEGRAM__TOKEN，不写进文件。"""
    base_url: str = "https://api.telegram.org/bot"
    """接口地址；用自建的 Bot API 服务器时修改。"""
    webhook: str | None = None
    """让 Telegram 主动把消息送来的公网地址，如 https://本站域名/telegram；反向代理要把它转到本服务的
    /telegram。不填则由本服务去取（长轮询），不需要公网地址。"""
    proxy: str | None = None
    """访问 Telegram 用的 HTTP 代理，如 http://127.0.0.1:7890；不填则看环境变量 HTTPS_PROXY。"""
    messages_per_second: int = Field(default=25, ge=1, le=1000)
    """每秒最多发几条（全部对话合计）。Telegram 免费允许约 30 条；同一个人每秒 1 条、同一个群每分钟 20 条
    的限制始终遵守。"""
    exit_after_seconds: int = Field(default=60, ge=0, le=86400)
    """长轮询连续多少秒没有任何回音、而 Telegram 又连得上（说明卡住了），就退出（退出码 75），由守护程序
    重新启动；0 表示不退出。Telegram 根本连不上时不退出，网页聊天和微信不受影响。"""
    staff_group: int | None = None
    """接收新工单提醒的工作群编号（负数）；不填则不提醒。群里不会出现任何个人信息。"""
    _callable = field_validator("base_url")(_may_be_called)

    @field_validator("proxy")
    @classmethod
    def _proxy_is_an_address(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"(https?|socks5h?)://[^\s/?#]+/?", url):
            raise ValueError("代理要写成 http://主机:端口 的样子")
        return url

    @field_validator("webhook")
    @classmethod
    def _webhook_is_an_address(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://[^\s/?#]+/[^\s?#]+", url):
            raise ValueError("要写成 https://域名/telegram 的样子（官方服务器只接受 https）")
        return url


class Embedding(_Section):
    """向量模型，可选：按意思找近义的问法。不设也能用。"""

    url: str | None = None
    """OpenAI 兼容接口的地址，如 http://127.0.0.1:11434/v1/embeddings；不填则不用。"""
    model: str = "bge-small-zh-v1.5"
    """模型名。"""
    key: SecretStr | None = None
    """接口密钥；本机服务一般不需要。群众的话会先遮住个人信息再送出。"""
    timeout_seconds: float = Field(default=0.8, gt=0, le=10)
    """每句话最多等多久；等不到就只按字面找。"""
    _callable = field_validator("url")(_may_be_called)


class Transcriber(_Section):
    """语音识别，可选：把语音消息变成文字。不设则请对方打字。"""

    url: str | None = None
    """OpenAI 兼容接口的地址，如 http://127.0.0.1:9000/v1/audio/transcriptions；不填则不用。
    语音会原样送到这个地址，请用本机或单位内部的服务。"""
    model: str = "whisper-1"
    """模型名。"""
    key: SecretStr | None = None
    """接口密钥；本机服务一般不需要。建议用环境变量 YOUJUN_TRANSCRIBER__KEY，不写进文件。"""
    timeout_seconds: float = Field(default=20, gt=0, le=45)
    """一条语音最多等多久；等不到就请对方打字。"""
    _callable = field_validator("url")(_may_be_called)


class Geocoder(_Section):
    """给没有经纬度的地点提议位置的地图服务；提议要由工作人员确认才用。"""

    provider: Literal["none", "tianditu", "amap"] = "none"
    """用哪家：none 不用，tianditu 天地图，amap 高德。"""
    key: SecretStr | None = None
    """服务密钥。建议用环境变量 YOUJUN_GEOCODER__KEY，不写进文件。"""
    base_url: str | None = None
    """接口地址；不填用官方的。"""
    _callable = field_validator("base_url")(_may_be_called)


class Wechat(_Section):
    """微信公众号。"""

    enabled: bool = False
    """是否启用；启用时必须填 token 和 app_id。服务器地址（URL）填 https://本站域名/wechat。"""
    token: SecretStr | None = None
    """公众平台“服务器配置”里自己定的令牌（Token）。"""
    app_id: str = ""
    """公众号的 AppID。"""
    app_secret: SecretStr | None = None
    """公众号的 AppSecret；主动发消息、建菜单时要用。建议用环境变量 YOUJUN_WECHAT__APP_SECRET。"""
    aes_keys: list[SecretStr] = Field(default_factory=list)
    """消息加解密密钥（EncodingAESKey），填了就只收安全模式的消息；更换时新的写在前面，旧的留几天。"""
    push: bool = False
    """账号已认证、有客服消息权限时填 true：工作人员的答复可主动发给对方（微信限 48 小时内 5 条），
    对方发的照片可收进申请。不填则答复等对方再发消息时送到。"""
    base_url: str = "https://api.weixin.qq.com"
    """微信接口地址。"""
    _callable = field_validator("base_url")(_may_be_called)


class Postgresql(_Section):
    """PostgreSQL 的连接（用 SQLite 时不起作用）。"""

    connections: int = Field(default=10, ge=1, le=500)
    """每个进程平时保持几个连接。全部进程加起来要小于数据库的 max_connections。"""
    extra_connections: int = Field(default=10, ge=0, le=500)
    """忙的时候每个进程可以再多开几个。"""
    wait_seconds: float = Field(default=30, gt=0, le=600)
    """连接都在用时最多等几秒；等不到，这条消息就不算收下，由平台重发。"""


class Delivery(_Section):
    """回复的发送。"""

    lease_seconds: int = Field(default=60, ge=2, le=3600)
    """一条回复交给渠道后，过几秒没有结果就当作发它的进程已经停了，改由别的进程再发。
    要比一次发送最长的等待时间长，否则同一条会发两遍。"""


class Settings(BaseSettings):
    """全部设置。"""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        use_attribute_docstrings=True,
        validate_default=True,
    )

    database: str = "sqlite:///data/youjun.db"
    """数据库地址。默认用自带的 SQLite；PostgreSQL 写 postgresql+psycopg://用户:密码@主机/库名。"""
    secret_keys: list[SecretStr] = Field(default_factory=list)
    """加密个人信息的密钥，第一个用来加密，其余只用来解密旧数据。不填则首次启动时生成，
    存在 data/secret.key（务必备份，丢了就解不开已存的个人信息）。"""
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    """日志详细程度：DEBUG、INFO、WARNING、ERROR。"""
    log_format: Literal["text", "json"] = "text"
    """日志格式：text 给人看，json 给日志系统收集。"""
    keep_messages_days: int = Field(default=180, ge=1, le=3650)
    """聊天记录保留天数，过期由 youjun purge 删除。"""
    keep_tickets_days: int | None = Field(default=None, ge=365, le=36500)
    """申请办结多少天后，youjun purge 删掉其中的个人信息、只留编号和日期；不填则一直保留。
    期限由单位按档案规定核定。"""
    keep_questions_days: int = Field(default=365, ge=7, le=3650)
    """没答好的问题（已遮去个人信息）保留天数，过期由 youjun purge 删除。"""
    keep_receipts_days: int = Field(default=730, ge=30, le=3650)
    """答复回执和答复统计（不含是谁问的）保留天数，过期由 youjun purge 删除；月报里更早的提问数也就没有了。"""
    web: Web = Field(default_factory=Web)
    """网页聊天和工作台。"""
    telegram: Telegram = Field(default_factory=Telegram)
    """Telegram 机器人。"""
    embedding: Embedding = Field(default_factory=Embedding)
    """向量模型，可选：按意思找近义的问法。不设也能用。"""
    transcriber: Transcriber = Field(default_factory=Transcriber)
    """语音识别，可选：把语音消息变成文字。不设则请对方打字。"""
    geocoder: Geocoder = Field(default_factory=Geocoder)
    """给没有经纬度的地点提议位置的地图服务；提议要由工作人员确认才用。"""
    postgresql: Postgresql = Field(default_factory=Postgresql)
    """PostgreSQL 的连接（用 SQLite 时不起作用）。"""
    delivery: Delivery = Field(default_factory=Delivery)
    """回复的发送。"""
    wechat: Wechat = Field(default_factory=Wechat)
    """微信公众号。"""

    @field_validator("secret_keys")
    @classmethod
    def _keys_are_fernet(cls, keys: list[SecretStr]) -> list[SecretStr]:
        for number, key in enumerate(keys, start=1):
            try:
                Fernet(key.get_secret_value())
            except ValueError:
                raise ValueError(
                    f"第 {number} 个密钥格式不对，请用 youjun config key 生成"
                ) from None
        return keys

    def keys(self) -> list[str]:
        """The encryption keys, from the settings or from the key file beside the database;
        the file is created on first use, readable by its owner only."""
        if self.secret_keys:
            return [key.get_secret_value() for key in self.secret_keys]
        return [_key_file(self.data_folder() / "secret.key")]

    def shown_database(self) -> str:
        """The database address without its password."""
        return make_url(self.database).render_as_string(hide_password=True)

    def database_exists(self) -> bool:
        """Whether there is a database to look into: for SQLite, its file."""
        if not self.database.startswith("sqlite:///"):
            return True
        return Path(self.database.removeprefix("sqlite:///")).exists()

    def data_folder(self) -> Path:
        """Where the database and the key live; created if missing."""
        folder = Path("data")
        if self.database.startswith("sqlite:///"):
            folder = Path(self.database.removeprefix("sqlite:///")).parent
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def load(file: Path | None = None) -> Settings:
    """Read ``file`` (or config.yaml, if it exists) and the environment.

    Raises ConfigError for a missing file, broken YAML, unknown keys, wrong types and missing
    secrets of an enabled channel.
    """
    path = file or Path(os.environ.get(f"{PREFIX}CONFIG", DEFAULT_FILE))
    if not path.exists() and (file or f"{PREFIX}CONFIG" in os.environ):
        raise ConfigError(f"找不到设置文件 {path}；可以从 config.example.yaml 复制一份")
    _refuse_unknown_variables()
    try:
        settings = _read(path)
    except ValidationError as problem:
        raise ConfigError(_explain(path, problem)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path} 不是合法的 YAML：{_where(problem)}") from None
    except UNREADABLE as problem:
        raise ConfigError(f"{path} 里有读不出来的内容：{problem}") from None
    if settings.telegram.enabled and settings.telegram.token is None:
        raise ConfigError(
            f"{path}：telegram.enabled 为 true，但没有令牌。"
            f"请设环境变量 {PREFIX}TELEGRAM__TOKEN，或填 telegram.token，或改为 enabled: false"
        )
    _require_wechat(path, settings.wechat)
    return settings


def _require_wechat(path: Path, wechat: Wechat) -> None:
    """Raises ConfigError when the account is enabled and something it needs is missing."""
    needed = {"token": wechat.token, "app_id": wechat.app_id}
    if wechat.push:
        needed["app_secret"] = wechat.app_secret
    missing = [name for name, value in needed.items() if not value]
    if wechat.enabled and missing:
        raise ConfigError(
            f"{path}：wechat.enabled 为 true，但缺少 {'、'.join(f'wechat.{one}' for one in missing)}。"
            f"请在公众平台“基本配置”里查到后填上，或改为 enabled: false"
        )


def _read(path: Path) -> Settings:
    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, YamlConfigSettingsSource(
                settings_cls, yaml_file=path, yaml_file_encoding="utf-8", deep_merge=True
            )

    return FromFile()


def _refuse_unknown_variables() -> None:
    """A misspelt variable would be silently ignored otherwise."""
    known = {f"{PREFIX}CONFIG"}
    for name, field in Settings.model_fields.items():
        known.add(f"{PREFIX}{name}".upper())
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            known |= {f"{PREFIX}{name}__{sub}".upper() for sub in field.annotation.model_fields}
    unknown = sorted(key for key in os.environ if key.startswith(PREFIX) and key not in known)
    if unknown:
        raise ConfigError(
            f"不认识的环境变量：{'、'.join(unknown)}。可用的见 config.example.yaml（嵌套用两个下划线）"
        )


_REMEDIES = {
    "extra_forbidden": "不认识这个设置，请删掉或改正拼写",
    "missing": "缺少这个设置",
    "int_parsing": "要写整数",
    "int_type": "要写整数",
    "bool_parsing": "要写 true 或 false",
    "bool_type": "要写 true 或 false",
    "string_type": "要写文字（加引号）",
    "list_type": "要写列表",
    "model_type": "下面要有缩进的子项",
    "greater_than_equal": "数字太小",
    "less_than_equal": "数字太大",
    "string_pattern_mismatch": "取值不在允许范围",
}


def _explain(path: Path, problem: ValidationError) -> str:
    """Every wrong setting in one message; values are not repeated, they may be secret."""
    lines = [f"设置有误（{path} 或环境变量）："]
    for error in problem.errors(include_input=False, include_url=False):
        key = ".".join(str(part) for part in error["loc"])
        remedy = _REMEDIES.get(error["type"], error["msg"].removeprefix("Value error, "))
        lines.append(f"  {key}：{remedy}")
    return "\n".join(lines)


def _where(problem: Exception) -> str:
    mark = getattr(problem, "problem_mark", None)
    return f"第 {mark.line + 1} 行" if mark else "编码须为 UTF-8"


def _key_file(path: Path) -> str:
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key())
    return path.read_text("ascii").strip()
