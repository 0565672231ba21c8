# SPDX-License-Identifier: Apache-2.0
"""The Push report tab in a browser: every state, light and dark, with and without JavaScript, by eye and by axe."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

THEMES = ("light", "dark")


def level(frame: Any) -> str:
    return str(frame.locator("header").get_attribute("class"))


@pytest.mark.parametrize("theme", THEMES)
def test_while_it_runs(look: Callable[..., Any], pushes: Any, theme: str) -> None:
    """It shows how far it is; the last to look lets it go, and sees it end without loading the page again."""
    path = pushes.wait_for("running", "running")
    seen = look(theme)
    tab = seen.tab(path)
    tab.get_by_text(re.compile(r"^[12]\d\d of 400 users done at EngageLab so far$")).wait_for()
    assert level(tab) == "running"
    tab.get_by_role("progressbar", name="Users done").wait_for()
    words = tab.locator("progress + p").inner_text()
    assert re.fullmatch(
        r"[12]\d\d of 400 users done, [\d.]+ a second, about [\d.]+ s left; as of \d\d:\d\d:\d\d UTC\.", words
    ), words
    tab.get_by_role("heading", name="Over time").wait_for()
    seen.check()
    seen.shoot(f"running-{theme}")
    if theme == THEMES[-1]:
        pushes.control("POST", "release")
        tab.get_by_text("400 of 400 users updated at EngageLab").wait_for()
        assert level(tab) == "ok"
        assert tab.locator("main[data-live]").count() == 0
        seen.check()


@pytest.mark.parametrize("theme", THEMES)
def test_green_with_a_warning(look: Callable[..., Any], up: Any, theme: str) -> None:
    """The demo's own DAG; Airflow has started it by itself."""
    seen = look(theme)
    tab = seen.tab(up.wait_for("success", "nightly_kahuna", "set_attributes"))
    assert tab.locator("h1").inner_text() == "1,988 of 2,000 users updated at Kahuna; 12 need attention"
    assert level(tab) == "warning"
    for heading in ("Verdicts", "Reasons", "Rejects", "Tries", "Configuration"):
        tab.get_by_role("heading", name=heading, exact=True).wait_for()
    tab.get_by_role("img", name="1,988 accepted, 9 rejected, 3 invalid").wait_for()
    tab.get_by_role("row", name="9 rejected 404 User not found").wait_for()
    seen.check()
    seen.shoot(f"warning-{theme}")
    seen.page.set_viewport_size({"width": 1040, "height": 560})
    seen.shoot(f"tab-{theme}", seen.page)


@pytest.mark.parametrize("theme", THEMES)
def test_a_failed_push(look: Callable[..., Any], pushes: Any, theme: str) -> None:
    seen = look(theme)
    tab = seen.tab(pushes.wait_for("failed", "failed"))
    assert tab.locator("h1").inner_text() == "0 of 30 users updated at Kahuna; 30 need attention"
    assert level(tab) == "failed"
    tab.get_by_text("Kahuna was sent none of 30 users").wait_for()
    tab.get_by_text("on <script>alert(1)</script>", exact=True).wait_for()  # a name with markup is text
    seen.check()
    seen.shoot(f"failed-{theme}")


@pytest.mark.parametrize("theme", THEMES)
def test_a_push_that_was_resumed(look: Callable[..., Any], pushes: Any, theme: str) -> None:
    seen = look(theme)
    tab = seen.tab(pushes.wait_for("success", "resumed"))
    assert tab.locator("h1").inner_text() == "1,000 of 1,000 users queued at MoEngage"
    assert level(tab) == "ok"
    tab.get_by_role("row", name=re.compile(r"^2 \d+ where the previous try stopped$")).wait_for()
    tab.get_by_role("img", name=re.compile("users a second over .* The time between tries is left out")).wait_for()
    seen.check()
    seen.shoot(f"resumed-{theme}")


