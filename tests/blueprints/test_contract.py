"""The contract's page, as people and other tools read it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from blueprints.contract import contract_page
from blueprints.load import load_text


def page(text: str, folder: Path) -> str:
    return contract_page(load_text(text, "mission.yaml", folder).blueprint)


def entry(text: str, folder: Path, name: str) -> str:
    """The part of the page about one assertion."""
    return "### " + next(
        part for part in re.split(r"\n?^##+ ", page(text, folder), flags=re.M) if part.startswith(name)
    )


def test_areas_have_sections_with_their_assertions(every: str, tmp_path: Path) -> None:
    headings = [line for line in page(every, tmp_path).splitlines() if line.startswith("#")]
    assert headings == [
        "# Contract: notes",
        "## VAL-CODE",
        "### VAL-CODE-001: No secret is in the code",
        "## VAL-LOOKS",
        "### VAL-LOOKS-001: The page is pleasant",
        "## VAL-NOTES",
        "### VAL-NOTES-001: A note that was posted is listed with its title",
        "### VAL-NOTES-002: Notes are kept in the order of their dates",
        "### VAL-NOTES-003: The command line lists notes",
    ]


def test_an_assertion_says_what_proves_it_and_what_that_leaves(every: str, tmp_path: Path) -> None:
    assert (
        entry(every, tmp_path, "VAL-NOTES-002")
        == """\
### VAL-NOTES-002: Notes are kept in the order of their dates

Notes are kept in the order of their dates.

Tool: pytest: `python3 -m pytest tests/test_order.py tests/test_order.py::test_dates`
Evidence: output, junit.xml
Claimed by: store
"""
    )


def test_several_checks_are_listed(every: str, tmp_path: Path) -> None:
    assert (
        entry(every, tmp_path, "VAL-NOTES-001")
        == """\
### VAL-NOTES-001: A note that was posted is listed with its title

A note that was posted is listed with its title.

Tool: http, browser
Evidence: `*.json`; exchange.json; screenshots, trace, network log
From: issue 12
Claimed by: store, page

- http: `POST /notes of app`
- browser: `10 steps in a browser at app`
"""
    )


def test_an_invariant_says_so(every: str, tmp_path: Path) -> None:
    assert "\nInvariant: yes\n" in entry(every, tmp_path, "VAL-NOTES-003")
    assert "Invariant" not in entry(every, tmp_path, "VAL-NOTES-002")


def test_a_long_sentence_has_a_short_title_and_is_there_in_full(every: str, tmp_path: Path) -> None:
    says = "Notes " + "that are very old " * 10 + "are kept."
    heading, _, sentence = entry(
        every.replace("Notes are kept in the order of their dates.", says), tmp_path, "VAL-NOTES-002"
    ).splitlines()[:3]
    assert heading.endswith("that are very old that are very old...")
    assert len(heading) < 110
    assert sentence == says


NASTY = [
    "# x",
    "x\\n\\n## VAL-X\\n\\n### VAL-X-001: y",
    "x\\nTool: none",
    "Tool: none",
    "Claimed by: me",
    "- x",
    "1. x",
    "<script>x</script> <!--",
    "| a | b |",
    "```\\nx",
    "`x",
    "x\\n===",
    "[a](http://b) ![c](d)",
    "    code",
]


@pytest.mark.parametrize("says", NASTY)
def test_a_text_adds_nothing_to_the_structure(every: str, tmp_path: Path, says: str) -> None:
    text = every.replace("The command line lists notes.", f'"{says}"').replace("issue 12", f'"{says}"')
    if "\\n" in says:
        text = every.replace("The command line lists notes.", f'"{says}"')
    text = text.replace("Notes that outlive the session.", f'"{says}"')
    plain, changed = page(every, tmp_path), page(text, tmp_path)
    for beginning in ("#", "Tool:", "Evidence:", "Claimed by:", "-", "```"):
        assert starts(changed, beginning) == starts(plain, beginning)
    html, before = rendered(changed), rendered(plain)
    for tag in ("<h1>", "<h2>", "<h3>", "<li>", "<p>", "<pre>", "<table>", "<a ", "<img", "<script", "<blockquote>"):
        assert html.count(tag) == before.count(tag)


@pytest.mark.parametrize("run", ["x `y` ``z``", "x\\n# y\\n\\n## z", "x | y"])
def test_a_command_stays_a_command(every: str, tmp_path: Path, run: str) -> None:
    text = every.replace("run: make test", f'run: "{run}"')
    assert rendered(page(text, tmp_path)).count("<code>") == rendered(page(every, tmp_path)).count("<code>")
    assert starts(page(text, tmp_path), "#") == starts(page(every, tmp_path), "#")


def starts(text: str, beginning: str) -> int:
    return sum(line.startswith(beginning) for line in text.splitlines())


def rendered(text: str) -> str:
    return str(MarkdownIt("gfm-like", {"linkify": False}).render(text))
