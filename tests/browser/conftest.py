"""Chromium, and the pages as a reader sees them: in both schemes, on a desk and in a hand.

The pages are those of `make docs`, or of the folder that `--site` names. They are served from this
machine below a path, and no other host is known to the browser. Most of the time goes into showing
pages: so the tests of one look at a page stand one after another, and share what is shown.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from helpers.sphinx_build import DOCS
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

BELOW = "/some/where/"  # the path of the pages on their host
WIDTHS = {"desk": (1440, 1000), "phone": (390, 844)}
SCHEMES = ("light", "dark")

#: Whether this address is shown, all of it.
LOADED = "return document.readyState === 'complete' && location.href === new URL(arguments[0]).href"

#: Opens everything, shows all steps of a run, and lights every other line as if pointed at.
OPEN = """
for (const closed of document.querySelectorAll("details:not([open])")) closed.open = true;
const style = `@media screen { .step:not(:has(input:checked)) > .frame { display: block; } }
  :is(.pseudocode > li, .chunk):nth-child(even) { --lit: var(--alg-pointed); }`;
document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--site", type=Path, default=DOCS / "_build" / "html", help="the built pages")


def found(site: Path) -> dict[str, str]:
    """The pages that readers look at, but for those of the code and of single mistakes."""
    assert (site / "index.html").exists(), f"{site} has no pages; `make docs` builds them"
    return {path.name: path.read_text("utf-8") for path in sorted(site.glob("*.html"))}


@dataclass(frozen=True)
class Look:
    """One way to look at a page."""

    page: str
    scheme: str
    width: str

    def __str__(self) -> str:
        return f"{self.page.removesuffix('.html')}-{self.scheme}-{self.width}"


#: What tests take to be about pages with the card of an algorithm: in all ways, and by name.
SHOWN_CARDS, CARD_PAGE = "shown_cards", "card_page"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a test that takes `shown` look at every page in all ways.

    A test that takes `shown_cards` looks so at each page with the card of an algorithm, and one
    that takes `card_page` gets the names of these.
    """
    names = {"shown", SHOWN_CARDS, CARD_PAGE} & {*metafunc.fixturenames}
    if not names:
        return
    pages = found(metafunc.config.getoption("--site"))
    cards = [name for name, page in pages.items() if ' class="alg" ' in page]
    if CARD_PAGE in names:
        metafunc.parametrize(CARD_PAGE, cards)
        return
    name = SHOWN_CARDS if SHOWN_CARDS in names else "shown"
    looks = [Look(page, *way) for page in (pages if name == "shown" else cards) for way in ways()]
    metafunc.parametrize(name, looks, ids=str, indirect=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Set the tests of one look together, in the order of their files."""
    items.sort(key=lambda item: str(look_of(item) or ""))


class LookByLook(LoadScopeScheduling):
    """Gives the tests of one look to one process: those whose names have the same in brackets."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("[")[2] or nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LookByLook:
    """Have each page shown once in each way, in whichever process."""
    return LookByLook(config, log)


def look_of(item: pytest.Item) -> "Look | None":
    """The look at a page that a test is about."""
    call = getattr(item, "callspec", None)
    parameters = call.params if call is not None else {}
    return parameters.get("shown", parameters.get(SHOWN_CARDS))


def ways() -> Iterator[tuple[str, str]]:
    """Every scheme at every width."""
    return ((scheme, width) for scheme in SCHEMES for width in WIDTHS)


class Served(SimpleHTTPRequestHandler):
    """The files of a folder, below a path."""

    def translate_path(self, path: str) -> str:
        if not path.startswith(BELOW):
            return "/nowhere"
        return super().translate_path(path.removeprefix(BELOW.rstrip("/")))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Path:
    """The folder of the pages."""
    folder: Path = request.config.getoption("--site").resolve()
    return folder


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """The address of the pages."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Served, directory=site))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{BELOW}"
    server.shutdown()
    server.server_close()


