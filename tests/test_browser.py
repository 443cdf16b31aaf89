"""The page in headless Chromium: what a visitor sees, changes, runs, cancels and finds again."""

import re

import pytest
from pages import DRAWN, SECONDS, answer, choose, open_tab, visit
from playwright.sync_api import Page, expect

from pruning import program

pytestmark = pytest.mark.browser

RUN_TIME = 240 * SECONDS  # a run of the tiny model takes 5 s alone, much longer on a busy machine
STEP = re.compile(r"step [\d,]+ of [\d,]+ · loss \d\.\d+ · \d+ s left")


STATE = """() => {
    const [curve, heatmap] = ['curve', 'heatmap'].map((name) => document.querySelector(`#lp-${name} .lp-plot`));
    const lines = curve.data.map((trace) => [trace.name, trace.line?.width, trace.x, trace.y]);
    const hatched = heatmap.data.map((trace) => [trace.name, trace.x]);
    const off = [...document.querySelectorAll('#lp-stack .lp-off')].map((layer) => layer.innerText);
    const state = {curve: [curve.hidden, curve.layout.shapes, lines], heatmap: [heatmap.hidden, hatched], stack: off};
    state.action = document.querySelector('#lp-action').innerText;
    return Object.fromEntries(Object.entries(state).map(([name, value]) => [name, JSON.stringify(value)]));
}"""  # what is drawn: the curve's marks and lines, the heatmap's dropped columns, the stack's dropped layers


def test_the_page_shows_the_answer_the_curve_the_stack_and_the_heatmap(page, app):
    visit(page, app, "?drop=1")
    expect(page).to_have_title("Layer Pruning Explorer")
    expect(page.get_by_role("heading", level=1)).to_have_text("Layer Pruning Explorer")
    expect(answer(page)).to_have_text("Top · drop 1 → 79.5")
    page.wait_for_selector(DRAWN)
    expect(page.locator("#lp-curve .scatterlayer .trace").first).to_be_attached()
    expect(page.locator("#lp-heatmap .heatmaplayer image")).to_be_attached()
    expect(page.locator("#lp-stack .lp-layer")).to_have_count(6)
    expect(page.locator("#lp-stack .lp-off")).to_contain_text("layer 5")
    expect(page.get_by_role("img", name=re.compile("Top is clearly best here")).first).to_be_attached()
    expect(page.get_by_role("tab")).to_have_text(
        [
            "Trade-off",
            "Similarity",
            "Probes",
            "Budget",
            "Landscape",
            "Training budget",
            "Try it",
            "Export",
            "Your data",
            "Models",
            "Method",
        ]
    )


def unfold(page: Page) -> Page:
    page.get_by_role("button", name="Recipe and seed").click()
    return page


def name_layers(page: Page, layers: str) -> None:
    field = page.get_by_label("Layers to drop, such as")
    field.fill(layers)
    field.press("Enter")


def slider(page: Page):
    return page.locator("#lp-drop input[type=range]")


@pytest.mark.parametrize(
    "change, shows, changed",
    [
        (lambda page: choose(page, "Strategy", "Bottom"), "Bottom · drop 1 → 70.5", "curve heatmap stack action"),
        (lambda page: choose(page, "Task", "Tweets"), "Top · drop 1 → 80.5", "curve action"),
        (
            lambda page: page.locator("#lp-drop input[type=range]").press("Home"),
            "Full model → 80.5",
            "curve stack action",
        ),
        (lambda page: page.locator("#lp-budget").get_by_text("1 point", exact=True).click(), None, "curve"),
        (lambda page: page.locator("#lp-compare").get_by_label("Bottom").click(), None, "curve"),
        (lambda page: choose(page, "Model", "BERT-base"), "Top · drop 1", "curve heatmap stack action"),
        (lambda page: choose(unfold(page), "Recipe", re.compile("Standard")), "Top · drop 1", "curve action"),
        (lambda page: unfold(page).get_by_label(re.compile("^Seed")).fill("7"), None, "action"),
        (lambda page: unfold(page).get_by_text("mean over tokens").click(), None, "heatmap"),
    ],
    ids=["strategy", "task", "layers", "budget", "compare", "model", "recipe", "seed", "pooling"],
)
def test_every_choice_changes_the_figures_it_is_about(page, app, change, shows, changed):
    visit(page, app, "?drop=1").wait_for_selector(DRAWN)
    page.wait_for_selector("#lp-heatmap .lp-plot[data-drawn]")
    before = page.evaluate(STATE)
    change(page)
    for name in changed.split():
        page.wait_for_function(f"before => ({STATE})().{name} !== before", arg=before[name])
    expect(answer(page)).to_have_text(shows or "Top · drop 1 → 79.5")


