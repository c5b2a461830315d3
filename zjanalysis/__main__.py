"""``python -m zjanalysis`` is ``zj``."""

import sys

from zjanalysis.cli import main

sys.exit(main())
