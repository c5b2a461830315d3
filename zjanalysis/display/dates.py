"""Dates and periods in Chinese; no pandas, so that a zip of reports needs none."""

from __future__ import annotations

import re


def issue_text(period: str) -> str:
    """Give the issue of a period; a name of another form stands as it is.

    >>> issue_text("2021Q1"), issue_text("2021-05"), issue_text("试算")
    ('2021年第1期', '2021年第5期', '试算')
    """
    found = re.fullmatch(r"(\d{4})(?:Q(\d)|-(\d{1,2}))", period)
    return f"{found[1]}年第{int(found[2] or found[3])}期" if found else period


def date_text(written: str) -> str:
    """Give an ISO date in Chinese.

    >>> date_text("2021-03-31")
    '2021年3月31日'
    """
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", written)
    return f"{found[1]}年{int(found[2])}月{int(found[3])}日" if found else written


def month_text(written: str) -> str:
    """Give an ISO month in Chinese.

    >>> month_text("2021-03")
    '2021年3月'
    """
    found = re.fullmatch(r"(\d{4})-(\d{2})", written)
    return f"{found[1]}年{int(found[2])}月" if found else written
