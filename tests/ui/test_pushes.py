# SPDX-License-Identifier: Apache-2.0
"""The pages of many pushes in a browser: light, dark, narrow, by eye, by axe, by keyboard and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

THEMES = ("light", "dark")
LATEST = "2026-03-31 02:00 UTC, needs attention: 42 rejected, 3 invalid, 41,110 accepted; 411 requests, 7 min 0 s"


def said(tab: Any) -> list[str]:
    """Give what is said below the first strip."""
    told: list[str] = tab.locator("ol.strip").first.evaluate(
        "strip => [...strip.querySelectorAll('a')]"
        ".filter(link => getComputedStyle(link, '::after').visibility === 'visible').map(link => link.ariaLabel)"
    )
    return told


@pytest.mark.parametrize("theme", THEMES)
def test_the_tab_of_a_dag(look: Callable[..., Any], nights: Any, theme: str) -> None:
    seen = look(theme, height=1000)
    page = seen.open("/dags/nightly_loyalty")
    page.get_by_role("link", name="Pushes", exact=True).click()
    tab = seen.in_frame()
    assert tab.locator("h1").inner_text() == "Pushes of this Dag"
    tab.get_by_text("2 tasks push users; 2 need attention.").wait_for()
    assert tab.locator("ol.strip").first.get_by_role("link").count() == 30
    assert said(tab) == [LATEST]
    tab.locator("ol.strip a").nth(8).hover()
    assert said(tab) == ["2026-03-10 02:00 UTC, failed: 41,333 unsent; 4 requests, 31.0 s"]
    tab.locator("h1").hover()
    tab.get_by_role(
        "row", name="3 invalid value over 2,048 bytes value-too-long on city 2026-03-05 02:00 UTC 3"
    ).wait_for()
    tab.get_by_role("img", name="Not updated: 45 in the latest push, 41,333 at the most").wait_for()
    seen.check()
    seen.shoot(f"pushes-{theme}")


@pytest.mark.parametrize("theme", THEMES)
def test_all_dags_found_under_browse(look: Callable[..., Any], nights: Any, theme: str) -> None:
    seen = look(theme, height=1000)
    page = seen.open("/")
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name="Pushes").click()
    tab = seen.in_frame()
    headings = tab.get_by_role("heading", level=2)
    assert "hourly_points / push" in headings.all_inner_texts()
    seen.check()
    tab.get_by_role("searchbox", name="Dag").fill("NIGHT")
    tab.get_by_role("combobox", name="Vendor").select_option("Kahuna")
    tab.get_by_role("checkbox", name="needs attention").check()
    tab.get_by_role("button", name="Show").click()
    tab.get_by_role("link", name="Show all").wait_for()
    shown = headings.all_inner_texts()
    assert {"nightly_loyalty / push", "first_night / push"} <= set(shown)
    assert not any(name.startswith(("hourly", "nightly_loyalty / push_shards")) for name in shown)
    seen.check()
    seen.shoot(f"pushes-filtered-{theme}")
    tab.get_by_role("link", name="Show all").click()
    tab.get_by_role("heading", name="hourly_points / push").wait_for()


def test_by_keyboard_alone_to_a_push_report_and_back(look: Callable[..., Any], nights: Any) -> None:
    seen = look()
    seen.open("/dags/nightly_loyalty/plugin/pushes")
    tab = seen.in_frame()
    tab.locator("button").focus()
    for key in ("Tab", "ArrowLeft", "ArrowLeft"):
        seen.page.keyboard.press(key)
    assert said(tab)[0].startswith("2026-03-29 02:00 UTC, needs attention: 40 rejected, 3 invalid")
    seen.check()
    seen.page.keyboard.press("Home")
    assert said(tab)[0].startswith("2026-03-02 02:00 UTC, accepted")
    seen.page.keyboard.press("Enter")
    tab.get_by_role("heading", name="41,037 of 41,037 users updated at Kahuna").wait_for()
    seen.check()
    tab.get_by_role("link", name="Pushes of this Dag").click()
    tab.get_by_role("heading", name="Pushes of this Dag").wait_for()


@pytest.mark.parametrize("theme", THEMES)
def test_no_push_one_and_hundreds(look: Callable[..., Any], nights: Any, theme: str) -> None:
    seen = look(theme)
    seen.open("/dags/no_night/plugin/pushes")
    seen.in_frame().get_by_text("No pushes here: no task of this Dag has pushed users in these runs.").wait_for()
    seen.check()
    seen.open("/dags/first_night/plugin/pushes")
    tab = seen.in_frame()
    assert said(tab) == ["2026-03-01 02:00 UTC, needs attention: 1 rejected, 5 accepted; 20 requests, 10.0 s"]
    older = tab.get_by_role("link", name="its report was written by another version of airflow-provider-userattrs")
    older.wait_for()
    seen.check()
    seen.open("/dags/hourly_points/plugin/pushes")
    tab = seen.in_frame()
    assert said(tab) == ["2026-03-15 06:00 UTC, not ended"]
    seen.check()
    tab.get_by_role("link", name="Older pushes").click()
    tab.get_by_role("link", name="Newer pushes").wait_for()
    assert said(tab)[0].startswith("2026-03-14 00:00 UTC")
    seen.check()


@pytest.mark.parametrize("theme", THEMES)
def test_in_a_narrow_window_only_tables_scroll(look: Callable[..., Any], nights: Any, theme: str) -> None:
    seen = look(theme, width=360, height=800)
    page = seen.open("/")
    page.goto(f"{nights.url}/userattrs/dags/nightly_loyalty/pushes")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert said(page) == [LATEST]
    seen.check()
    seen.shoot(f"pushes-narrow-{theme}", page)


def test_without_javascript_all_of_it_can_be_read(browser: Any, look: Callable[..., Any], nights: Any) -> None:
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(look().open("/").context.cookies())
    page = plain.new_page()
    page.goto(f"{nights.url}/userattrs/pushes?dag=nightly_loyalty")
    assert page.get_by_role("link", name=LATEST).count() == 1
    page.get_by_role("link", name=LATEST).click()
    page.get_by_role("heading", name="41,110 of 41,155 users updated at Kahuna; 45 need attention").wait_for()
    plain.close()


def test_what_a_push_was_is_seen_in_high_contrast_too(look: Callable[..., Any], nights: Any) -> None:
    seen = look("light")
    seen.open("/dags/nightly_loyalty/plugin/pushes")
    links = seen.in_frame().locator("ol.strip").first.locator("a")
    links.last.wait_for()
    colours = "links => [...new Set(links.map(link => getComputedStyle(link).backgroundColor))].sort()"
    before = links.evaluate_all(colours)
    seen.page.emulate_media(forced_colors="active")
    assert links.evaluate_all(colours) == before
    assert len(before) > 2
