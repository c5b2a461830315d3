"""``zj doctor``: this machine is fit, and every ✘ is provoked with the real thing that is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from zjanalysis.cli import doctor as checks
from zjanalysis.cli import main
from zjanalysis.cli.doctor import attempt, examine, line
from zjanalysis.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_healthy_machine(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    code = main(["doctor"])
    said = capfd.readouterr()
    lines = said.out.splitlines()
    assert [one for one in lines[:-1] if not one.startswith(("✔", "[正常]"))] == []
    assert (code, len(lines), lines[-1], said.err) == (0, 11, "全部正常。", "")


def test_the_python_range_is_the_one_of_the_project() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    after = (checks.NEWEST[0], checks.NEWEST[1] + 1)
    assert wanted == f">={'.'.join(map(str, checks.OLDEST))},<{'.'.join(map(str, after))}"
    found = checks.python_version((3, 14, 0))
    assert (found.ok, "需要 Python 3.11–3.13" in found.next_step) == (False, True)


def test_a_lock_of_other_versions_a_package_that_is_not_there_and_no_lock(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    assert "没有找到锁定文件 requirements.lock" in checks.packages(lock).text
    lock.write_text("# 说明\npandas==1.0.0 \\\n    --hash=sha256:00\nnicht-da==2.0\nnot-here==1 ; python_version < '3'\n",
                    encoding="utf-8")  # fmt: skip
    found = checks.packages(lock)
    assert not found.ok
    assert "（锁定 1.0.0）、nicht-da 未安装（锁定 2.0）" in found.text
    assert "not-here" not in found.text
    assert "run.py setup" in found.next_step
    lock.write_text("", encoding="utf-8")
    assert not checks.packages(lock).ok


def test_a_lock_that_cannot_be_read_is_a_line_and_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text("pandas=1==\n", encoding="utf-8")
    found = attempt("软件包", lambda: checks.packages(tmp_path / "requirements.lock"))
    assert (found.name, found.ok) == ("软件包", False)
    assert "检查时出错" in found.text


def test_a_kernel_that_is_another_python_and_one_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = checks.kernel(prefix=str(tmp_path))
    assert not other.ok
    assert f"另一个 Python（{sys.prefix}" in other.text
    spec = tmp_path / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    gone = str(tmp_path / "已删除的环境" / "python")
    about = {"argv": [gone, "-f", "{connection_file}"], "display_name": "旧", "language": "python"}
    spec.write_text(json.dumps(about), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    found = checks.kernel()
    assert not found.ok
    assert "内核 python3 不能启动" in found.text


def test_a_sign_the_font_lacks() -> None:
    found = checks.fonts(["赤坎区", "𠮷😀县"])
    assert not found.ok
    assert "缺 2 个字" in found.text
    assert "😀" in found.text


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "文件").write_text("", encoding="utf-8")
    assert checks.writable({"data": tmp_path, "reports": tmp_path / "还 没有" / "reports"}).ok
    found = checks.writable({"data": tmp_path, "reports": tmp_path / "文件" / "reports"})
    assert not found.ok
    assert "写不进 reports（" in found.text
    assert list(tmp_path.iterdir()) == [tmp_path / "文件"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind root")
def test_a_folder_that_is_read_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    found = checks.writable({".cache": tmp_path / ".cache"})
    tmp_path.chmod(0o700)
    assert not found.ok


def test_no_browser_and_one_where_windows_and_macos_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not checks.browser([tmp_path]).ok
    edge = tmp_path / "Program Files" / "Microsoft" / "Edge" / "Application" / "msedge.exe"
    chrome = tmp_path / "Applications" / "Google Chrome.app" / "Contents" / "MacOS" / "Google Chrome"
    for path in (edge, chrome):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"")
    assert checks.browser([tmp_path / "Program Files"]).text == str(edge)
    assert checks.browser([tmp_path / "Applications"]).text == str(chrome)


def test_too_little_room_on_the_disk(tmp_path: Path) -> None:
    found = checks.disk(tmp_path / "reports", needed_gb=shutil.disk_usage(tmp_path).total / 1e9 + 1)
    assert not found.ok
    assert "清理磁盘" in found.next_step


def project(root: Path, text: str) -> Settings:
    (root / "zjanalysis.toml").write_text(text, encoding="utf-8")
    return load_settings(root)


def test_data_that_are_not_there_have_no_period_or_no_file(tmp_path: Path) -> None:
    settings = project(tmp_path, 'data = "data/没有"\n')
    assert "未找到数据集“data/没有”" in attempt("数据", lambda: checks.data_folder(settings)).text
    folder = tmp_path / "data" / "空"
    folder.mkdir(parents=True)
    (folder / "dataset.toml").write_text('title = "空"\nkind = "real"\n', encoding="utf-8")
    empty = replace(settings, data="data/空")
    assert "没有期次" in checks.data_folder(empty).text
    (folder / "2021Q1" / "items").mkdir(parents=True)
    found = checks.data_folder(empty)
    assert (found.ok, "最新 2021Q1，0 个文件" in found.text) == (False, True)
    (folder / "2021Q1" / "items" / "赤坎区.csv").write_text("甲", encoding="utf-8")
    assert checks.data_folder(empty).ok


def run(*, root: Path = ROOT, **environment: str) -> tuple[int, str]:
    """Run the real command in a process of its own; what it prints is read by the encoding it was told to use."""
    told = {**os.environ, "ZJANALYSIS_ROOT": str(root), **environment}
    done = subprocess.run([sys.executable, "-m", "zjanalysis", "doctor"], env=told, capture_output=True, check=False,
                          cwd=root)  # fmt: skip
    assert done.stderr == b""
    return done.returncode, done.stdout.decode(environment.get("PYTHONIOENCODING", "utf-8"))


def test_a_terminal_that_is_not_utf8_is_told_in_its_own_encoding() -> None:
    code, said = run(PYTHONIOENCODING="gbk")
    assert code == 1
    assert "[问题] UTF-8：输出是 gbk。下一步：设置环境变量 PYTHONUTF8=1" in said
    assert said.count("[正常]") == 9


def test_a_broken_settings_file_is_one_line_among_the_others(tmp_path: Path) -> None:
    (tmp_path / "zjanalysis.toml").write_text("focus = \n", encoding="utf-8")
    code, said = run(root=tmp_path, PYTHONIOENCODING="utf-8")
    assert code == 1
    lines = said.splitlines()
    assert lines[0].startswith("✘ 设置：设置文件 zjanalysis.toml 读不懂")
    assert "✘ 软件包：没有找到锁定文件" in said
    assert "✘ 数据：未找到数据集" in said
    assert len(lines) == 11
    assert all("下一步：" in one for one in lines if one.startswith("✘"))


def test_an_unknown_focus_and_a_check_that_breaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, 'focus = "999999"\n')
    monkeypatch.setenv("ZJANALYSIS_ROOT", str(tmp_path))
    monkeypatch.setattr("zjanalysis.display.theme.FONTS", tmp_path)
    monkeypatch.setattr("zjanalysis.display.theme.FAMILY", "没有这种字体")
    from zjanalysis.display import theme

    theme.covered.cache_clear()
    found = {one.name: one for one in examine()}
    theme.covered.cache_clear()
    assert "999999" in found["设置"].text
    assert not found["字体"].ok
    assert "检查时出错" in line(found["字体"], "utf-8")
    assert found["UTF-8"].ok
