"""A plan is approved in Prefect's own UI, in a real browser: nobody sits beside the mission."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.deployment import deployed, pool_of
from tests.flows.stage import LONG, check, feature, milestone, workers, write
from tests.recipes import follow, recipe
from validators import chromium

PICTURES = os.environ.get("MISSION_TEST_SCREENSHOTS")
"""A folder for them; no test has such variables in its environment."""
CHROMIUM = chromium.find()  # of whoever runs the tests, whose home is emptied later

BLUEPRINT: Data = {
    "mission": "import-export",
    "goal": "Users export their notes as CSV and import them back.",
    "planApproval": {"within": "12h", "otherwise": "reject"},
    "contract": {
        "VAL-EXPORT-001": {"says": "The export has every note.", "check": check("test -s export.csv")},
    },
    "milestones": [
        milestone(
            "export",
            feature("writer", title="Write CSV", touches=["export.csv", "docs/**"], fulfills=["VAL-EXPORT-001"]),
            feature("manual", title="Say how", touches=["docs/export.md"], fulfills=[], because="It is read."),
        )
    ],
}


@contextmanager
def browser() -> Generator[Page]:
    """A page of a browser that waits as long as the tests do."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = started.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(LONG * 1000)
        yield page
        started.close()


@pytest.mark.skipif(CHROMIUM is None, reason=chromium.MISSING)
def test_a_plan_is_approved_by_clicking_in_prefects_ui(new_missions: NewMissions) -> None:
    """Of two workers that are there, one goes on with the mission; whoever decided in time calls the alarm off."""
    hosting = deployed(new_missions())
    script = workers(writer=[write("export.csv")], manual=[write("docs/export.md")])
    path, pool = hosting.missions.blueprint(BLUEPRINT, script), pool_of(hosting.missions)
    [commands] = recipe("Approve in Prefect's UI")
    assert follow(commands, hosting.missions, blueprint=path, pool=pool) == ["prefect worker start --pool missions"]
    with hosting.worker(), hosting.worker(), browser() as page:
        run = hosting.begin(BLUEPRINT, script)
        run.wait_for_state("PAUSED", "Suspended")
        assert [alarm["state"]["type"] for alarm in run.alarms()] == ["SCHEDULED"]
        page.goto(str(run.report()["ui"]))
        _approve(page)
        run.wait_for_state("COMPLETED", "Completed")
        page.goto(str(run.report()["ui"]))
        page.get_by_text("Completed", exact=True).first.wait_for()
        _picture(page, "approved")
    [approval] = run.events("plan_approved")
    facts = [approval[name] for name in ("by", "note", "maxConcurrency")]
    assert (facts, run.lives(), run.alarms()) == (["Ada", "Go ahead.", 2], 2, [])
    assert sorted(run.sessions()) == ["manual.1", "writer.1"]


def _approve(page: Page) -> None:
    """What it is about is there to be read in a low window, too: nobody approves what is hidden."""
    page.get_by_role("button", name="Resume").click()
    form = page.get_by_role("dialog")
    for heading in ("import-export", "1. export", "Contract", "Before the work"):
        form.get_by_role("heading", name=heading, exact=True).scroll_into_view_if_needed()
    told = " ".join(form.inner_text().split())
    for words in ("Decide by", "Agent runs: at least 2, at most 3", "writer and manual both touch docs/export.md"):
        assert words in told
    form.locator(".p-select-button__control").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("option", name="approve", exact=True).click()
    note, by = form.get_by_role("textbox").all()
    note.fill("Go ahead.")
    by.fill("Ada")
    form.get_by_role("spinbutton").fill("2")
    _picture(page, "gate")
    form.get_by_role("button", name="Submit").click()
    form.wait_for(state="hidden")


def _picture(page: Page, name: str) -> None:
    """For the documentation, when somebody wants it: the form as a whole, or the page."""
    if PICTURES:
        page.set_viewport_size({"width": 1280, "height": 2400 if name == "gate" else 500})
        page.wait_for_load_state("networkidle")
        form = page.locator(".p-modal__card")
        picture = form.screenshot() if form.is_visible() else page.screenshot()
        (Path(PICTURES) / f"{name}.png").write_bytes(picture)