def test_layers_named_by_hand_are_dropped_in_stack_and_heatmap_and_found_on_the_curve(page, app):
    visit(page, app, "?task=tweets&strategy=custom&layers=0").wait_for_selector(DRAWN)
    expect(answer(page)).to_have_text("Custom 0 · drop 1 → 71.5")
    before = page.evaluate(STATE)
    name_layers(page, "1,4")
    expect(answer(page)).to_have_text("Custom 1, 4 · drop 2 → 77.0")
    for name in ("curve", "heatmap", "stack"):
        page.wait_for_function(f"before => ({STATE})().{name} !== before", arg=before[name])
    name_layers(page, "9")
    expect(page.locator("#lp-action")).to_contain_text("there is no layer 9")
    expect(page.locator("#lp-run")).to_be_disabled()


def test_published_numbers_name_their_source_and_cannot_be_run_as_an_average(page, app):
    visit(page, app, "?model=bert-base-uncased&drop=4").wait_for_selector(DRAWN)
    expect(answer(page)).to_have_text("Top · drop 4 → 84.2")
    expect(page.locator("#lp-curve .lp-sub")).to_contain_text("published by Sajjad et al. 2020")
    expect(page.locator("#lp-run")).to_be_disabled()
    expect(page.locator("#lp-action")).to_contain_text("GLUE average is published only")


def test_the_replication_is_shown_on_request(page, app):
    visit(page, app, "?model=bert-base-uncased&task=sst2&drop=4").wait_for_selector(DRAWN)
    expect(answer(page)).to_have_text("Top · drop 4 → 90.6")
    page.get_by_text("Wong 2022, replication").click()
    expect(answer(page)).to_have_text("Top · drop 4 → 91.2")


def test_a_link_shows_the_choice_it_was_copied_from(page, app):
    visit(page, app, "?drop=1")
    choose(page, "Task", "Tweets")
    choose(page, "Strategy", "Bottom")
    expect(answer(page)).to_have_text("Bottom · drop 1 → 71.5")
    expect(page).to_have_url(re.compile("task=tweets&strategy=bottom&drop=1"))
    page.reload()
    expect(answer(page)).to_have_text("Bottom · drop 1 → 71.5", timeout=30 * SECONDS)


@pytest.mark.parametrize(
    "line, at, shows",
    [("Bottom", 1, "Bottom · drop 1 → 71.5"), ("Custom", 0, "Custom 1, 4 · drop 2 → 77.0")],
)
def test_a_click_on_a_point_chooses_it(page, app, line, at, shows):
    visit(page, app, "?task=tweets&drop=0").wait_for_selector(DRAWN)
    script = """([name, at]) => {
        const lines = [...document.querySelectorAll('#lp-curve .trace')];
        const line = lines.find((line) => line.__data__?.[0]?.trace?.name === name);
        const box = line.querySelectorAll('.point')[at].getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
    }"""
    box = page.evaluate(script, [line, at])
    page.mouse.move(*box)
    page.mouse.click(*box)
    expect(answer(page)).to_have_text(shows)
    expect(page.get_by_label("Strategy", exact=True)).to_have_value(line)


def test_the_slider_and_the_field_for_layers_follow_the_strategy(page, app):
    visit(page, app, "?task=tweets&strategy=top&drop=5").wait_for_selector(DRAWN)
    expect(slider(page)).to_have_attribute("max", "5")
    choose(page, "Strategy", "Even alternate")
    expect(slider(page)).to_have_attribute("max", "3")
    expect(slider(page)).to_have_value("3")
    expect(answer(page)).to_contain_text("drop 3")
    choose(page, "Strategy", "Custom")
    expect(page.locator("#lp-layers textarea, #lp-layers input")).to_be_visible()
    expect(slider(page)).not_to_be_visible()
    choose(page, "Strategy", "Bottom")
    expect(slider(page)).to_have_attribute("max", "5")


