"""Where this machine keeps its Chromium."""

import shutil


def chromium() -> str | None:
    """Return the path of Debian's Chromium, or another system's, or of Chrome; None where there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
