"""Checking what was handed in: files and folders outside any data set, with everything that is wrong in them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from zjanalysis.columns import label
from zjanalysis.errors import InputError
from zjanalysis.inputs.check import Checked, check, together
from zjanalysis.inputs.findings import Part, table_of
from zjanalysis.inputs.period import OTHER_SUFFIXES, assembled
from zjanalysis.inputs.work import WHOLE
from zjanalysis.inputs.workbook import SUFFIXES, read_rows
from zjanalysis.settings import Settings, load_settings

# What a submission should fill: how much of each is filled is what ``completeness`` gives.
ASKED = (
    "item_name", "base_code", "impl_code", "item_type", "use_level", "department", "statutory_written",
    "promised_written", "handling_type", "visits", "online", "online_depth", "serves", "on_application", "one_window",
    "bookable", "express", "state", "case_count",
)  # fmt: skip


@dataclass(frozen=True)
class Submission:
    """What was handed in: items, findings, files (as in a period), and where each file lies."""

    items: pd.DataFrame
    findings: pd.DataFrame
    files: pd.DataFrame
    paths: Mapping[str, Path]

    @property
    def clean(self) -> bool:
        """Say whether nothing at all was found."""
        return self.findings.empty


def submitted_files(paths: Sequence[str | Path]) -> dict[str, Path]:
    """Give the files of a list of files and folders under the names that findings call them by.

    A name that occurs twice is led by its folder. Raises InputError for what does not exist and for an empty list.
    """
    found: list[Path] = []
    for given in map(Path, paths):
        if not given.exists():
            raise InputError(f"找不到“{given}”。", "请检查路径；有空格的路径请加引号。")
        inside = sorted(given.rglob("*")) if given.is_dir() else [given]
        known = (*SUFFIXES, *OTHER_SUFFIXES)
        found += [p for p in inside if p == given or (p.is_file() and _is_ours(p.name) and p.suffix.lower() in known)]
    if not found:
        raise InputError(
            f"“{'、'.join(map(str, paths))}”里没有工作簿、CSV 或 JSON 文件。", "请指明文件，或装有它们的文件夹。"
        )
    found = list(dict.fromkeys(found))
    names = [path.name for path in found]
    twice = {name for name in names if names.count(name) > 1}
    top = Path(os.path.commonpath([path.absolute().parent for path in found]))
    return {p.absolute().relative_to(top).as_posix() if p.name in twice else p.name: p for p in found}


def _is_ours(name: str) -> bool:
    """Lock files of Office and annotated copies are not submissions."""
    return not name.startswith((".", "~$")) and not name.endswith("（核对）.xlsx")


def check_files(
    paths: Sequence[str | Path], *, settings: Settings | None = None, mapping: Mapping[str, str] | None = None
) -> Submission:
    """Check files and folders as one submission; a file that cannot be read is a finding, the others go on.

    ``mapping``: header → column key for headers that could be two things. Raises InputError when there is no file.
    """
    known = settings or load_settings()
    files = submitted_files(paths)
    checked: dict[str, Checked] = {}
    refused = []
    for name, path in files.items():
        try:
            checked[name] = check(read_rows(path, guard=known.guard, name=name), settings=known, mapping=mapping)
        except InputError as error:
            part = Part("file_refused", WHOLE, values=error.message, others=error.hint)
            refused.append(table_of([part], file=name, sheet="", places={}))
    if not checked:
        items, findings, counts = (pd.DataFrame() for _ in range(3))
        return Submission(items, together(refused), counts, files)
    items, findings, counts = assembled(checked, files)
    return Submission(items, together([*refused, findings]), counts, files)


def completeness(items: pd.DataFrame, *, by: Sequence[str] = ("region_code",)) -> pd.DataFrame:
    """Give how much of each asked column is filled: the ``by`` columns, column_label, n_items, n_filled, filled_share.

    A limit counts as filled when it reads as a number; 无 and office hours do not. Rows that are left out do not count.
    """
    asked = {label(_COLUMN_OF.get(key, key)): items[key].notna() for key in ASKED if key in items.columns}
    groups = pd.DataFrame(asked).assign(**{key: items[key] for key in by}).groupby(list(by), sort=False, dropna=False)
    sizes = groups.size().rename("n_items").reset_index()
    filled = groups.sum().reset_index().melt(id_vars=list(by), var_name="column_label", value_name="n_filled")
    counts = filled.merge(sizes, on=list(by), how="left")[[*by, "column_label", "n_items", "n_filled"]]
    return counts.assign(filled_share=counts["n_filled"] / counts["n_items"])


_COLUMN_OF = {"statutory_written": "statutory_limit", "promised_written": "promised_limit"}
