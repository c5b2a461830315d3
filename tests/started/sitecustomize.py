"""What tests start finds no scipy, as with users: seaborn would load it, a second a process, for what nobody draws."""

import sys

sys.modules["scipy"] = None  # type: ignore[assignment]
