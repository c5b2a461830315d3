"""Make the sample data（示例数据，模拟）: ``python data/make_sample.py``. See data/sample/SOURCE.md.

``--demo DIR`` makes a data set of all eight quarters as workbooks instead, ``--province DIR`` one of a whole province;
both leave data/sample alone.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

SAMPLE = Path(__file__).resolve().parent / "sample"
sys.path.insert(0, str(SAMPLE.parents[1]))  # this checkout's package, whatever is installed

from make.books import write_items  # noqa: E402
from make.forms import write_typed  # noqa: E402
from make.history import write_events, write_history, write_successions  # noqa: E402
from make.ledger import write_ledgers  # noqa: E402
from make.province import write_province  # noqa: E402
from make.realism import write_page  # noqa: E402
from make.regions import EARLIER, WORKBOOKS  # noqa: E402


def main() -> int:
    """Make the sample, a demonstration of all eight quarters, or a province."""
    parser = argparse.ArgumentParser(description="生成示例数据（模拟）")
    parser.add_argument("--demo", type=Path, metavar="DIR", help="八期全部做成工作簿，写到这个文件夹；不动 data/sample")
    parser.add_argument("--province", type=Path, metavar="DIR", help="全省二十一市八期，写到这个文件夹，约需数分钟")
    chosen = parser.parse_args()
    if chosen.province:
        for line in write_province(chosen.province):
            print(line, file=sys.stderr, flush=True)
    elif chosen.demo:
        demonstrate(chosen.demo)
    else:
        renew()
    return 0


def renew() -> None:
    """Make everything in data/sample that is made: the last two quarters, the six before, and docs/sample.md."""
    write_items(SAMPLE, WORKBOOKS)
    write_typed(SAMPLE, WORKBOOKS)
    write_ledgers(SAMPLE)
    with TemporaryDirectory() as place:
        write_history(SAMPLE / "history.csv", place=Path(place))
    write_events(SAMPLE / "events.csv")
    write_successions(SAMPLE / "successions.csv")
    write_page(SAMPLE)


def demonstrate(folder: Path) -> None:
    """Copy data/sample and add the six earlier quarters as workbooks."""
    shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
    write_items(folder, EARLIER, level=5)
    write_typed(folder, EARLIER)


if __name__ == "__main__":
    sys.exit(main())