def test_the_slider_works_by_keyboard(page, app):
    visit(page, app, "?drop=0")
    page.locator("#lp-drop input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    expect(answer(page)).to_have_text("Top · drop 1 → 79.5")


def test_every_control_and_group_has_a_name(page, app):
    visit(page, app, "?strategy=custom&layers=0")
    page.get_by_role("button", name="Recipe and seed").click()
    controls = page.locator(".lp-choices").locator("input, textarea, select, button").all()
    visible = [control for control in controls if control.is_visible()]
    assert len(visible) > 15
    expect(page.get_by_role("group", name="Loss you accept")).to_be_visible()
    expect(page.get_by_role("group", name="Compare with")).to_be_visible()
    for control in visible:
        assert control.evaluate("e => (e.ariaLabel || e.labels?.[0]?.innerText || e.innerText || '').trim()"), control


def test_the_theme_follows_the_system_without_asking_the_server(page, app):
    page.emulate_media(color_scheme="dark")
    visit(page, app, "?drop=1").wait_for_selector(DRAWN)
    colour = "document.querySelector('#lp-curve .lp-plot').layout.font.color"
    assert page.evaluate(colour) == "#eceef1"
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.evaluate("document.body.classList.remove('dark')")
    page.wait_for_function(f"{colour} === '#1d1f23'")
    assert requests == []


def test_on_a_phone_the_sentence_comes_before_the_layers_and_ticks_stand_upright(page, app):
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, app, "?model=bert-base-uncased&drop=4").wait_for_selector(DRAWN)
    story, stack = (page.locator(f"#lp-{name}").bounding_box()["y"] for name in ("story", "stack"))
    assert story < stack
    ticks = page.locator("#lp-curve .xtick text").evaluate_all("all => all.map(t => t.getAttribute('transform'))")
    assert len(ticks) > 2 and not any("rotate(90" in (turned or "") for turned in ticks)


