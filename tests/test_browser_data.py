"""The tab Your data in headless Chromium: from a file to a run on it, for its uploader alone."""

import re

import pytest
from files import save, table
from pages import SECONDS, answer, open_tab, visit
from playwright.sync_api import Page, Route, expect

from pruning.read_table import MAX_MB

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=document.title='run'>${document.title='run'}"
RUN_TIME = 240 * SECONDS


def bring(page: Page, path) -> Page:
    open_tab(page, "Your data").locator("#lp-file input[type=file]").set_input_files(path)
    return page


@pytest.fixture
def reviews(tmp_path):
    return save(table(200).assign(stars=[i % 4 for i in range(200)]), tmp_path / "reviews.csv")


def test_a_file_is_shown_with_its_rows_classes_and_lengths(page, app, reviews):
    bring(visit(page, app), reviews)
    expect(page.locator("#lp-data-tiles")).to_contain_text("200 texts", timeout=30 * SECONDS)
    expect(page.locator("#lp-preview")).to_contain_text("the first 8 of 200 rows")
    for name in ("balance", "lengths"):
        page.wait_for_selector(f"#lp-{name} .lp-plot[data-drawn]")
    expect(page.get_by_label("Label column · guessed")).to_have_value(re.compile("label"))


def test_another_label_column_makes_it_another_task(page, app, reviews):
    bring(visit(page, app), reviews)
    page.get_by_label("Label column · guessed").click(timeout=30 * SECONDS)
    page.get_by_role("option", name="stars").click()
    expect(page.locator("#lp-data-tiles")).to_contain_text("4 classes", timeout=30 * SECONDS)
    expect(page.locator("#lp-run-own")).to_contain_text("--label stars")


def test_columns_that_could_not_be_guessed_are_chosen(page, app, tmp_path):
    rows = "".join(f"{i % 9},{i % 2}\n" for i in range(99))
    (tmp_path / "short.csv").write_text("a,b\n" + rows + "one,1\n")
    bring(visit(page, app), tmp_path / "short.csv")
    expect(page.locator("#lp-data-message .lp-problem")).to_be_visible(timeout=30 * SECONDS)
    page.get_by_label("Text column", exact=True).click()
    page.get_by_role("option", name="a", exact=False).first.click()
    expect(page.locator("#lp-data-message")).not_to_contain_text("no such columns", timeout=10 * SECONDS)
    expect(page.get_by_label("Text column", exact=True)).to_have_value(re.compile("a"))


@pytest.mark.slow
def test_a_file_is_used_in_the_trade_off_and_seen_by_nobody_else(page, app, reviews, browser):
    bring(visit(page, app, f"?model={app[1]}&drop=3"), reviews)
    page.get_by_role("button", name="Use it in Trade-off").click(timeout=30 * SECONDS)
    expect(page.locator("#lp-action")).to_contain_text("reviews.csv")
    expect(page.get_by_label("Task", exact=True)).to_have_value("reviews.csv · yours")
    page.locator("#lp-run").click()
    expect(page.locator("#lp-job")).to_contain_text("Done: Top · drop 3, seed 0", timeout=RUN_TIME)
    expect(answer(page)).to_have_text(re.compile("Top · drop 3 → "))
    other = visit(browser.new_context().new_page(), app, page.url.partition("/?")[2] and f"?{page.url.split('?')[1]}")
    expect(other.get_by_label("Task", exact=True)).not_to_have_value("reviews.csv · yours")
    expect(other.locator("#lp-rows")).not_to_contain_text("this machine")
    open_tab(other, "Your data")
    expect(other.get_by_text("Bring your own texts")).to_be_visible()
    other.context.close()


def test_a_removed_file_is_gone(page, app, reviews):
    bring(visit(page, app), reviews)
    page.get_by_role("button", name="Remove this file").click(timeout=30 * SECONDS)
    expect(page.get_by_text("Bring your own texts")).to_be_visible()


def test_what_a_file_holds_is_shown_as_text(page, app, tmp_path):
    rows = table(200).assign(label=[HOSTILE if i % 2 else "plain" for i in range(200)])
    rows.loc[0, "text"] = HOSTILE
    bring(visit(page, app), save(rows.rename(columns={"label": f"label {HOSTILE}"}), tmp_path / "hostile.csv"))
    expect(page.locator("#lp-preview")).to_contain_text("<img src=x", timeout=30 * SECONDS)
    expect(page).to_have_title("Layer Pruning Explorer")
    assert page.locator("main img").count() == 0


@pytest.mark.parametrize(
    "content, name, told",
    [
        (b"", "empty.csv", "empty.csv"),
        (b"text,label\n" + b"".join(b"a fine film %d,yes\n" % i for i in range(60)), "one.csv", "class"),
        (b"\x00\x01\x02" * 500, "binary.csv", "binary.csv"),
    ],
)
def test_a_bad_file_gets_a_sentence(page, app, tmp_path, content, name, told):
    (tmp_path / name).write_bytes(content)
    bring(visit(page, app), tmp_path / name)
    expect(page.locator("#lp-data-message .lp-problem")).to_contain_text(told, timeout=30 * SECONDS)


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate((MAX_MB << 20) + 1)
    return path


def test_a_file_that_is_too_large_is_refused_in_the_browser(page, app, large):
    bring(visit(page, app), large)
    expect(page.locator("#lp-data-message")).to_contain_text(f"allowed are {MAX_MB}")


def test_a_refusal_stays_though_the_server_tells_later_that_no_file_is_kept(page, app, large):
    held = []

    def hold(route: Route) -> None:
        of_visitor = re.search(r'"data":\["\w{32}"\]', route.request.post_data or "")
        held.append(route) if of_visitor else route.continue_()

    page.route("**/gradio_api/run/**", hold)
    bring(visit(page, app), large)
    expect(page.locator("#lp-data-message")).to_contain_text(f"allowed are {MAX_MB}")
    assert held
    for route in held:
        with page.expect_response(route.request.url):
            route.continue_()
    expect(page.locator("#lp-data-message")).to_contain_text(f"allowed are {MAX_MB}")


def test_the_tab_is_not_wider_than_a_phone(page, app, reviews):
    page.set_viewport_size({"width": 390, "height": 844})
    bring(visit(page, app), reviews)
    page.wait_for_selector("#lp-lengths .lp-plot[data-drawn]", timeout=30 * SECONDS)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
