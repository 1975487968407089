from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from blueprints import show
from blueprints.load import load_text
from blueprints.plan import Plan


@pytest.fixture
def plan(full: str, tmp_path: Path) -> Plan:
    return load_text(full, "mission.yaml", tmp_path).plan


def test_text_shows_waves_path_needs_and_checks(plan: Plan) -> None:
    assert (
        show.text(plan).replace(plan.digest[:12], "...")
        == """\
import-export (plan ...)
  Users export their data as CSV and import it back.

Milestone 1: export
  The data can leave.
  wave 1
    csv-writer  Writing | `CSV`
      agent builder; fulfills VAL-EXPORT-001
    button
      agent player
  wave 2
    route
      agent builder; needs csv-writer
  critical path: csv-writer -> route
  checks
    validate-1  all tests
    VAL-EXPORT-001  GET /export.csv returns every row under a header.

Milestone 2: import
  wave 1
    csv-reader
      agent builder; needs csv-writer; fulfills VAL-IMPORT-001
  critical path: csv-reader
  checks
    VAL-IMPORT-001  POST /import takes what the export gives.
    again: VAL-EXPORT-001
"""
    )


def test_text_fits_80_columns_and_hides_nothing(base: str, tmp_path: Path) -> None:
    text = base.replace("A list of things to do.", '"' + "word " * 50 + '\\e[2J\\u202e"')
    shown = show.text(load_text(text, "todo.yaml", tmp_path).plan)
    assert max(map(len, shown.splitlines())) <= 80
    assert "\\x1b[2J\\u202e" in shown
    assert all(line.isprintable() for line in shown.splitlines())


def test_mermaid_draws_the_gate_the_milestones_and_what_waits_for_what(plan: Plan) -> None:
    lines = [line.strip() for line in show.mermaid(plan).splitlines()]
    assert lines[0] == "flowchart TD"
    assert {"start --> gate", "gate --> m1f1", "m1f1 --> m1f3", "m1f3 --> m1integrate"} <= set(lines)
    assert {"m1integrate --> m1validate --> m1seal", "m1seal --> m2f1", "m2seal --> report"} <= set(lines)
    assert 'subgraph m1["export"]' in lines
    assert 'm1f1["csv-writer"]' in lines
    assert "m1f1 --> m1integrate" not in lines


def test_mermaid_has_no_gate_without_approval(base: str, tmp_path: Path) -> None:
    loaded = load_text(base + "requirePlanApproval: false\n", "todo.yaml", tmp_path)
    assert "gate" not in show.mermaid(loaded.plan)


def test_mermaid_has_only_lines_of_known_form(plan: Plan) -> None:
    node = r'\w+(\["[^"]+"\]|\(\["[^"]+"\]\)|\{\{"[^"]+"\}\})'
    form = re.compile(rf'flowchart TD|subgraph \w+\["[^"]+"\]|end|{node}|\w+( --> \w+)+')
    assert all(form.fullmatch(line.strip()) for line in show.mermaid(plan).splitlines())


def test_mermaid_ids_are_never_words_of_its_own(base: str, tmp_path: Path) -> None:
    text = base.replace("id: a,", "id: end,").replace("[a]", "[end]")
    assert '    m1f1["end"]' in show.mermaid(load_text(text, "todo.yaml", tmp_path).plan).splitlines()


NASTY = r"""a | b `c` ``d`` <script>x</script> &amp; [l](http://x) ![i](y) *e* _f_ **g** \\ ~~h~~ # i"""


def rendered(text: str, folder: Path) -> str:
    plan = load_text(text, "todo.yaml", folder).plan
    return str(MarkdownIt("gfm-like", {"linkify": False}).render(show.markdown(plan)))


def test_markdown_says_goal_limits_features_and_checks(plan: Plan) -> None:
    shown = show.markdown(plan)
    assert f"- Plan `{plan.digest}`" in shown
    assert "- Agents: worker `builder`, integrator `player`, repairer `builder`" in shown
    assert "- Most agents at once: 3" in shown
    assert "- Prepares each worktree with `uv sync`" in shown
    assert "| `csv-reader` | `csv-writer` | `builder` | `VAL-IMPORT-001` |" in shown
    assert "- `VAL-EXPORT-001`: GET /export.csv returns every row under a header. `pytest -q tests/" in shown
    assert "- Again: `VAL-EXPORT-001`" in shown


def test_markdown_keeps_nasty_text_as_text(base: str, tmp_path: Path) -> None:
    html = rendered(base.replace("A list of things to do.", f"'{NASTY}'"), tmp_path)
    (paragraph,) = re.findall("<p>(a .*)</p>", html)
    unescaped = paragraph.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert unescaped == NASTY


@pytest.mark.parametrize("start", ["# x", "- x", "+ x", "1. x", "1) x", "> x", "===", "---", "    x", "| a |"])
def test_markdown_text_opens_no_block(base: str, tmp_path: Path, start: str) -> None:
    html = rendered(base.replace("A list of things to do.", f"'{start}'"), tmp_path)
    goal = html.split("</h1>")[1].split("<ul>")[0].strip()
    assert goal == f"<p>{start.strip().replace('>', '&gt;')}</p>"


def test_markdown_table_survives_a_nasty_title(base: str, tmp_path: Path) -> None:
    html = rendered(base.replace("spec: Do a.", f"spec: Do a., title: '{NASTY}'"), tmp_path)
    assert html.count("<tr>") == 3
    assert html.count("<td") == 8


@pytest.mark.parametrize("run", ["pytest `which x`", "`a` || ``b``", "a | b", "pytest '<b>'", "x \\| y"])
def test_markdown_shows_a_command_as_it_is(base: str, tmp_path: Path, run: str) -> None:
    quoted = run.replace("'", "''")
    html = rendered(base.replace("run: pytest -q", f"run: '{quoted}'"), tmp_path)
    escaped = run.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f"<code>{escaped}</code>" in html


def test_markdown_keeps_the_lines_of_a_command_apart(base: str, tmp_path: Path) -> None:
    html = rendered(base.replace("run: pytest -q", 'run: "pytest # all\\nrm -r x\\n```\\n# h"'), tmp_path)
    assert '<pre><code class="language-bash">pytest # all\nrm -r x\n```\n# h\n</code></pre>' in html


def test_data_is_json_with_digest_waves_and_critical_path(plan: Plan) -> None:
    data = json.loads(json.dumps(show.as_data(plan)))
    assert data["digest"] == plan.digest
    assert [m["waves"] for m in data["milestones"]] == [
        [["csv-writer", "button"], ["route"]],
        [["csv-reader"]],
    ]
    assert data["milestones"][0]["criticalPath"] == ["csv-writer", "route"]
    assert data["roles"] == {"worker": "builder", "integrator": "player", "repairer": "builder"}


def test_data_has_the_keys_its_docstring_names(plan: Plan) -> None:
    data = json.loads(json.dumps(show.as_data(plan)))
    milestone = data["milestones"][0]
    parts = [data, data["limits"], milestone, milestone["features"][0], milestone["checks"][0]]
    named = set(re.findall(r"\w+", show.as_data.__doc__ or ""))
    assert {key for part in parts for key in part} <= named


def test_data_tells_what_a_feature_waits_for_from_what_it_needs(plan: Plan) -> None:
    data = json.loads(json.dumps(show.as_data(plan)))
    reader = data["milestones"][1]["features"][0]
    assert (reader["needs"], reader["waitsFor"]) == (["csv-writer"], [])
