"""Settings: defaults equal the shipped file, misspelt names and wrong kinds are refused with the next step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from zjanalysis.errors import ConfigError, UnknownName
from zjanalysis.settings import Settings, find_root, load_settings

ROOT = Path(__file__).resolve().parent.parent


def settings_of(folder: Path, text: str) -> Settings:
    (folder / "zjanalysis.toml").write_text(text, encoding="utf-8")
    return load_settings(folder)


def test_the_shipped_file_says_the_defaults() -> None:
    shipped = load_settings(ROOT)
    assert shipped.units.calendar_day == pytest.approx(250 / 365, abs=1e-9)
    assert replace(shipped, units=Settings(root=ROOT).units) == Settings(root=ROOT)


def test_a_missing_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings(root=tmp_path)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ('focu = "440900"', UnknownName, "是不是“focus”"),
        ("[units]\nyeer = 250.0", UnknownName, "是不是“units.year”"),
        ("focus = 440900", ConfigError, "应是文字"),
        ('[units]\nyear = "250"', ConfigError, "应是数字"),
        ("[comparison]\nmin_peers = true", ConfigError, "应是整数"),
        ("[units]\nyear = -1.0", ConfigError, "不能是负数"),
        ("units = 3", ConfigError, "应是一节 [units]"),
        ("focus = ", ConfigError, "读不懂"),
    ],
)
def test_a_wrong_setting_is_refused(tmp_path: Path, text: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says.replace("[", r"\[")):
        settings_of(tmp_path, text)


def test_whole_numbers_serve_as_numbers(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "[units]\nyear = 240").units.year == 240.0


def test_the_root_is_found_from_a_folder_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZJANALYSIS_ROOT", raising=False)
    inside = tmp_path / "湛江 分析" / "notebooks"
    inside.mkdir(parents=True)
    (tmp_path / "湛江 分析" / "zjanalysis.toml").write_text("", encoding="utf-8")
    monkeypatch.chdir(inside)
    assert find_root() == tmp_path / "湛江 分析"


def test_reports_go_to_the_project_wherever_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "别处"
    (elsewhere / "reports").mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    assert settings_of(tmp_path, "").reports == tmp_path / "reports"
    assert settings_of(tmp_path, f"out = '{elsewhere / 'o'}'").reports == elsewhere / "o"
