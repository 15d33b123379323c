"""A Spark that is there by its files alone."""

from __future__ import annotations

from pathlib import Path


def spark_home(folder: Path, version: str = "4.2.0", scala: str = "2.13") -> Path:
    """A folder that tells its version as a Spark does; it cannot start anything."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "spark-submit").touch(0o755)
    (folder / "jars").mkdir()
    (folder / "jars" / f"spark-core_{scala}-{version}.jar").touch()
    return folder


def defaults(home: Path, text: str) -> Path:
    """Its spark-defaults.conf."""
    (home / "conf").mkdir(exist_ok=True)
    path = home / "conf" / "spark-defaults.conf"
    path.write_text(text, encoding="utf-8")
    return path
