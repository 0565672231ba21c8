# SPDX-License-Identifier: Apache-2.0
"""How Sphinx builds the pages; ``make docs`` runs it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

PAGES = Path(__file__).parent
sys.path.insert(0, str(PAGES))
# Airflow writes its configuration to its home when it is imported.
os.environ["AIRFLOW_HOME"] = str(PAGES.parent / "build" / "airflow")
os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "WARNING"

from generated import pages, texts  # noqa: E402

from airflow_provider_userattrs import __version__  # noqa: E402

project = "airflow-provider-userattrs"
author = "The airflow-provider-userattrs developers"
project_copyright = f"{author}; Apache-2.0"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}

# Pages are Markdown that reads well without Sphinx, too: headings are link targets, as on GitHub.
myst_heading_anchors = 3
myst_links_external_new_tab = False

# Docstrings are reStructuredText, in which a name between single backticks is one of Python's.
default_role = "py:obj"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
autoclass_content = "class"
add_module_names = False
python_use_unqualified_type_names = True
suppress_warnings = ["ref.python"]

# Messages stand on the page as they are written in the code, so that they can be searched for.
smartquotes = False

html_theme = "furo"
html_title = f"{project} {version}"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "source_repository": "https://github.com/airflow-provider-userattrs/airflow-provider-userattrs/",
    "source_branch": "main",
    "source_directory": "docs/",
}


def fill(app: Any, page: str, source: list[str]) -> None:
    """Fill in what is made from the code."""
    source[0] = pages.fill(source[0])


def write_texts(app: Any, failure: Exception | None) -> None:
    """Write the pages as plain Markdown beside the HTML, and the list of them for language models."""
    if failure is None and app.builder.format == "html":
        texts.write_texts(Path(app.srcdir), Path(app.outdir))


def setup(app: Any) -> dict[str, bool]:
    """Connect both to Sphinx."""
    app.connect("source-read", fill)
    app.connect("build-finished", write_texts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
