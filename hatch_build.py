"""Build hook: the wheel carries the shipped rulebook already compiled.

Comes in: the folder `rules/` beside this file. Goes out: `recommender/_content/rulebook.json` in
the wheel. Refuses to build when the rules cannot be loaded, with the error that
`recommender rules list` would show. Editable installs read the checkout and get nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TARGET = "recommender/_content/rulebook.json"


class CompiledRulebook(BuildHookInterface[Any]):
    """Compile `rules/` once, at build time."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the compiled rulebook among the files of a standard wheel."""
        if version == "editable":
            return
        folder = tempfile.TemporaryDirectory(prefix="recommender-build-")
        self._folder = folder  # kept until the wheel has been written
        compiled = Path(folder.name) / "rulebook.json"
        compiled.write_bytes(_compile(Path(self.root)))
        build_data["force_include"][str(compiled)] = TARGET

    def finalize(
        self,
        version: str,
        build_data: dict[str, Any],  # noqa: ARG002  the signature is hatchling's
        artifact_path: str,  # noqa: ARG002
    ) -> None:
        """Remove the temporary copy."""
        if version != "editable":
            self._folder.cleanup()


def _compile(checkout: Path) -> bytes:
    """Load `rules/` with the code of this very checkout, not of an installed version."""
    sys.path.insert(0, str(checkout))
    try:
        from recommender.rulebook import compile_content

        return compile_content(checkout)
    finally:
        sys.path.remove(str(checkout))