@pytest.mark.parametrize("theme", THEMES)
def test_a_mapped_task_and_all_of_its_instances(look: Callable[..., Any], pushes: Any, theme: str) -> None:
    seen = look(theme)
    for index in range(3):
        path = pushes.wait_for("success", "mapped", index=index)
    tab = seen.tab(path)
    assert tab.locator("h1").inner_text() == "35 of 40 users queued at MoEngage; 5 need attention"
    seen.check()
    tab.get_by_role("link", name="All instances of this mapped task, added up").click()
    tab.get_by_role("heading", name="105 of 120 users queued at MoEngage; 15 need attention").wait_for()
    tab.get_by_text("3 instances of this task, added up.").wait_for()
    seen.check()
    seen.shoot(f"mapped-{theme}")
    tab.get_by_role("link", name="1", exact=True).click()
    tab.get_by_role("heading", name="35 of 40 users queued at MoEngage; 5 need attention").wait_for()


@pytest.mark.parametrize("theme", THEMES)
def test_a_task_that_is_no_push(look: Callable[..., Any], up: Any, theme: str) -> None:
    seen = look(theme)
    tab = seen.tab(up.wait_for("success", "nightly_kahuna", "changed_users"))
    assert tab.locator("h1").inner_text() == "No push report here: this task has pushed no users."
    seen.check()


def background(tab: Any) -> str:
    return str(tab.locator("body").evaluate("body => getComputedStyle(body).backgroundColor"))


def test_it_follows_airflows_own_choice_of_theme_at_once(look: Callable[..., Any], up: Any) -> None:
    seen = look("light")
    tab = seen.tab(up.wait_for("success", "nightly_kahuna", "set_attributes"))
    light = background(tab)
    for choice, theme in (("Dark Mode", "dark"), ("Light Mode", "light")):
        seen.page.get_by_role("button", name="User").click()
        seen.page.get_by_role("menuitem", name="Appearance").hover()
        seen.page.get_by_role("menuitemradio", name=choice).click()
        tab.locator(f'html[data-theme="{theme}"]').wait_for(state="attached")
        assert (background(tab) == light) is (theme == "light")
        seen.check()


def test_the_extra_link_leads_there(look: Callable[..., Any], pushes: Any) -> None:
    seen = look()
    page = seen.open(pushes.wait_for("failed", "failed") + "/details")
    page.get_by_role("heading", name="Extra Links").wait_for()
    page.get_by_role("link", name="Push report", exact=True).last.click()
    page.wait_for_url("**/tasks/push/plugin/push-report")
    page.frame_locator('iframe[title="Push report"]').locator("header.failed").wait_for()


def test_without_javascript_all_of_it_can_be_read(browser: Any, look: Callable[..., Any], up: Any) -> None:
    path = up.wait_for("success", "nightly_kahuna", "set_attributes")
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(look().open(path).context.cookies())
    page = plain.new_page()
    page.goto(f"{up.url}/userattrs{path}/-1")
    assert page.locator("h1").inner_text() == "1,988 of 2,000 users updated at Kahuna; 12 need attention"
    page.get_by_role("row", name="9 rejected 404 User not found").wait_for()
    plain.close()


def test_by_keyboard_alone(look: Callable[..., Any], up: Any) -> None:
    seen = look(width=700)
    tab = seen.tab(up.wait_for("success", "nightly_kahuna", "set_attributes"))
    tab.locator("h1").click()
    seen.page.keyboard.press("Tab")
    assert seen.frame().evaluate("document.activeElement.textContent") == "Pushes of this Dag"
    seen.page.keyboard.press("Tab")
    assert seen.frame().evaluate("document.activeElement.getAttribute('aria-label')") == "Reasons"


def test_in_a_narrow_window_only_tables_scroll(look: Callable[..., Any], up: Any) -> None:
    path = up.wait_for("success", "nightly_kahuna", "set_attributes")
    seen = look(width=360)
    page = seen.open(path)
    page.goto(f"{up.url}/userattrs{path}/-1")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