@pytest.mark.parametrize("query", ["?drop=1", "?model=bert-base-uncased&drop=4"])
def test_nothing_is_wider_than_a_phone(page, app, query):
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, app, query).wait_for_selector(DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    open_tab(page, "Method")
    expect(page.get_by_role("heading", name="What is measured")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_figures_and_rows_can_be_read_as_tables_and_saved(page, app):
    visit(page, app, "?drop=1").wait_for_selector(DRAWN)
    page.locator("#lp-curve summary").click()
    expect(page.locator("#lp-curve table").get_by_role("row").first).to_contain_text("Loss, points")
    expect(page.locator("#lp-rows table").get_by_role("row")).to_have_count(7)
    for name, first in (("curve", "Strategy,Layers dropped"), ("rows", "Dropped,Strategies")):
        with page.expect_download() as download:
            page.locator(f"#lp-{name}").get_by_role("button", name="Download as CSV").click()
        text = download.value.path().read_text(encoding="utf-8")
        assert text.startswith(first) and "79" in text
        assert download.value.suggested_filename.startswith("minilm-movie-reviews")


def test_the_command_is_copied_in_one_line(page, app):
    visit(page, app, "?drop=1")
    page.get_by_role("button", name="Copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{program()} run --model minilm-l6 --task movie-reviews --strategy top --drop 1 --seed 2"


def test_what_a_user_types_is_shown_as_text(page, app):
    visit(page, app)
    field = page.get_by_label("Model", exact=True)
    field.fill("<img src=x onerror=document.title='run'>")
    field.press("Enter")
    expect(page.locator("#lp-action")).to_contain_text("<img src=x onerror=document.title='run'>")
    expect(page).to_have_title("Layer Pruning Explorer")
    assert page.locator("main img").count() == 0


@pytest.mark.slow
def test_a_live_run_ends_as_a_star_on_the_curve(page, app):
    visit(page, app, f"?model={app[1]}&drop=3")
    expect(page.locator("#lp-action")).to_contain_text("nothing of this size was run yet")
    page.locator("#lp-run").click()
    expect(page.locator("#lp-job")).to_contain_text("Done: Top · drop 3, seed 0", timeout=RUN_TIME)
    expect(answer(page)).to_have_text(re.compile("Top · drop 3 → "))
    page.wait_for_selector(DRAWN)
    symbols = "document.querySelector('#lp-curve .lp-plot').data.find(t => t.name === 'Top').marker.symbol"
    assert page.evaluate(symbols) == ["star"]
    expect(page.locator("#lp-rows")).to_contain_text("this machine")
    expect(page.locator("#lp-action")).to_contain_text("with seed 1: training takes about")


@pytest.mark.slow
def test_the_curve_is_filled_point_by_point_and_cancelled_where_it_is(page, app):
    visit(page, app, f"?model={app[1]}&task=product-reviews&drop=0&compare=bottom&seed=7")
    fill = page.locator("#lp-fill")
    expect(fill).to_have_text("Fill the curve: 7 runs with seed 7")
    fill.click()
    expect(page.locator("#lp-job")).to_contain_text("6 more to follow", timeout=RUN_TIME)
    expect(fill).to_be_disabled()
    expect(page.locator("#lp-job")).to_contain_text("4 more to follow", timeout=RUN_TIME)
    expect(answer(page)).to_have_text(re.compile("Full model → "))
    drawn = "document.querySelector('#lp-curve .lp-plot').data.filter(t => t.name === 'Top' || t.name === 'Bottom')"
    drawn += ".map(t => t.x.length).reduce((a, b) => a + b)"  # both begin at the full model
    page.wait_for_function(drawn + " >= 3")  # the figure may follow the words
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("#lp-job")).to_contain_text("Cancelled", timeout=RUN_TIME)
    expect(fill).to_have_text(re.compile("Fill the curve: [45] runs with seed 7"))
    expect(fill).to_be_enabled()


@pytest.mark.slow
def test_a_run_is_found_again_after_a_reload(page, app):
    visit(page, app, f"?model={app[1]}&drop=1&recipe=standard")
    page.locator("#lp-run").click()
    expect(page.locator("#lp-job")).to_contain_text(STEP, timeout=RUN_TIME)
    page.reload()
    expect(page.locator("#lp-job")).to_contain_text("Done: Top · drop 1, seed 0", timeout=RUN_TIME)
    expect(answer(page)).to_have_text(re.compile("Top · drop 1 → "))


@pytest.mark.slow
def test_a_run_goes_on_when_its_tab_is_closed_and_is_found_by_the_same_browser(page, app, browser):
    visit(page, app, f"?model={app[1]}&drop=2&seed=5&recipe=standard")
    page.locator("#lp-run").click()
    expect(page.locator("#lp-job")).to_contain_text(STEP, timeout=RUN_TIME)
    kept = page.context.storage_state()
    page.context.close()
    again = visit(browser.new_context(storage_state=kept).new_page(), app)
    expect(again.locator("#lp-job")).to_contain_text("Top · drop 2, seed 5", timeout=RUN_TIME)
    expect(again.locator("#lp-job")).to_contain_text("Done", timeout=RUN_TIME)
    again.context.close()


@pytest.mark.slow
def test_a_live_run_is_followed_and_cancelled_in_every_tab_and_there_is_one_at_a_time(page, app):
    idle = visit(page.context.new_page(), app, f"?model={app[1]}&drop=1&recipe=standard&seed=9")
    visit(page, app, f"?model={app[1]}&drop=2&recipe=standard")
    page.locator("#lp-run").click()
    expect(page.locator("#lp-job")).to_contain_text(STEP, timeout=RUN_TIME)
    expect(page.locator("#lp-run")).to_be_disabled()
    idle.locator("#lp-run").click()  # this tab has not heard of it yet
    expect(idle.locator("#lp-job")).to_contain_text("Top · drop 2, seed 0")
    page.get_by_role("button", name="Cancel", exact=True).click()
    for tab, shows in ((page, "Top · drop 2"), (idle, "Top · drop 1")):
        expect(tab.locator("#lp-job")).to_contain_text("Cancelled", timeout=RUN_TIME)
        expect(tab.locator("#lp-job")).to_contain_text("nothing was stored")
        expect(tab.get_by_role("button", name="Cancel", exact=True)).to_be_hidden()
        expect(tab.locator("#lp-run")).to_be_enabled()
        expect(answer(tab)).to_have_text(re.compile(f"^{shows}"))