class Browser:
    """A browser, and what it has asked for and complained of."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self.shown: Shown | None = None  # the page that `show` has opened, if it is as it was

    def look(self, scheme: str = "light", width: str = "desk", media: str = "") -> None:
        """Choose how pages are shown from now on."""
        across, down = WIDTHS[width]
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=across,
            height=down,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},  # nothing is half-way
        ]
        self.send("Emulation.setEmulatedMedia", media=media, features=features)

    def show(self, address: str, look: Look) -> "Shown":
        """Show a page in a way, unless it is shown so already."""
        if self.shown is None or self.shown.look != look:
            self.look(look.scheme, look.width)
            self.open(address)
            self.shown = Shown(look, self, self.requests(), self.complaints())
        return self.shown

    def open(self, address: str) -> None:
        """Show a page, and forget what was noted of those before."""
        self.shown = None
        self.driver.get("about:blank")
        self.requests(), self.complaints()
        self.driver.get(address)
        # The driver may return while the page before is still there.
        WebDriverWait(self.driver, 60).until(lambda _: self.run(LOADED, address))

    def send(self, command: str, **arguments: Any) -> Any:
        """Send a command of the developer tools."""
        return self.driver.execute_cdp_cmd(command, arguments)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page, and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, until: Callable[[], object]) -> None:
        """Wait until something holds, for a few seconds."""
        WebDriverWait(self.driver, 10, poll_frequency=0.05).until(lambda _: until())

    def into_view(self, part: WebElement) -> None:
        """Scroll an element to the middle of the window, and of what it scrolls in."""
        place = "{block: 'center', inline: 'center', behavior: 'instant'}"
        self.run(f"arguments[0].scrollIntoView({place})", part)

    def point(self, part: WebElement) -> None:
        """Move the pointer to the middle of an element."""
        self.into_view(part)
        ActionChains(self.driver, duration=0).move_to_element(part).perform()

    def point_at_nothing(self) -> None:
        """Move the pointer to a corner, where no line is."""
        pointer = ActionChains(self.driver, duration=0)
        pointer.w3c_actions.pointer_action.move_to_location(0, 0)
        pointer.perform()

    def click(self, part: WebElement) -> None:
        """Click an element where nothing lies over it, such as the bar at the top of a phone."""
        self.into_view(part)
        part.click()

    def copied(self, part: WebElement) -> str:
        """Select all of a part, press Control and C, and return what the clipboard has."""
        self.forget_the_clipboard()
        self.run("getSelection().selectAllChildren(arguments[0])", part)
        keys = ActionChains(self.driver).key_down(Keys.CONTROL).send_keys("c").key_up(Keys.CONTROL)
        keys.perform()
        self.run("getSelection().empty()")
        return self.clipboard()

    def clipboard(self) -> str:
        """What the clipboard has."""
        text: str = self.driver.execute_async_script(
            "navigator.clipboard.readText().then(arguments[0], arguments[0])"
        )
        return text

    def forget_the_clipboard(self) -> None:
        """Have nothing in the clipboard."""
        self.driver.execute_async_script(
            "navigator.clipboard.writeText('').then(arguments[0], arguments[0])"
        )
        assert self.clipboard() == ""

    def requests(self) -> list[str]:
        """The addresses that were asked for since this was last called."""
        events = (json.loads(row["message"])["message"] for row in self._log("performance"))
        asked = (
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        )
        return [address for address in asked if not address.startswith(("data:", "about:"))]

    def complaints(self) -> list[str]:
        """The errors that were written to the console since this was last called."""
        return [row["message"] for row in self._log("browser") if row["level"] == "SEVERE"]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return rows


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    options = webdriver.ChromeOptions()
    paths = [shutil.which(name) for name in ("chromium", "chromedriver")]
    assert all(paths), "apt-get install chromium chromium-driver"
    options.binary_location, driver_path = map(str, paths)
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",  # there is none, and playing one takes a quarter of the time
        "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options, Service(driver_path))
    driver.set_script_timeout(300)
    driver.command_executor.client_config.timeout = 330  # type: ignore[attr-defined]
    driver.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    yield Browser(driver)
    driver.quit()


@dataclass(frozen=True)
class Shown:
    """A page that is shown, and what was noted when it was loaded."""

    look: Look
    browser: Browser
    requests: list[str]
    complaints: list[str]

    def parts(self, selector: str) -> list[WebElement]:
        """Return what is used of a page's parts of a kind: all in one of the ways, else the first.

        The others look and do the same there, and a page has up to twenty.
        """
        found = self.browser.driver.find_elements(By.CSS_SELECTOR, selector)
        return found if (self.look.scheme, self.look.width) == next(ways()) else found[:1]


@pytest.fixture
def shown(request: pytest.FixtureRequest, browser: Browser, served: str) -> Shown:
    """A page in one of the ways to look at it, which the tests of this look share."""
    look: Look = request.param
    return browser.show(served + look.page, look)


@pytest.fixture
def shown_cards(request: pytest.FixtureRequest, browser: Browser, served: str) -> Shown:
    """A page with the card of an algorithm in one of the ways to look at it."""
    look: Look = request.param
    return browser.show(served + look.page, look)
