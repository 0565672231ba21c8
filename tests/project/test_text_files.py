# SPDX-License-Identifier: Apache-2.0
"""Text files end with one line end, have no blanks before it and none of Windows; YAML and TOML are well-formed."""

from __future__ import annotations

import re
import sys

import yaml
from project.files import ROOT, files

#: Pictures, and rows as somebody else's program wrote them.
OTHERS = {".csv", ".png"}
TEXTS = {str(path): (ROOT / path).read_bytes().decode() for path in files() if path.suffix not in OTHERS}


def test_lines_end_as_they_should() -> None:
    assert [path for path, text in TEXTS.items() if "\r" in text] == []
    assert [path for path, text in TEXTS.items() if re.search(r"[ \t]$", text, re.MULTILINE)] == []


def test_files_end_with_one_line_end() -> None:
    assert [path for path, text in TEXTS.items() if text and not re.search(r"[^\n]\n\Z", text)] == []


def test_yaml_and_toml_can_be_read() -> None:
    for path, text in TEXTS.items():
        if path.endswith((".yaml", ".yml")):
            assert yaml.safe_load(text), path
        elif path.endswith(".toml") and sys.version_info >= (3, 11):
            import tomllib

            assert tomllib.loads(text), path


def test_a_commit_checks_what_make_lint_checks() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    [local] = config["repos"]
    assert local["repo"] == "local", "nothing is fetched"
    [pieces] = re.findall(r"^LINT := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [hook["entry"] for hook in local["hooks"]] == [f"make -s lint-{piece}" for piece in pieces.split()]
