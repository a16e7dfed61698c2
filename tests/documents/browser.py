"""A real Chromium, driven through chromedriver's own protocol (W3C WebDriver): no package is needed for it."""

import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BINARIES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key that the standard gives to elements
KEYS = {
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Tab": "\ue004",
    "Space": " ",
    "Home": "\ue011",
    "End": "\ue010",
}
KEYS |= {"Left": "\ue012", "Up": "\ue013", "Right": "\ue014", "Down": "\ue015"}


def chromium() -> str | None:
    """Where the browser is; None without one that a driver comes with."""
    found = next(filter(None, map(shutil.which, BINARIES)), None)
    return found if found and shutil.which("chromedriver") else None


@dataclass(frozen=True)
class Browser:
    """One window. Raises RuntimeError with the driver's sentence for what cannot be done."""

    address: str

    def ask(self, method: str, path: str, **content: Any) -> Any:
        body = json.dumps(content).encode() if method == "POST" else None
        request = urllib.request.Request(
            self.address + path, body, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.loads(error.read())["value"]["message"].splitlines()[0]) from None

    def open(self, page: Path, fragment: str = "") -> None:
        self.ask("POST", "/url", url=page.resolve().as_uri() + fragment)

    def run(self, script: str, *values: Any) -> Any:
        """The value of a piece of JavaScript, `return` and all."""
        return self.ask("POST", "/execute/sync", script=script, args=list(values))

    def find(self, selector: str) -> str:
        found = self.ask("POST", "/element", using="css selector", value=selector)
        return str(found[ELEMENT])

    def click(self, selector: str) -> None:
        self.ask("POST", f"/element/{self.find(selector)}/click")

    def press(self, *names: str) -> None:
        """Keys to whatever has the focus."""
        strokes = [
            {"type": kind, "value": KEYS.get(name, name)} for name in names for kind in ("keyDown", "keyUp")
        ]
        self.ask("POST", "/actions", actions=[{"type": "key", "id": "keyboard", "actions": strokes}])

    def focused(self) -> str:
        """What has the focus: its id, or else its address."""
        return str(self.run("const e = document.activeElement; return e.id || e.hash || e.tagName"))

    def seen(self, selector: str) -> bool:
        return bool(self.run("return document.querySelector(arguments[0]).checkVisibility()", selector))

    def command(self, name: str, **values: Any) -> Any:
        """One of Chromium's own commands (media, window size, offline)."""
        return self.ask("POST", "/goog/cdp/execute", cmd=name, params=values)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        size = self.command("Page.getLayoutMetrics")["cssContentSize"] if whole else None
        clip = {"clip": {**size, "scale": 1}, "captureBeyondViewport": True} if size else {}
        path.write_bytes(
            base64.b64decode(self.command("Page.captureScreenshot", format="png", **clip)["data"])
        )

    def pdf(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.ask("POST", "/print", background=True)))

    def complaints(self) -> list[str]:
        """What the console said since the last time."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", type="browser")]

    def requests(self) -> list[str]:
        """Every address that was asked for since the last time, pictures inside the page left out."""
        events = [
            json.loads(entry["message"])["message"]
            for entry in self.ask("POST", "/se/log", type="performance")
        ]
        asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [address for address in asked if not address.startswith("data:")]


@contextlib.contextmanager
def browser(*, width: int = 1280, height: int = 900) -> Iterator[Browser]:
    """A headless window that is closed in the end; raises RuntimeError if the driver does not start."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        words = [str(shutil.which("chromedriver")), "--port=0"]
        driver = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            port = port_of(driver)
            switches = [
                "--headless",
                "--disable-gpu",
                "--no-first-run",
                "--disable-quic",
                "--hide-scrollbars",
            ]
            switches += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
            switches += [
                "--disable-dev-shm-usage",
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
            ]
            switches += ["--no-sandbox"] if os.geteuid() == 0 else []
            options = {"binary": chromium(), "args": switches}
            wanted = {
                "browserName": "chrome",
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            }
            root = Browser(f"http://127.0.0.1:{port}")
            session = root.ask("POST", "/session", capabilities={"alwaysMatch": wanted})
            window = Browser(f"{root.address}/session/{session['sessionId']}")
            try:
                yield window
            finally:
                window.ask("DELETE", "")
        finally:
            driver.terminate()
            driver.wait(timeout=20)


def port_of(driver: "subprocess.Popen[str]", *, seconds: float = 30) -> int:
    """The port that the driver chose, from what it says when it is ready."""
    until = time.monotonic() + seconds
    while driver.stdout is not None and time.monotonic() < until:
        line = driver.stdout.readline()
        match = re.search(r"started successfully on port (\d+)", line)
        if match:
            return int(match[1])
        if not line and driver.poll() is not None:
            break
    raise RuntimeError("chromedriver did not start")
