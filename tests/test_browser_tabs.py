"""The tabs that follow the panel's choice, in headless Chromium: what is shown at once, and what a button starts."""

import json
import re
import zipfile

import pytest
from pages import DRAWN, SECONDS, answer, choose, open_tab, visit
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

RUN_TIME = 240 * SECONDS
TABS = ("Trade-off", "Similarity", "Probes", "Budget", "Landscape", "Training budget", "Try it")
TABS += ("Export", "Your data", "Models", "Method")


def drawn(page: Page, name: str) -> None:
    page.wait_for_selector(f"#lp-{name} .lp-plot[data-drawn]")


def test_a_click_on_a_layer_drops_it_and_everything_follows(page, app):
    visit(page, app, "?drop=1").wait_for_selector(DRAWN)
    page.get_by_role("button", name="layer 0").click()
    expect(answer(page)).to_have_text("Custom 0, 5 · drop 2")
    expect(page.get_by_label("Strategy", exact=True)).to_have_value("Custom")
    expect(page.locator("#lp-stack .lp-off")).to_have_count(2)
    expect(page.locator("#lp-action")).to_contain_text("--layers 0,5")
    page.get_by_role("button", name="layer 5").click()
    expect(answer(page)).to_have_text("Custom 0 · drop 1 → 70.5")


@pytest.mark.parametrize("name, opened", (("training", "Training budget"), ("method", "Method"), ("x", "Trade-off")))
def test_a_link_opens_its_tab(page, app, name, opened):
    page.goto(f"{app[0]}?drop=1&tab={name}")
    expect(page.get_by_role("tab", name=opened, exact=True)).to_have_attribute("aria-selected", "true")
    if opened == "Training budget":
        drawn(page, "training")


def test_the_address_names_the_open_tab(page, app):
    visit(page, app, "?drop=1").wait_for_selector(DRAWN)
    open_tab(page, "Budget")
    expect(page).to_have_url(re.compile("drop=1&tab=budget$"))
    page.reload()
    expect(page.locator("#lp-budget-story")).to_contain_text("points")
    open_tab(page, "Trade-off")
    expect(page).to_have_url(re.compile("drop=1$"))


def test_on_a_phone_a_button_leads_to_the_controls_below_the_results(page, app):
    page.set_viewport_size({"width": 390, "height": 800})
    visit(page, app, "?drop=1").wait_for_selector(DRAWN)
    page.get_by_role("button", name="Change model, task and layers").click()
    expect(page.get_by_label("Strategy", exact=True)).to_be_in_viewport()
    page.get_by_label("Strategy", exact=True).click()
    page.get_by_role("option", name="Bottom").click()
    expect(answer(page)).to_contain_text("Bottom · drop 1")
    page.set_viewport_size({"width": 1200, "height": 800})
    expect(page.get_by_role("button", name="Change model, task and layers")).to_be_hidden()


def test_fast_clicks_on_layers_are_all_taken(page, app):
    visit(page, app, "?drop=0").wait_for_selector(DRAWN)
    click = "layers => layers.forEach((i) => document.querySelector(`[data-layer='${i}']`).click())"
    page.evaluate(click, [1, 2, 3])
    expect(answer(page)).to_have_text("Custom 1–3 · drop 3")
    page.evaluate(click, [0, 4, 5])
    expect(page.get_by_text("one layer has to stay")).to_be_visible()


def test_a_click_on_an_estimate_or_on_a_run_chooses_that_stack(page, app):
    visit(page, app, "?drop=0")
    open_tab(page, "Landscape")
    drawn(page, "stacks")
    place = """([name, kept]) => {
        const plot = document.querySelector('#lp-stacks .lp-plot');
        const trace = plot.data.findIndex((trace) => trace.name === name);
        const point = plot.data[trace].customdata.findIndex(([, text]) => text.includes(kept));
        const box = plot.querySelectorAll('.scatterlayer .trace')[trace].querySelectorAll('.point')[point];
        const { x, y, width, height } = box.getBoundingClientRect();
        return [x + width / 2, y + height / 2];
    }"""
    for name, kept, shows, tells in (
        ("runs", "kept 1–5<", "0", "Kept 1–5: estimated 79.0, measured 70.5"),
        ("estimates", "kept 0–2, 4, 5<", "3", "Kept 0–2, 4, 5: estimated 78.0"),
    ):
        page.mouse.click(*page.evaluate(place, [name, kept]))
        expect(page.get_by_label("Layers to drop, such as")).to_have_value(shows)
        expect(page.locator("#lp-landscape-story")).to_contain_text(tells)
        page.wait_for_timeout(500)  # the figure is drawn anew, with its ring around the choice
    expect(page.locator("#lp-landscape-action")).to_contain_text("--layers 3")


def test_the_stack_works_by_keyboard(page, app):
    visit(page, app, "?drop=0").wait_for_selector(DRAWN)
    page.get_by_role("button", name="layer 3").focus()
    page.keyboard.press("Enter")
    expect(answer(page)).to_have_text("Custom 3 · drop 1")
    expect(page.get_by_role("button", name="layer 3")).to_have_attribute("aria-pressed", "true")


