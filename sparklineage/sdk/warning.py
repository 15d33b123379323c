"""How the SDK says that something is wrong, as what is below it does: see `sparklineage.model.warning`."""

from __future__ import annotations

from sparklineage.model.warning import LOG, beginning, text_of, warn

__all__ = ["LOG", "beginning", "text_of", "warn"]
