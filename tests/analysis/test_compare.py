from __future__ import annotations

import pandas as pd
import pytest

from zjanalysis.analysis.compare import compare, published, rank
from zjanalysis.analysis.indicators import by_caseload


def scores_of(**values: list[float]) -> pd.DataFrame:
    """One row per region and indicator; regions are 440800, 440900, 441700, 441200 in this order."""
    regions = ["440800", "440900", "441700", "441200"]
    blocks = [
        pd.DataFrame(
            {"region_code": regions[: len(v)], "indicator": key, "value": v, "numerator": v, "denominator": 1.0,
             "n": 100, "n_left_out": 3}
        )
        for key, v in values.items()
    ]  # fmt: skip
    return pd.concat(blocks, ignore_index=True)


PEERS = ("440900", "441700", "441200")


def gap(scores: pd.DataFrame, key: str, **options: object) -> pd.Series:
    gaps = compare(scores, region="440800", peers=PEERS, **options)  # type: ignore[arg-type]
    return gaps.set_index("indicator").loc[key]


def test_ranks_share_ties_as_published_and_skip_the_next() -> None:
    ranked = rank(scores_of(time_compression=[0.900001, 0.900004, 0.95, 0.85]))
    assert ranked["rank"].tolist() == [2, 2, 1, 4]
    assert ranked["tied"].tolist() == [True, True, False, False]
    assert ranked["n_ranked"].tolist() == [4, 4, 4, 4]


def test_fewer_visits_rank_first_and_a_missing_value_has_no_rank() -> None:
    ranked = rank(scores_of(visits=[0.5, 0.1, float("nan"), 0.2]))
    assert ranked["rank"].tolist()[:2] == [3, 1]
    assert pd.isna(ranked["rank"].iloc[2])
    assert set(ranked["n_ranked"]) == {3}


def test_the_median_is_of_the_peers_alone_and_gaps_are_positive_when_ahead() -> None:
    row = gap(scores_of(visits=[0.10, 0.20, 0.30, 0.60]), "visits")
    assert row["median"] == 0.30
    assert row["gap_to_median"] == pytest.approx(0.30 - 0.10)
    assert (row["best"], row["best_region"], row["gap_to_best"]) == (0.10, "440800", 0)
    assert (row["rank"], row["n_ranked"], row["verdict"], row["meets_target"]) == (1, 4, "高于", "达标")


@pytest.mark.parametrize(
    ("own", "verdict"), [(0.905, "高于"), (0.9049, "持平"), (0.8951, "持平"), (0.895, "低于"), (float("nan"), "无数据")]
)
def test_verdict_at_the_margin_of_half_a_point(own: float, verdict: str) -> None:
    assert gap(scores_of(time_compression=[own, 0.8, 0.9, 0.95]), "time_compression")["verdict"] == verdict


@pytest.mark.parametrize(
    ("own", "county", "met"),
    [(0.8550, False, "未达标"), (0.85501, False, "达标"), (0.8550, True, "达标"), (0.8111, True, "未达标")],
)
def test_instant_must_exceed_its_target_strictly(own: float, county: bool, met: str) -> None:
    row = gap(scores_of(instant=[own, 0.8, 0.9, 0.95]), "instant", county=county)
    assert row["meets_target"] == met
    assert row["target"] == (0.8111 if county else 0.8550)


def test_online_is_met_at_exactly_all() -> None:
    assert gap(scores_of(online=[1.0, 0.9, 0.9, 0.9]), "online")["meets_target"] == "达标"
    assert gap(scores_of(online=[0.999, 0.9, 0.9, 0.9]), "online")["meets_target"] == "未达标"


def test_without_peers_there_is_no_verdict_and_without_value_no_data() -> None:
    alone = compare(scores_of(visits=[0.1, 0.2, 0.3, 0.4]), region="440800", peers=())
    assert alone["verdict"].tolist() == ["不作判断"]
    absent = compare(scores_of(online=[0.9, 0.9]), region="440899", peers=("440800", "440900"))
    assert absent[["verdict", "meets_target", "n"]].iloc[0].tolist() == ["无数据", "无数据", 0]


def test_rising_indicators_have_no_number_to_meet() -> None:
    row = gap(scores_of(one_window=[0.9, 0.8, 0.9, 0.95]), "one_window")
    assert row["meets_target"] == "—"
    assert pd.isna(row["gap_to_target"])


def test_permuting_regions_changes_nothing() -> None:
    scores = scores_of(visits=[0.1, 0.2, 0.3, 0.4], online=[1.0, 1.0, 0.9, 0.2])
    first = compare(scores, region="440800", peers=PEERS)
    second = compare(scores.sample(frac=1, random_state=3), region="440800", peers=PEERS[::-1])
    pd.testing.assert_frame_equal(first, second)


def test_published_digits() -> None:
    units = pd.Series(["share", "days", "visits"])
    assert published(pd.Series([0.123456, 3.14159, 0.0449]), units).tolist() == [0.1235, 3.14, 0.04]


def test_the_caseload_lens_compares_when_it_is_named() -> None:
    lens = by_caseload("time_compression")
    scores = scores_of(**{lens.key: [0.91, 0.8, 0.9, 0.95]})
    row = compare(scores, region="440800", peers=PEERS, indicators=[lens]).iloc[0]
    assert (row["indicator"], row["rank"], row["verdict"]) == ("time_compression_by_cases", 2, "高于")


def test_the_margins_of_the_projects_settings_decide(tmp_path, monkeypatch) -> None:
    scores = pd.DataFrame({"region_code": ["440800", "440900"], "indicator": "visits", "value": [0.10, 0.13],
                           "numerator": 1.0, "denominator": 1.0, "n": 1, "n_left_out": 0})  # fmt: skip
    monkeypatch.setenv("ZJANALYSIS_ROOT", str(tmp_path))
    assert compare(scores, region="440800", peers=["440900"])["verdict"].tolist() == ["高于"]
    (tmp_path / "zjanalysis.toml").write_text("[comparison]\nmargin_visits = 0.05\n", encoding="utf-8")
    assert compare(scores, region="440800", peers=["440900"])["verdict"].tolist() == ["持平"]