def test_pointing_at_a_point_shows_its_layers_in_the_stack(page, app):
    visit(page, app, "?drop=0").wait_for_selector(DRAWN)
    box = page.evaluate("""() => {
        const lines = [...document.querySelectorAll('#lp-curve .trace')];
        const line = lines.find((line) => line.__data__?.[0]?.trace?.name === 'Bottom');
        const box = line.querySelectorAll('.point')[1].getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
    }""")
    page.mouse.move(*box)
    expect(page.locator("#lp-stack .lp-preview-off")).to_have_text(re.compile("layer 0"))
    page.mouse.move(5, 5)
    expect(page.locator("#lp-stack .lp-preview-off")).to_have_count(0)


def test_every_tab_shows_stored_results_of_the_choice_and_follows_it(page, app):
    visit(page, app, "?drop=1")
    open_tab(page, "Similarity")
    drawn(page, "contribution")
    drawn(page, "drift")
    expect(page.locator("#lp-similarity-story")).to_contain_text("changes its input most")
    open_tab(page, "Budget")
    drawn(page, "worth-latency")
    expect(page.locator("#lp-droppable tbody tr").first).to_contain_text("Top")
    expect(page.locator("#lp-budget-story")).to_contain_text("A loss of 2 points buys")
    page.locator("#lp-budget").get_by_text("1 point", exact=True).click()
    expect(page.locator("#lp-budget-story")).to_contain_text("A loss of 1 point buys")
    page.get_by_label("Another loss").fill("0.5")
    page.get_by_label("Another loss").press("Enter")
    expect(page.locator("#lp-droppable")).to_contain_text("a loss of 0.5 points buys")
    choose(page, "Task", "Product reviews")
    expect(page.locator("#lp-budget-story")).to_contain_text("Nothing measured here yet")
    open_tab(page, "Probes")
    drawn(page, "probes")
    expect(page.locator("#lp-probes")).to_contain_text("not measured yet")


def test_the_panel_is_hidden_where_it_means_nothing(page, app):
    visit(page, app)
    expect(page.get_by_role("tab")).to_have_text(list(TABS))
    for name in TABS:
        open_tab(page, name)
        panel = page.locator(".lp-shell > .lp-choices")
        (expect(panel).to_be_hidden if name in TABS[-3:] else expect(panel).to_be_visible)()


@pytest.mark.parametrize("tab", [*TABS[1:6], "Method"])
def test_no_tab_is_wider_than_a_phone(page, app, tab):
    page.set_viewport_size({"width": 390, "height": 844})
    open_tab(visit(page, app, "?drop=1"), tab)
    page.wait_for_timeout(1000)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    ends = "[...document.querySelectorAll('p')].map(text => text.getBoundingClientRect().right)"
    assert max(page.evaluate(ends)) <= 390  # what is cut off cannot be scrolled to


def finish(page: Page, what: str) -> None:
    expect(page.locator("#lp-job")).to_contain_text(f"Done: {what}", timeout=RUN_TIME)


@pytest.mark.slow
def test_analyses_are_measured_live_and_drawn(page, app):
    visit(page, app, f"?model={app[1]}&task=tweets&drop=2")
    open_tab(page, "Similarity")
    page.get_by_role("button", name="Measure similarity").click()
    finish(page, "Similarity")
    drawn(page, "between")
    page.get_by_label("Linear CKA").click()
    expect(page.locator("#lp-between")).to_contain_text("Linear CKA of every two states")
    page.get_by_role("button", name="Measure drift").click()
    finish(page, "Drift")
    expect(page.locator("#lp-drift summary")).to_be_visible()
    page.locator("#lp-drift summary").click()
    expect(page.locator("#lp-drift table")).to_contain_text("kept 0, 1, seed 0")
    open_tab(page, "Probes")
    page.get_by_role("button", name="Probe every state").click()
    finish(page, "Probes")
    expect(page.locator("#lp-probes-story")).to_contain_text("before fine-tuning its best state scores")


@pytest.mark.slow
def test_a_text_is_tried_on_both_models_and_their_disagreements_are_listed(page, app):
    visit(page, app, f"?model={app[1]}&task=tweets&drop=2")
    open_tab(page, "Try it")
    page.get_by_label("A text", exact=True).fill("<b>what</b> a film ${1+1}")
    page.get_by_role("button", name="Compare on this text").click()
    finish(page, "Side by side")
    expect(page.locator("#lp-try-rows tbody tr")).to_have_count(1)
    expect(page.locator("#lp-try-rows")).to_contain_text("<b>what</b> a film ${1+1}")
    expect(page.locator("#lp-try-story")).to_contain_text("times as fast")
    page.get_by_role("button", name="Where they disagree most").click()
    expect(page.locator("#lp-try-story")).to_contain_text("They disagree", timeout=RUN_TIME)
    expect(page.locator("#lp-try-rows tbody tr")).to_have_count(10)


@pytest.mark.slow
def test_a_pruned_model_is_downloaded_whole(page, app):
    visit(page, app, f"?model={app[1]}&task=tweets&drop=2")
    open_tab(page, "Export")
    page.get_by_role("button", name="Make the zip").click()
    finish(page, "Export")
    with page.expect_download() as download:
        page.locator("#lp-download").click()
    assert download.value.suggested_filename == "tiny-bert-tweets-top-2.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        config = json.loads(archive.read("tiny-bert-tweets-top-2/config.json"))
    assert config["num_hidden_layers"] == 2
