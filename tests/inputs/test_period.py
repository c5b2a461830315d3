"""Data sets and periods: the real items with every count of SOURCE.md, the errors, the cache."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from zjanalysis.cli.watch import look
from zjanalysis.errors import ConfigError, InputError, UnknownName
from zjanalysis.inputs import period
from zjanalysis.inputs.dataset import list_periods, previous_period
from zjanalysis.inputs.period import load_period, load_previous
from zjanalysis.publish.snapshot import file_digests
from zjanalysis.settings import Settings, Units

ROOT = Path(__file__).resolve().parents[2]
ITEMS = "事项名称,地区,法定时限,承诺时限,跑动次数\n食品经营许可,遂溪县,20个工作日,{days}个工作日,0\n"
TOML = 'title = "试"\nkind = "sample"\nsource = "试"\nlicence = "MIT"\n'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "data" / "试"
    for name, days in (("2020Q4", 9), ("2021Q1", 5)):
        (folder / name / "items").mkdir(parents=True)
        (folder / name / "items" / "甲.csv").write_text(ITEMS.format(days=days), encoding="utf-8")
    (folder / "dataset.toml").write_text(TOML, encoding="utf-8")
    return Settings(root=tmp_path, data="data/试")


# --- the real items ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> period.Period:
    return load_period(str(ROOT / "data" / "gd-2021-05"), settings=Settings(root=tmp_path_factory.mktemp("real")))


def test_no_row_of_the_real_items_is_lost(real: period.Period) -> None:
    assert real.files[["file", "rows_read", "rows_used", "rows_left_out"]].to_numpy().tolist() == [
        ["items.csv", 2024 + 238, 2024 + 238, 0]
    ]


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        ("statutory_none", 713),
        ("promised_none", 539),
        ("units_mixed", 9),
        ("region_code_differs", 100),
        ("several_handle_items", 83),
        ("not_online", 66),
        ("promise_longer", 0),
    ],
)
def test_counts_of_the_source_note(real: period.Period, rule: str, count: int) -> None:
    assert (real.findings["rule"] == rule).sum() == count


def test_not_online_and_no_visit(real: period.Period) -> None:
    assert real.findings["rule"].isin(["offline_zero_visits", "offline_by_post"]).sum() == 52


@pytest.mark.parametrize(
    ("region", "item_type", "n", "total", "mean"),
    [
        (None, None, 1522, 0.659885, 0.547972),
        ("440000", "行政许可", 272, 0.797794, 0.788805),
        ("440100", "行政许可", 238, 0.895232, 0.867274),
        ("440000", "公共服务", 846, 0.819920, 0.422171),
    ],
)
def test_reference_values(
    real: period.Period, region: str | None, item_type: str | None, n: int, total: float, mean: float
) -> None:
    items = real.items[real.items["limit_reason"].isna()]
    items = items[items["region_code"].eq(region) & items["item_type"].eq(item_type)] if region else items
    law, promise = items["statutory_written"], items["promised_written"]
    assert len(items) == n
    assert (law - promise).sum() / law.sum() == pytest.approx(total, abs=5e-7)
    assert (1 - promise / law).mean() == pytest.approx(mean, abs=5e-7)


def test_reference_visits(real: period.Period) -> None:
    assert real.items["visits"].mean() == pytest.approx(0.042882, abs=5e-7)
    assert real.items["visits"].eq(0).mean() == pytest.approx(0.959770, abs=5e-7)


def test_kinds_of_the_columns(real: period.Period) -> None:
    kinds = {str(kind): sorted(real.items.columns[real.items.dtypes == kind]) for kind in set(real.items.dtypes)}
    assert kinds == {
        "str": sorted(
            [
                "region_code",
                "region",
                "item_id",
                "item_name",
                "base_code",
                "impl_code",
                "handle_item_code",
                "match_code",
                "item_type",
                "use_level",
                "department",
                "statutory_unit",
                "promised_unit",
                "handling_type",
                "online_depth",
                "serves",
                "state",
                "version",
                "visit_reason",
                "limit_reason",
                "file",
                "sheet",
            ]
        ),
        "float64": sorted(
            ["statutory_days", "promised_days", "statutory_written", "promised_written", "visits", "case_count"]
        ),
        "boolean": sorted(
            ["online", "end_to_end", "one_window", "bookable", "on_application", "serves_public", "in_hall", "express"]
        ),
        "bool": ["in_force"],
        "int64": ["row_number"],
    }


# --- folders and names ------------------------------------------------------------------------------------------


def test_newest_period_and_the_one_before(settings: Settings) -> None:
    assert list_periods(settings=settings) == ("2020Q4", "2021Q1")
    now = load_period(settings=settings)
    assert (now.name, now.items["promised_days"].tolist()) == ("2021Q1", [5])
    before = load_previous(now, settings=settings)
    assert (before.name, before.items["promised_days"].tolist()) == ("2020Q4", [9])
    assert previous_period("", "2020Q4", settings=settings) == ""
    first = load_previous(before, settings=settings)
    assert (first.name, first.items.empty) == ("", True)


def test_the_last_period_may_be_one_that_history_alone_has(settings: Settings) -> None:
    head, row = "period,region_code,indicator,numerator,denominator\n", "{},440823,{},1,4\n"
    rows = [row.format("2020Q3", "instant"), row.format("2021Q1", "visits"), row.format("2020Q2", "visits")]
    _write(settings, "history.csv", head + "".join(rows) + row.format("2020Q3M", "good_rating"))
    now, before = (load_period("", name, settings=settings) for name in ("2021Q1", "2020Q4"))
    assert load_previous(now, settings=settings).name == "2020Q4"
    gone = load_previous(before, settings=settings)
    assert (gone.name, gone.items.empty) == ("2020Q3", True)
    assert load_previous(gone, settings=settings).name == "2020Q2"


def _write(settings: Settings, name: str, text: str) -> None:
    path = settings.root / "data" / "试" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("call", "error", "sentence", "hint"),
    [
        (lambda s: load_period("", "2021Q2", settings=s), UnknownName, "未找到期次“2021Q2”，是不是“2021Q1”", "2020Q4"),
        (lambda s: load_period("data/式", settings=s), UnknownName, "未找到数据集“data/式”", "data/试"),
        (lambda s: load_period("遂溪县", settings=s), UnknownName, "未找到数据集“遂溪县”", 'region="遂溪县"'),
        (lambda s: load_period("遂溪县", settings=s), UnknownName, "未找到数据集“遂溪县”", "可用的数据集：data/试"),
        (
            lambda s: (_write(s, "2021Q1/items/乙.docx", ""), load_period(settings=s)),
            InputError,
            "乙.docx”不是工作簿",
            "移出",
        ),
        (
            lambda s: (_write(s, "2021Q1/items/县/乙.csv", "事项名称"), load_period(settings=s)),
            InputError,
            "文件夹“县”有1个文件，只读 items 下的文件",
            "移到 items 下",
        ),
        (lambda s: (_write(s, "dataset.toml", "title = "), load_period(settings=s)), ConfigError, "读不懂", "UTF-8"),
        (lambda s: (_write(s, "dataset.toml", 'kind = "好"'), load_period(settings=s)), ConfigError, "kind", "real"),
        (
            lambda s: (_write(s, "dataset.toml", TOML + "titel = 1"), load_period(settings=s)),
            UnknownName,
            "是不是“title”",
            "",
        ),
        (
            lambda s: (_write(s, "dataset.toml", TOML + '[columns]\n"时间" = "promised"'), load_period(settings=s)),
            UnknownName,
            "未找到列“promised”",
            "",
        ),
        (
            lambda s: (_write(s, "2021Q1/items/甲.csv", "编号,地点\n1,湛江\n"), load_period(settings=s)),
            InputError,
            "“甲.csv”里没有找到表头",
            "zj template",
        ),
        (
            lambda s: (_write(s, "2021Q1/items/甲.csv", "事项名称,地区\n甲,遂溪县\n"), load_period(settings=s)),
            InputError,
            "缺少必需的列：法定办结时限、承诺办结时限或到办事现场次数",
            "已认出的列：事项名称、地区",
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(call, error, sentence, hint, settings: Settings) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=sentence) as caught:
        call(settings)
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message


def test_empty_folder(settings: Settings) -> None:
    (settings.root / "data" / "试" / "2021Q1" / "items" / "甲.csv").unlink()
    with pytest.raises(InputError, match="是空的"):
        load_period(settings=settings)


@pytest.mark.parametrize("name", ["~$甲.xlsx", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints/甲-checkpoint.csv"])
def test_what_office_windows_and_the_lab_leave_is_not_read(name: str, settings: Settings) -> None:
    _write(settings, f"2021Q1/items/{name}", "×")
    assert len(load_period(settings=settings).files) == 1


def test_a_file_of_the_last_period_is_a_finding_of_the_build_too(settings: Settings) -> None:
    """Only zj check said so: the pages read 持平 throughout."""
    folder = settings.root / "data" / "试"
    last = (folder / "2020Q4" / "items" / "甲.csv").read_text(encoding="utf-8")
    _write(settings, "2021Q1/items/乙.csv", last)
    found = load_period("", "2021Q1", settings=settings).findings.set_index("rule")
    assert found.loc["file_of_last", "message"] == "“乙.csv”与2020Q4的“甲.csv”内容完全相同，仍按本期计。"


def test_a_mapping_in_the_data_set_names_a_column(settings: Settings) -> None:
    table = "事项名称,地区,法定时限,办多久\n甲,遂溪县,20日,3日\n"
    _write(settings, "2021Q1/items/甲.csv", table)
    assert load_period(settings=settings).items["promised_days"].isna().all()
    _write(settings, "dataset.toml", TOML + '[columns]\n"办多久" = "promised_limit"\n')
    assert load_period(settings=settings).items["promised_days"].tolist() == [3]


# --- what stays in memory ----------------------------------------------------------------------------------------


def test_whoever_asks_again_gets_the_same_with_what_was_made_of_it_until_anything_changes(settings: Settings) -> None:
    """A second region in the same notebook took as long as the first."""
    first = load_period(settings=settings)
    assert first.once("made", lambda: 1) == 1
    assert load_period(settings=settings).once("made", lambda: 2) == 1
    assert load_period(settings=replace(settings, focus="440900")).once("made", lambda: 2) == 2
    old = settings.root / "data" / "试" / "2021Q1" / "items" / "甲.csv"
    for number, name in enumerate(("2021Q1/ledger.xlsx", "history.csv", "2020Q4/items/乙.csv", "2021Q1/items/甲.csv")):
        _write(settings, name, ITEMS.format(days=number))
        os.utime(old, (0, 0))
        assert load_period(settings=settings).once("made", lambda number=number: number + 3) == number + 3, name
    assert load_period(settings=settings).items["promised_days"].tolist() == [3]


def test_what_a_database_may_have_changed_is_asked_for_every_time(settings: Settings) -> None:
    _write(settings, "dataset.toml", TOML + '[cases]\nquery = "select 1"\n')
    assert load_period(settings=settings).once("made", lambda: 1) == 1
    assert load_period(settings=settings).once("made", lambda: 2) == 2


def test_what_changes_behind_a_link_is_seen(settings: Settings) -> None:
    """items/ may be a link to the office's drive: what was written there came into no table and made no page anew."""
    _write(settings, "2021Q1/items/甲.csv", ITEMS.format(days=5))
    place = settings.path(settings.data) / "2021Q1" / "items"
    drive = place.rename(settings.root / "盘")
    place.symlink_to(drive, target_is_directory=True)
    assert load_period(settings=settings).items["promised_days"].tolist() == [5]
    before = file_digests(settings, settings.data, "2021Q1")
    (drive / "甲.csv").write_text(ITEMS.format(days=7), encoding="utf-8")
    assert load_period(settings=settings).items["promised_days"].tolist() == [7]
    assert file_digests(settings, settings.data, "2021Q1") != before
    assert "2021Q1/items/甲.csv" in look(settings.path(settings.data))


