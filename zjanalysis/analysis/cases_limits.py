"""The limits of cases that do not carry their own: from the item list of the period."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjanalysis.inputs.calendar import NATURAL_UNIT


def limits_of(items: pd.DataFrame) -> pd.DataFrame:
    """Give one row per region and base code: promised, promised_unit, statutory; what a case of that code is held to.

    A code with several 办理项 takes the longest promise and the longest statutory limit, so that no case is called
    late by the promise of another 办理项. The region stands in every spelling a case table may use: code, 12-digit
    code, name. A natural-day promise stays one, since its end depends on the day of acceptance.
    """
    used = items[items["in_force"] & items["match_code"].notna()]
    natural = used["promised_unit"].eq(NATURAL_UNIT)
    written = used.assign(
        base_code=used["match_code"],
        promised=np.where(natural, used["promised_written"], used["promised_days"]),
        promised_unit=np.where(natural, NATURAL_UNIT, "工作日"),
    )
    longest = written.sort_values("promised_days", kind="stable", na_position="first")
    keys = ["region_code", "region", "base_code"]
    limits = longest.groupby(keys, as_index=False)[["promised", "promised_unit"]].last()
    statutory = written[written["statutory_days"] > 0].groupby(keys)["statutory_days"].max().rename("statutory")
    joined = limits.merge(statutory.reset_index(), on=keys, how="left")
    spellings = [joined["region_code"], joined["region_code"] + "000000", joined["region"]]
    return pd.concat([joined.assign(region_code=spelling) for spelling in spellings], ignore_index=True).drop(
        columns="region"
    )


def item_names(items: pd.DataFrame) -> pd.DataFrame:
    """Give one row per region and base code: item_name, promised_days, statutory_days (the longest), n_items.

    Where a code has several 办理项 the name is without the 办理项 in brackets at its end.
    """
    used = items[items["in_force"] & items["match_code"].notna()]
    ordered = used.assign(length=used["item_name"].str.len()).sort_values("length", kind="stable")
    named = (
        ordered.groupby(["region_code", "match_code"], as_index=False)
        .agg(item_name=("item_name", "first"), promised_days=("promised_days", "max"),
             statutory_days=("statutory_days", "max"), n_items=("item_name", "size"))
        .rename(columns={"match_code": "base_code"})
    )  # fmt: skip
    short = named["item_name"].str.replace(r"[（(][^（()）]*[)）]$", "", regex=True)
    return named.assign(item_name=named["item_name"].where(named["n_items"] == 1, short))
