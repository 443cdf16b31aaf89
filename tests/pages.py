"""What the browser tests do with the page; the browser, the app and the visitor come from conftest."""

import re

from playwright.sync_api import Page, expect

DRAWN = "#lp-curve .lp-plot[data-drawn]"
SECONDS = 1000


def visit(page: Page, app, query: str = "") -> Page:
    page.goto(app[0] + query)
    expect(page.locator("#lp-tiles .lp-number").first).to_be_visible(timeout=30 * SECONDS)
    return page


def answer(page: Page):
    return page.locator("#lp-tiles .lp-number").first


def choose(page: Page, label: str, option: str | re.Pattern) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option).click()


def open_tab(page: Page, name: str) -> Page:
    """On a phone the last tabs are behind a menu."""
    tab = page.get_by_role("tab", name=name, exact=True)
    if not tab.count():
        page.get_by_role("button", name="More tabs").click()
        tab = page.locator(".overflow-dropdown").get_by_role("button", name=name, exact=True)
    tab.click()
    return page
