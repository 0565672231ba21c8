# SPDX-License-Identifier: Apache-2.0
"""What `make dist TAG=...` refuses to release."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dist
import pytest
from matrix import Unavailable

from airflow_provider_userattrs import __version__

TAG = f"v{__version__}"
CHANGELOG = f"# Changelog\n\n## [Unreleased]\n\n## [{__version__}] - 2026-11-25\n\n### Added\n\n- All.\n"


def git(*arguments: str) -> None:
    """Run git in the folder of the test, by nobody's settings."""
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a repository with one commit, which may be released."""
    monkeypatch.setattr(dist, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    git("init", "-q")
    git("add", "--all")
    git("commit", "-q", "-m", "one")
    return tmp_path


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    "tag", [[], ["tag", TAG], ["tag", "-a", "-m", "a tag with a note", TAG]], ids=["no tag", "tag", "annotated tag"]
)
def test_what_is_committed_is_released(tag: list[str]) -> None:
    if tag:
        git(*tag)
    dist.check_tag(TAG)


@pytest.mark.parametrize("tag", ["v99.0.0", __version__, f"{TAG}rc1", ""])
def test_a_tag_of_another_version(repository: Path, tag: str) -> None:
    with pytest.raises(SystemExit, match="the tag is"):
        dist.check_tag(tag)


@pytest.mark.parametrize(
    ("changelog", "message"),
    [
        (CHANGELOG.replace(" - 2026-11-25", ""), "no dated section"),
        (CHANGELOG.replace(f"[{__version__}]", "[99.0.0]"), "no dated section"),
        (CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n### Fixed\n\n- One.\n"), "under Unreleased"),
        (f"{CHANGELOG}- One more.\n", "CHANGELOG.md"),
    ],
    ids=["no date", "another version", "entries left", "not committed"],
)
def test_a_changelog_of_something_else(repository: Path, changelog: str, message: str) -> None:
    (repository / "CHANGELOG.md").write_text(changelog)
    with pytest.raises(SystemExit, match=message):
        dist.check_tag(TAG)


def test_what_is_not_committed(repository: Path) -> None:
    (repository / "new.py").touch()
    with pytest.raises(SystemExit, match=r"must be what is committed, .*\n.*new\.py"):
        dist.check_tag(TAG)


def test_a_tag_on_another_commit(repository: Path) -> None:
    git("tag", TAG)
    git("commit", "-q", "--allow-empty", "-m", "two")
    with pytest.raises(SystemExit, match="on another commit"):
        dist.check_tag(TAG)


@pytest.mark.parametrize("tag", [[], ["--tag", TAG]], ids=["build", "release"])
def test_an_airflow_that_is_not_here(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tag: list[str]
) -> None:
    """A build says so; a release is not made."""

    def missing(row: object, wheel: Path) -> None:
        raise Unavailable("no Python 3.13 on this machine")

    monkeypatch.setattr(dist, "build", lambda: (repository, repository))
    monkeypatch.setattr(dist, "check_contents", lambda wheel, sdist: None)
    monkeypatch.setattr(dist, "check_installed", missing)
    monkeypatch.setattr(sys, "argv", ["dist.py", *tag])
    if tag:
        with pytest.raises(SystemExit, match=r"not tried on .*; a release is tried on each"):
            dist.main()
    else:
        dist.main()
        assert capsys.readouterr().out.count("not tried on ") == 2