def test_of_the_periods_read_two_stay(settings: Settings) -> None:
    for name in ("2021Q1", "2020Q4", "2021Q2", "2021Q3"):
        _write(settings, f"{name}/items/甲.csv", ITEMS.format(days=5))
        load_period("", name, settings=settings)
    assert [name for _, name in period._READ] == ["2021Q2", "2021Q3"]


# --- the cache ---------------------------------------------------------------------------------------------------


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were really read, every load being as in a process of its own."""
    monkeypatch.setattr(period, "_read_from", lambda *_: None)
    seen: list[str] = []
    real = period.check_apart

    def counting(files, **kwargs):  # type: ignore[no-untyped-def]
        seen.extend(files)
        return real(files, **kwargs)

    monkeypatch.setattr(period, "check_apart", counting)
    return seen


def same(a: period.Period, b: period.Period) -> None:
    for name in ("items", "findings", "files"):
        pd.testing.assert_frame_equal(getattr(a, name), getattr(b, name))


def cached_files(settings: Settings) -> list[Path]:
    return sorted((settings.root / period.CACHE).glob("*.tables"))


def test_the_second_load_reads_no_workbook_and_gives_the_same(settings: Settings, built: list[str]) -> None:
    first = load_period(settings=settings)
    second = load_period(settings=settings)
    assert built == ["甲.csv"]
    same(first, second)


def test_the_real_items_come_back_equal(real: period.Period, tmp_path: Path) -> None:
    period.cached(tmp_path, "k", lambda: (real.items, real.findings, real.files))
    back = period.cached(tmp_path, "k", lambda: ())
    for table, before in zip(back, (real.items, real.findings, real.files), strict=True):
        pd.testing.assert_frame_equal(table, before)


def test_a_changed_file_or_setting_is_read_anew(settings: Settings, built: list[str]) -> None:
    load_period(settings=settings)
    _write(settings, "2021Q1/items/甲.csv", ITEMS.format(days=7))
    assert load_period(settings=settings).items["promised_days"].tolist() == [7]
    load_period(settings=replace(settings, units=Units(month=21)))
    _write(settings, "dataset.toml", TOML + '[columns]\n"某列" = "visits"\n')
    load_period(settings=settings)
    assert len(built) == 4


def test_a_new_version_of_the_package_reads_anew(
    settings: Settings, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_period(settings=settings)
    monkeypatch.setattr("zjanalysis.__version__", "99")
    load_period(settings=settings)
    monkeypatch.setattr(period, "_code", lambda rooms: f"other source of {rooms}")
    load_period(settings=settings)
    assert len(built) == 3


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "other"])
def test_a_damaged_file_is_built_anew(settings: Settings, built: list[str], damage: str) -> None:
    first = load_period(settings=settings)
    (path,) = cached_files(settings)
    whole = path.read_bytes()
    noise = bytes(b ^ 0x5A for b in whole)
    path.write_bytes(
        {"empty": b"", "cut": whole[: len(whole) // 2], "noise": noise, "other": b"a,b\n1,2\n" * 500}[damage]
    )
    same(load_period(settings=settings), first)
    assert len(built) == 2
    same(load_period(settings=settings), first)
    assert len(built) == 2


def test_without_a_writable_folder_everything_works(settings: Settings, built: list[str]) -> None:
    (settings.root / ".cache").write_text("a file where the folder should be", encoding="utf-8")
    assert load_period(settings=settings).items["promised_days"].tolist() == [5]
    assert load_period(settings=settings).items["promised_days"].tolist() == [5]
    assert len(built) == 2


def test_many_at_once_do_not_spoil_it(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(lambda _: load_period(settings=settings), range(16)))
    for one in loaded:
        same(one, loaded[0])
    assert len(cached_files(settings)) == 1
    assert [p.name for p in (settings.root / period.CACHE).iterdir()] == [cached_files(settings)[0].name]


def test_two_processes_at_once(settings: Settings) -> None:
    (settings.root / "zjanalysis.toml").write_text('data = "data/试"\n', encoding="utf-8")
    line = (
        "from pathlib import Path; from zjanalysis.inputs.period import load_period;"
        "from zjanalysis.settings import load_settings; s = load_settings(Path(r'%s'));"
        "print(load_period(settings=s).items['promised_days'].tolist())" % settings.root
    )
    running = [
        subprocess.Popen([sys.executable, "-c", line], stdout=subprocess.PIPE, encoding="utf-8") for _ in range(2)
    ]
    assert [one.communicate(timeout=120)[0].strip() for one in running] == ["[5.0]", "[5.0]"]
    assert len(cached_files(settings)) == 1


def test_older_states_are_cleared_away(settings: Settings) -> None:
    for days in range(1, period.STATES + 4):
        _write(settings, "2021Q1/items/甲.csv", ITEMS.format(days=days))
        load_period(settings=settings)
    assert len(cached_files(settings)) == period.STATES


def test_a_process_may_fork_after_a_load(settings: Settings) -> None:
    if sys.platform == "win32":
        return
    load_period(settings=settings)
    load_period(settings=settings)
    line = (
        "import os; from pathlib import Path; from zjanalysis.inputs.period import load_period;"
        "from zjanalysis.settings import Settings; s = Settings(root=Path(r'%s'), data='data/试');"
        "load_period(settings=s); child = os.fork();\n"
        "if child == 0:\n  load_period(settings=s); os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))" % settings.root
    )
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, encoding="utf-8", timeout=120, check=True)
    assert done.stdout.strip() == "7"
