"""The page in a real Chromium: mouse, keyboard, light and dark, no complaint, nothing asked from anywhere."""

import contextlib

import pytest
from browser import browser, chromium
from fabricated_page import fabricate_page
from fabricated_run import thumbnail

from vidi.documents import audit_page, papers
from vidi.documents.evidence import audits_of

pytestmark = pytest.mark.skipif(
    chromium() is None,
    reason="no Chromium with its chromedriver on this machine (apt-get install chromium-driver)",
)


@pytest.fixture(scope="module")
def window():
    with contextlib.ExitStack() as stack:
        try:
            opened = stack.enter_context(browser())
        except RuntimeError as error:  # there, and not allowed to run (a sandbox inside another, say)
            pytest.skip(f"Chromium does not start here: {error}")
        opened.ask("POST", "/url", url="about:blank")
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    run = fabricate_page(tmp_path_factory.mktemp("browser") / "run")
    papers.write(run, thumbnail=thumbnail)
    (audited,) = audits_of(run.path)
    audit_page.write(run.path / "audits" / audited.name, audited.content)
    return run.path


@pytest.fixture
def page(window, folder):
    """The report, fresh; whatever a test does, nothing may have been complained of or asked for."""
    window.complaints(), window.requests()
    window.open(folder / "report.html")
    yield window
    assert window.complaints() == []
    asked = [address for address in window.requests() if not address.startswith("chrome:")]
    assert asked and all(address.startswith(folder.as_uri()) for address in asked)


def test_a_cell_shows_the_images_behind_it_and_escape_goes_back(page):
    first = page.run("return document.querySelector('.matrix a.wrong').hash")
    assert not page.seen(first)
    page.click(".matrix a.wrong")
    assert page.seen(first) and page.focused() == first[1:]
    shown = page.run(
        "return [...document.querySelectorAll(arguments[0] + ' img')].map(i => i.naturalWidth)", first
    )
    assert shown and all(width == 48 for width in shown)
    assert page.run("return document.querySelector('.matrix a.wrong').ariaExpanded") == "true"
    page.press("Escape")
    assert not page.seen(first) and page.focused() == first


def test_the_matrix_is_one_stop_and_arrows_walk_in_it(page):
    stops = page.run(
        "return [...document.querySelectorAll('.matrix a')].filter(a => a.tabIndex === 0).length"
    )
    assert stops == 1
    page.run("const a = document.querySelector('.matrix a[href=\"#cell-0-0\"]'); a.tabIndex = 0; a.focus()")
    page.press("Down")
    after = page.focused()
    assert after.startswith("#cell-") and after.endswith("-0") and after != "#cell-0-0"
    page.press("Up")
    assert page.focused() == "#cell-0-0"
    page.press("Enter")
    assert page.seen("#cell-0-0")
    page.press("Escape")
    page.press("Right")
    page.press("Space")
    assert page.seen(page.run("return document.querySelector('.matrix a[aria-expanded=true]').hash"))


def test_tabs_by_mouse_and_by_keyboard(page):
    assert page.seen("#report") and not page.seen("#data") and not page.seen("#model-card")
    page.click(".tabs a[href='#model-card']")
    assert page.seen("#model-card") and not page.seen("#report")
    page.press("Right")
    assert page.seen("#datasheet") and page.focused() == "tab-datasheet"
    page.press("Right")
    assert page.seen("#report") and page.focused() == "tab-report"
    page.press("End", "Home")
    assert page.seen("#report")
    roles = page.run("return [...document.querySelectorAll('.tabs a')].map(a => a.role + a.ariaSelected)")
    assert roles == ["tabtrue", "tabfalse", "tabfalse", "tabfalse"]


def test_an_address_inside_a_tab_opens_it(page, folder):
    page.open(folder / "report.html", "#suspects")
    assert page.seen("#suspects") and not page.seen("#report")
    page.run("location.hash = '#groups'")
    page.ask("POST", "/execute/async", script="setTimeout(arguments[0], 50)", args=[])
    assert page.seen("#groups") and not page.seen("#suspects")


@pytest.mark.slow
def test_the_theme_follows_the_system_until_it_is_pressed(page, folder):
    paper = "return getComputedStyle(document.body).backgroundColor"
    for scheme, other in (("light", "dark"), ("dark", "light")):
        page.run("localStorage.clear()")
        page.command(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        page.open(folder / "report.html")
        before = page.run(paper)
        assert other in page.run("return document.getElementById('theme').ariaLabel")
        page.click("#theme")
        assert page.run(paper) != before
        page.open(folder / "report.html")
        assert page.run(paper) != before  # remembered
    page.run("localStorage.clear()")
    page.command("Emulation.setEmulatedMedia", features=[])


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_every_screen_and_can_be_looked_at(page, tmp_path, width):
    page.command(
        "Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=width < 500
    )
    assert page.run("return document.documentElement.scrollWidth") <= width
    page.screenshot(tmp_path / "page.png", whole=True)
    assert (tmp_path / "page.png").stat().st_size > 50_000
    page.command("Emulation.clearDeviceMetricsOverride")


@pytest.mark.slow
def test_on_paper_every_text_is_dark_on_white_and_nothing_to_press_is_left(page, tmp_path):
    page.click("#theme")
    page.command("Emulation.setEmulatedMedia", media="print")
    assert page.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.seen("#theme") and not page.seen("nav")
    page.command("Emulation.setEmulatedMedia", media="")
    page.pdf(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    page.run("localStorage.clear()")


def test_without_script_everything_can_be_read_and_a_cell_still_opens(page, folder):
    page.command("Emulation.setScriptExecutionDisabled", value=True)
    page.open(folder / "report.html")
    for part in ("#report", "#data", "#model-card", "#datasheet"):
        assert page.seen(part)
    assert not page.seen("#theme")
    page.click(".matrix a.wrong")
    assert (
        page.run("return [...document.querySelectorAll('.gallery')].filter(g => g.checkVisibility()).length")
        == 1
    )
    page.command("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.slow
def test_every_control_has_a_name_and_every_chart_its_words(page, folder):
    for file in (folder / "report.html", next(folder.glob("audits/*/audit.html"))):
        page.open(file)
        nameless = """
            const name = (e) => (e.getAttribute("aria-label") || e.textContent || e.title).trim();
            return [...document.querySelectorAll("a, button, summary, [role=region], [role=img]")]
                .filter((e) => !name(e)).map((e) => e.outerHTML.slice(0, 80))
        """
        assert page.run(nameless) == []
        assert page.run("return [...document.images].filter(i => !i.alt).length") == 0
        assert page.run("return document.documentElement.lang") == "en"
