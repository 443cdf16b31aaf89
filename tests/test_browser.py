"""The page in headless Chromium: what a visitor sees, changes, runs, cancels and finds again."""

import os
import re
import shutil

import pytest
from playwright.sync_api import Error, Page, expect, sync_playwright
from rows import save_shipped
from tiny import save_tiny

from pruning.jobs import JobQueue
from pruning.store import Store
from pruning.ui.app import build_app
from pruning.ui.look import launch_options

pytestmark = pytest.mark.browser

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
DRAWN = "#lp-curve .lp-plot[data-drawn]"
SECONDS = 1000
RUN_TIME = 240 * SECONDS  # a run of the tiny model takes 5 s alone, much longer on a busy machine
STEP = re.compile(r"step [\d,]+ of [\d,]+ · loss \d\.\d+ · \d+ s left")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
        try:
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        except Error as error:
            reason = f"no Chromium: neither {', '.join(CHROMIUMS)} nor playwright's own ({error})"
            pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Address of the app on explicit rows, with a home of its own, and a folder with a tiny model."""
    folder = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRUNING_HOME", str(folder / "home"))
        jobs = JobQueue()
        store = Store(folder / "home", save_shipped(folder / "shipped", ("movie-reviews", "tweets")))
        demo = build_app(store, jobs)
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options())
        yield url, save_tiny("bert", folder / "tiny-bert")
        demo.close()
        jobs.close()


@pytest.fixture
def page(browser, app):
    """A fresh visitor. Afterwards: nothing was asked of another host, and the console is free of errors."""
    context = browser.new_context(viewport={"width": 1440, "height": 1010})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    problems = []
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    foreign = re.compile(rf"^(?!{re.escape(app[0])}|data:|blob:)")
    page.on("request", lambda request: problems.append(request.url) if foreign.match(request.url) else None)
    yield page
    context.close()
    assert problems == []


def visit(page: Page, app, query: str = "") -> Page:
    page.goto(app[0] + query)
    expect(page.locator("#lp-tiles .lp-number").first).to_be_visible(timeout=30 * SECONDS)
    return page


def answer(page: Page):
    return page.locator("#lp-tiles .lp-number").first


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option).click()


def state_of_figures(page: Page) -> tuple:
    """What is drawn: the curve's marks, the heatmap's dropped columns, the stack's dropped layers, the sentence."""
    script = """(() => {
        const [curve, heatmap] = ['curve', 'heatmap'].map(name => document.querySelector(`#lp-${name} .lp-plot`));
        const lines = curve.data.map(trace => [trace.name, trace.line?.width, trace.x, trace.y]);
        return [curve.layout.shapes, lines, heatmap.data?.length];
    })()"""
    return (
        str(page.evaluate(script)),
        page.locator("#lp-stack .lp-off").all_inner_texts(),
        page.locator("#lp-story").inner_text(),
    )


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
    expect(page.get_by_role("tab")).to_have_text(["Trade-off", "Method"])


@pytest.mark.parametrize(
    "change, shows",
    [
        (lambda page: choose(page, "Strategy", "Bottom"), "Bottom · drop 1 → 70.5"),
        (lambda page: choose(page, "Task", "Tweets"), "Top · drop 1 → 80.5"),
        (lambda page: page.locator("#lp-drop input[type=number]").fill("0"), "Full model → 80.5"),
        (lambda page: page.locator("#lp-budget").get_by_text("1 point", exact=True).click(), "Top · drop 1 → 79.5"),
        (lambda page: page.locator("#lp-compare").get_by_label("Bottom").click(), "Top · drop 1 → 79.5"),
        (lambda page: choose(page, "Model", "BERT-base"), "Top · drop 1"),
    ],
    ids=["strategy", "task", "layers", "budget", "compare", "model"],
)
def test_every_choice_changes_what_is_shown(page, app, change, shows):
    visit(page, app, "?drop=1").wait_for_selector(DRAWN)
    before = state_of_figures(page)
    change(page)
    page.wait_for_function(f"document.querySelector('{DRAWN}').dataset.drawn > 1")
    expect(answer(page)).to_have_text(shows)
    assert state_of_figures(page) != before


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


def test_a_click_on_a_point_chooses_it(page, app):
    visit(page, app, "?drop=0").wait_for_selector(DRAWN)
    script = """(() => {
        const lines = [...document.querySelectorAll('#lp-curve .trace')];
        const bottom = lines.find(line => line.__data__?.[0]?.trace?.name === 'Bottom');
        const box = bottom.querySelectorAll('.point')[1].getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
    })()"""
    box = page.evaluate(script)
    page.mouse.move(*box)
    page.mouse.click(*box)
    expect(answer(page)).to_have_text("Bottom · drop 1 → 70.5")
    expect(page.get_by_label("Strategy", exact=True)).to_have_value("Bottom")


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


@pytest.mark.parametrize("query", ["?drop=1", "?model=bert-base-uncased&drop=4"])
def test_nothing_is_wider_than_a_phone(page, app, query):
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, app, query).wait_for_selector(DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("tab", name="Method").click()
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
    assert copied == "python -m pruning run --model minilm-l6 --task movie-reviews --strategy top --drop 1 --seed 2"


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
    expect(page.locator("#lp-action")).to_contain_text("with seed 1: about")


@pytest.mark.slow
def test_a_run_is_found_again_after_a_reload(page, app):
    visit(page, app, f"?model={app[1]}&drop=1&recipe=standard")
    page.locator("#lp-run").click()
    expect(page.locator("#lp-job")).to_contain_text(STEP, timeout=RUN_TIME)
    page.reload()
    expect(page.locator("#lp-job")).to_contain_text("Done: Top · drop 1, seed 0", timeout=RUN_TIME)
    expect(answer(page)).to_have_text(re.compile("Top · drop 1 → "))


@pytest.mark.slow
def test_a_live_run_can_be_cancelled(page, app):
    visit(page, app, f"?model={app[1]}&drop=2&recipe=standard")
    page.locator("#lp-run").click()
    expect(page.locator("#lp-job")).to_contain_text(STEP, timeout=RUN_TIME)
    page.get_by_role("button", name="Cancel this run").click()
    expect(page.locator("#lp-job")).to_contain_text("Cancelled", timeout=RUN_TIME)
    expect(page.locator("#lp-job")).to_contain_text("nothing was stored")
    expect(page.get_by_role("button", name="Cancel this run")).to_be_hidden()
    expect(answer(page)).to_have_text("Top · drop 2")
