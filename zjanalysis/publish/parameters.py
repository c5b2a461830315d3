"""The strict check of a job's parameters against the ``parameters`` cell of its notebook.

papermill only logs an unknown parameter and takes any type; here a parameter that does not belong stops the build
before anything is written.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zjanalysis.errors import ConfigError, InputError, unknown_name
from zjanalysis.publish.jobs import Job

_KINDS = {str: "文字", int: "整数", float: "数字", bool: "真假值", list: "列表", tuple: "列表", dict: "对照表"}


def check_parameters(job: Job) -> None:
    """Refuse a parameter the notebook does not declare, one that is missing, and one of another type.

    ``peers`` and other text may be empty; an int is taken where a float is declared, a bool never is a number.
    """
    declared = check_values(job.notebook, job.parameters)
    missing = [name for name in declared if name not in job.parameters]
    if missing:
        raise ConfigError(
            f"报告 {job.key} 缺少参数：{'、'.join(missing)}。", f"{job.notebook.name} 要求给出：{'、'.join(declared)}。"
        )


def check_values(notebook: Path, parameters: Mapping[str, object]) -> dict[str, object]:
    """Refuse a parameter the notebook does not declare and one of another type; gives what it declares."""
    declared = declared_parameters(notebook)
    for name, value in parameters.items():
        if name not in declared:
            raise unknown_name(f"参数（{notebook.name}）", name, declared)
        _check_kind(name, value, declared[name])
    return declared


def declared_parameters(notebook: Path) -> dict[str, object]:
    """Give the names and default values of the notebook's ``parameters`` cell, read without running it.

    Raises InputError for a file that is no notebook, ConfigError for a cell that holds more than typed literals.
    """
    cells = _cells(notebook)
    tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", ())]
    if len(tagged) != 1:
        raise ConfigError(f"笔记本 {notebook.name} 应有且只有一个 parameters 单元格，现有 {len(tagged)} 个。",
                          "请在 JupyterLab 中给参数单元格加上 parameters 标签。")  # fmt: skip
    try:
        statements = ast.parse("".join(tagged[0]["source"])).body
        return dict(_assignment(statement) for statement in statements)
    except (SyntaxError, ValueError) as error:
        raise ConfigError(
            f"笔记本 {notebook.name} 的参数单元格读不懂：{error}", "请只写“名称 = 字面值”，每行一个。"
        ) from error


def _assignment(statement: ast.stmt) -> tuple[str, object]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    value = getattr(statement, "value", None)
    if len(targets) != 1 or not isinstance(targets[0], ast.Name) or value is None:
        raise ValueError(f"第 {statement.lineno} 行不是“名称 = 字面值”")
    return targets[0].id, ast.literal_eval(value)


def _check_kind(name: str, value: object, default: object) -> None:
    wanted = type(default)
    fits = isinstance(value, wanted) and isinstance(value, bool) == (wanted is bool)
    if (
        fits
        or (wanted is float and type(value) is int)
        or (wanted in (list, tuple) and isinstance(value, (list, tuple)))
    ):
        return
    raise ConfigError(f"参数“{name}”的值 {value!r} 不对，应是{_KINDS.get(wanted, wanted.__name__)}（如 {default!r}）。",
                      "行政区划代码、期次都写成文字。")  # fmt: skip


def _cells(notebook: Path) -> list[dict[str, Any]]:
    try:
        written = json.loads(notebook.read_text(encoding="utf-8"))
        return list(written["cells"])
    except FileNotFoundError as error:
        raise InputError(
            f"找不到笔记本 {notebook.name}。", f"请检查 {notebook.parent.name} 文件夹是否完整。"
        ) from error
    except (UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{notebook.name} 不是笔记本文件。", "请从版本库取回原文件。") from error
