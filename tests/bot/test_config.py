"""Settings: the example is complete, and what is wrong is said with file, key and remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from bot import config

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


def settings_of(model: type[BaseModel], prefix: str = "") -> dict[str, str]:
    """Every setting by its dotted name, with its docstring."""
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= settings_of(field.annotation, f"{prefix}{name}.")
        else:
            found[prefix + name] = field.description or ""
    return found


def dotted(data: dict[str, object], prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            found |= dotted(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def test_the_example_lists_every_setting_with_its_default() -> None:
    listed = dotted(yaml.safe_load(EXAMPLE.read_text("utf-8")))
    defaults = dotted(config.Settings.model_construct().model_dump(mode="json"))
    assert listed == defaults


def test_the_example_explains_every_setting_in_the_words_of_the_code() -> None:
    comments = re.sub(r"\s*#\s?", "", EXAMPLE.read_text("utf-8")).replace("\n", "")
    for name, words in settings_of(config.Settings).items():
        assert words, f"{name} has no docstring"
        assert re.sub(r"\s", "", words) in re.sub(r"\s", "", comments), name


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ("web: {port: abc}", "web.port", "要写整数"),
        ("wbe: {}", "wbe", "不认识这个设置"),
        ("telegram: {enabled: true}", "telegram.enabled", "YOUJUN_TELEGRAM__TOKEN"),
        ("secret_keys: [short]", "secret_keys", "youjun config key"),
        ("log_level: LOUD", "log_level", "不在允许范围"),
        ("web: [", "第 1 行", "YAML"),
        ("keep_messages_days: 0", "keep_messages_days", "太小"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(
    tmp_path: Path, text: str, key: str, remedy: str
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(config.ConfigError) as error:
        config.load(file)
    assert str(file) in str(error.value)
    assert key in str(error.value)
    assert remedy in str(error.value)


def test_the_environment_overrides_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("web: {port: 9000, host: 0.0.0.0}", "utf-8")
    monkeypatch.setenv("YOUJUN_WEB__PORT", "9001")
    settings = config.load(file)
    assert (settings.web.port, settings.web.host) == (9001, "0.0.0.0")  # noqa: S104


def test_a_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJUN_WEB_PORT", "9001")
    with pytest.raises(config.ConfigError, match="YOUJUN_WEB_PORT"):
        config.load()


def test_secrets_never_appear_in_errors_or_in_print(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("telegram: {enabled: true, token: 12:GEHEIM, staff_group: x}", "utf-8")
    with pytest.raises(config.ConfigError) as error:
        config.load(file)
    assert "GEHEIM" not in str(error.value)
    file.write_text("telegram: {enabled: true, token: '12:GEHEIM'}", "utf-8")
    assert "GEHEIM" not in repr(config.load(file))


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = config.Settings(database=f"sqlite:///{tmp_path}/data/x.db")
    assert settings.keys() == settings.keys()
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o077 == 0


def test_a_missing_file_that_was_asked_for_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match=r"config\.example\.yaml"):
        config.load(tmp_path / "nowhere.yaml")
