"""A copy of the notebook that made a page, with the page's parameters, for an analyst to go on from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zjanalysis.errors import ConfigError, InputError
from zjanalysis.publish.jobs import CITY_NOTEBOOK, DISTRICT_NOTEBOOK, TOPICS
from zjanalysis.publish.parameters import check_values
from zjanalysis.settings import Settings

FOLDER = "notebooks/mine"
OURS = {Path(path).name: path for path in (CITY_NOTEBOOK, DISTRICT_NOTEBOOK, *(path for _, path in TOPICS.values()))}


def own_copy(record: Mapping[str, Any], *, name: str, settings: Settings) -> Path:
    """Write the copy for the provenance of a page and give its path; a copy already there is never written over.

    Raises InputError for a record that names no notebook of ours, ConfigError for parameters that do
    not fit the notebook: a page may come from anybody.
    """
    notebook, parameters = _told(record, name=name)
    source = settings.path(notebook)
    check_values(source, parameters)
    parameters["data"] = _data_named(str(parameters.get("data", "")), settings)
    import nbformat  # noqa: PLC0415  slow to import
    from papermill.iorw import load_notebook_node  # noqa: PLC0415
    from papermill.parameterize import parameterize_notebook  # noqa: PLC0415

    made = parameterize_notebook(load_notebook_node(str(source)), parameters)
    made.metadata.pop("papermill", None)
    folder = settings.path(settings.root / FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{source.stem}-{''.join(c for c in str(parameters.get('region', '')) if c.isalnum())}"
    path, number = folder / f"{stem}.ipynb", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.ipynb"
    with path.open("x", encoding="utf-8", newline="\n") as file:
        nbformat.write(made, file)
    return path


def _data_named(name: str, settings: Settings) -> str:
    """Give the data set that a page calls by its folder's name only; ConfigError when there is none of that name."""
    for given in (settings.data, f"data/{name}"):
        if name and Path(given).name == name and settings.path(given).is_dir():
            return given
    raise ConfigError(
        f"这里没有页面所用的数据集“{name}”。", "请把它放到 data 文件夹，或在 zjanalysis.toml 的 data 里写明。"
    )


def _told(record: Mapping[str, Any], *, name: str) -> tuple[str, dict[str, Any]]:
    """Give the notebook and the parameters that stand in a page."""
    try:
        notebook, parameters = OURS[Path(str(record["notebook"])).name], dict(record["parameters"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"“{name}”不是本工具生成的页面，读不到笔记本和参数。", "请给出 .html 报告的路径。") from error
    return notebook, parameters
