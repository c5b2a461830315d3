"""Dates and periods in Chinese; no pandas, so that a zip of reports needs none."""

from __future__ import annotations

import re
from datetime import date

from zjanalysis.errors import ConfigError


def issue_text(period: str) -> str:
    """Return the issue of a period; a name of another form stands as it is.

    >>> issue_text("2021Q1"), issue_text("2021-05"), issue_text("试算")
    ('2021年第1期', '2021年第5期', '试算')
    """
    found = re.fullmatch(r"(\d{4})(?:Q(\d)|-(\d{1,2}))", period)
    return f"{found[1]}年第{int(found[2] or found[3])}期" if found else period


def since(before: str, now: str) -> str:
    """Return what a change is counted from: the last period, by its name where it is not the one just before.

    >>> since("2020Q4", "2021Q1"), since("2020Q2", "2021Q1")
    ('较上期', '较2020年第2期')
    """
    from zjanalysis.inputs.dataset import steps_in_time  # noqa: PLC0415 - a zip of reports needs none of it

    return f"较{issue_text(before)}" if before and steps_in_time([before, now])[now] > 1 else "较上期"


def date_text(written: str) -> str:
    """Return an ISO date, or month, in Chinese.

    >>> date_text("2021-03-31"), date_text("2021-03")
    ('2021年3月31日', '2021年3月')
    """
    found = re.fullmatch(r"(\d{4})-(\d{2})(?:-(\d{2}))?", written)
    return f"{found[1]}年{int(found[2])}月{f'{int(found[3])}日' if found[3] else ''}" if found else written


def iso_day(text: str, *, example: str = "2021-04-15") -> str:
    """Return a day as typed, which has to be one; raises ConfigError, which shows the ``example``."""
    try:
        return date.fromisoformat(str(text)).isoformat()
    except ValueError:
        raise ConfigError(f"日期“{text}”读不懂。", f"请写成 {example} 的样子。") from None
