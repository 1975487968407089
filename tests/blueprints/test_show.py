from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from blueprints import show
from blueprints.load import load_text
from blueprints.plan import Plan


@pytest.fixture
def plan(full: str, tmp_path: Path) -> Plan:
    return load_text(full, "mission.yaml", tmp_path).plan


Crowded = Callable[..., Plan]


@pytest.fixture
def crowded(tmp_path: Path) -> Crowded:
    """Three features side by side, two of which touch the same files."""

    def make(*, avoid: bool) -> Plan:
        return load_text(CROWDED.replace("false", str(avoid).lower()), "mission.yaml", tmp_path).plan

    return make


CROWDED = """\
mission: crowded
goal: Many at once.
schedule: {avoidConflicts: false}
agents: {builder: {kind: command, argv: [agent]}}
validators: [{kind: command, run: make test}]
milestones:
  - name: one
    features:
      - {id: parser, spec: x, touches: [src/parser.py, "docs/*.md"], fulfills: [], because: Groundwork.}
      - {id: page, spec: x, touches: [web/**], fulfills: [], because: Groundwork.}
      - {id: quotes, spec: x, touches: [src/**, docs/**], fulfills: [], because: Groundwork.}
"""


@pytest.fixture
def proved(every: str, tmp_path: Path) -> Plan:
    return load_text(every, "mission.yaml", tmp_path).plan


def test_text_shows_waves_path_needs_and_checks(plan: Plan) -> None:
    assert (
        show.text(plan).replace(plan.digest[:12], "...")
        == """\
import-export (plan ...)
  Users export their data as CSV and import it back.
  agent runs: 4 to 11

Milestone 1: export
  The data can leave.
  wave 1
    csv-writer  Writing | `CSV`
      agent builder; fulfills VAL-EXPORT-001
    button
      agent player; fulfills nothing: The export's assertion covers it.
  wave 2
    route
      agent builder; needs csv-writer; fulfills nothing: Part of the export.
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

Contract
  assertion       proved by  milestone  claimed by
  VAL-EXPORT-001  command    export     csv-writer
    GET /export.csv returns every row under a header.
  VAL-IMPORT-001  command    import     csv-reader
    POST /import takes what the export gives.
"""
    )


def test_text_shows_who_claims_and_what_proves_each_assertion(proved: Plan) -> None:
    shown = show.text(proved)
    assert (
        shown[shown.index("Contract\n") :]
        == """\
Contract
  assertion      proved by             milestone  claimed by
  VAL-NOTES-001  http, browser         base       store, page
    A note that was posted is listed with its title.
  VAL-NOTES-002  pytest                base       store
    Notes are kept in the order of their dates.
  VAL-NOTES-003  command, a reviewer   looks      page
    invariant: The command line lists notes.
  VAL-LOOKS-001  a person, a tester    looks      page
    The page is pleasant.
  VAL-CODE-001   codebase, files,      looks      page
                 junit, coverage
    No secret is in the code.

Services
  store  store --port $PORT
    healthy by tcp
  app  python3 -m notes --port $PORT
    healthy by /health; after store
"""
    )


def test_text_says_what_each_of_several_checks_does(proved: Plan) -> None:
    shown = show.text(proved)
    assert "    VAL-NOTES-001.1  http: POST /notes of app\n" in shown
    assert "    VAL-NOTES-003.1  command: the list\n" in shown
    assert "    VAL-NOTES-002  Notes are kept in the order of their dates.\n" in shown


def test_a_service_that_no_check_needs_is_not_shown(every: str, tmp_path: Path) -> None:
    plan = load_text(every.replace("services:\n", "services:\n  mail: {start: mail}\n", 1), "x.yaml", tmp_path).plan
    assert "mail" not in show.text(plan)
    assert "mail" not in show.markdown(plan)
    assert [service["name"] for service in data_of(plan)["services"]] == ["store", "app"]


def test_the_contract_of_long_names_fits_80_columns(every: str, tmp_path: Path) -> None:
    text = every.replace("VAL-NOTES-001", f"VAL-{'A' * 50}-001").replace("name: base", f"name: {'b' * 64}")
    text = text.replace("id: page", f"id: {'p' * 60}").replace("id: store,", f"id: {'s' * 60},")
    text = text.replace("needs: [store]", f"needs: [{'s' * 60}]")
    lines = show.text(load_text(text, "x.yaml", tmp_path).plan).splitlines()
    table = lines[lines.index("Contract") : lines.index("Services")]
    assert max(map(len, table)) <= 80
    assert sum(line.count("p") for line in table) >= 60


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


def test_a_likely_conflict_is_shown_with_what_to_do_about_it(crowded: Crowded) -> None:
    plan = crowded(avoid=False)
    assert """\
  likely conflicts, which schedule: {avoidConflicts: true} avoids
    parser, quotes  both touch src/parser.py, docs/*.md, docs/**; or give quotes
      needs: [parser]
""" in show.text(plan)
    assert """
Likely conflicts, which `schedule: {avoidConflicts: true}` avoids:

- `parser` and `quotes` both touch `src/parser.py`, `docs/*.md`, `docs/**`; or give `quotes` `needs: [parser]`

Critical path: `parser`
""" in show.markdown(plan)
    assert '  m1f1 -. "may conflict" .- m1f3\n' in show.mermaid(plan)
    assert data_of(plan)["milestones"][0]["collisions"] == [
        {
            "features": ["parser", "quotes"],
            "patterns": ["src/parser.py", "docs/*.md", "docs/**"],
            "reason": "both touch src/parser.py, docs/*.md, docs/**",
            "suggestion": "needs: [parser]",
        }
    ]


def test_a_feature_that_waits_to_avoid_a_conflict_is_shown_as_such(crowded: Crowded) -> None:
    plan = crowded(avoid=True)
    assert "      agent builder; needs parser (avoids a conflict); fulfills" in show.text(plan)
    assert "| `quotes` | `parser` (avoids a conflict) | `builder` |" in show.markdown(plan)
    assert '  m1f1 -- "avoids a conflict" --> m1f3\n' in show.mermaid(plan)
    (milestone,) = data_of(plan)["milestones"]
    assert [milestone["features"][2][key] for key in ("needs", "avoids", "waitsFor")] == [["parser"]] * 3
    assert milestone["collisions"] == []
    assert data_of(plan)["schedule"] == {"avoidConflicts": True}
    for shown in (show.text(plan), show.markdown(plan), show.mermaid(plan)):
        assert "ikely conflicts" not in shown
        assert "may conflict" not in shown


def test_mermaid_has_no_gate_without_approval(base: str, tmp_path: Path) -> None:
    loaded = load_text(base + "requirePlanApproval: false\n", "todo.yaml", tmp_path)
    assert "gate" not in show.mermaid(loaded.plan)


def test_mermaid_has_only_lines_of_known_form(plan: Plan, crowded: Crowded) -> None:
    node = r'\w+(\["[^"]+"\]|\(\["[^"]+"\]\)|\{\{"[^"]+"\}\})'
    arrow = r'(-->|-- "[a-z ]+" -->|-\. "[a-z ]+" \.-)'
    form = re.compile(rf'flowchart TD|subgraph \w+\["[^"]+"\]|end|{node}|\w+( {arrow} \w+)+')
    for each in (plan, crowded(avoid=False), crowded(avoid=True)):
        assert all(form.fullmatch(line.strip()) for line in show.mermaid(each).splitlines())


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
    agents = "worker `builder`, integrator `player`, repairer `builder`, scrutiny `builder`, tester `builder`"
    assert f"- Agents: {agents}\n" in shown
    assert "- Most agents at once: 3" in shown
    assert "- Prepares each worktree with `uv sync`" in shown
    assert "| `csv-reader` | `csv-writer` | `builder` | `VAL-IMPORT-001` |" in shown
    assert "- `VAL-EXPORT-001`: GET /export.csv returns every row under a header. `pytest -q tests/" in shown
    assert "- Again: `VAL-EXPORT-001`" in shown


def test_markdown_says_how_each_assertion_is_proved(proved: Plan) -> None:
    shown = show.markdown(proved)
    note = "A note that was posted is listed with its title."
    assert f"| `VAL-NOTES-001` | {note} | `store`, `page` | `base` | http, browser |\n" in shown
    assert "| `page` | `looks` | command, a reviewer (invariant: passes before the work too) |\n" in shown
    assert "| `page` | `looks` | a person, a tester |\n" in shown
    assert "| `probe` |  | `builder` | nothing: It only adds tests. |\n" in shown


def test_markdown_says_what_runs_and_what_is_let_pass(proved: Plan) -> None:
    shown = show.markdown(proved)
    until = proved.blueprint.quarantine["VAL-NOTES-002"].until
    assert "- Most reruns of a failing check: 2\n" in shown
    tests = "Tests that features add in `tests/**/test_*.py` must not pass before the work"
    assert f"- {tests}: `python3 -m pytest -q`\n" in shown
    assert f"- Flaky results of `VAL-NOTES-002` are let pass until {until}: The clock, see issue 7.\n" in shown
    assert "- `app` after `store`, healthy by `/health`: `python3 -m notes --port $PORT`\n" in shown


def test_markdown_says_when_nothing_of_the_kind_is_there(plan: Plan) -> None:
    shown = show.markdown(plan)
    assert "- Tests that features add are not witnessed\n" in shown
    assert "## Services" not in shown
    assert "Flaky" not in shown


def test_markdown_keeps_its_tables_whatever_texts_say(every: str, tmp_path: Path) -> None:
    nasty = NASTY.replace("'", "''")
    text = every.replace("A note that was posted is listed with its title.", f"'{nasty}'")
    text = text.replace("It only adds tests.", f"'{nasty}'").replace("start: store --port $PORT", f"start: '{nasty}'")
    text = text.replace('"The clock, see issue 7."', f"'{nasty}'")
    plain, html = rendered(every, tmp_path), rendered(text, tmp_path)
    for tag in ("<tr>", "<td", "<li>", "<h2>", "<table>"):
        assert html.count(tag) == plain.count(tag)
    assert "<script" not in html
    assert "<a " not in html
    assert "<img" not in html


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
    assert data["roles"] == {
        "worker": "builder",
        "integrator": "player",
        "repairer": "builder",
        "scrutiny": "builder",
        "tester": "builder",
    }


def data_of(plan: Plan) -> Any:
    return json.loads(json.dumps(show.as_data(plan)))


def test_data_has_the_keys_its_docstring_names(proved: Plan, crowded: Crowded) -> None:
    data = data_of(proved)
    milestone = data["milestones"][0]
    parts = [data, data["limits"], data["roles"], milestone, milestone["features"][0], milestone["checks"][0]]
    parts += [data["contract"][0], data["services"][0], data["quarantine"][0], data["schedule"]]
    parts += data_of(crowded(avoid=False))["milestones"][0]["collisions"]
    named = set(re.findall(r"\w+", show.as_data.__doc__ or ""))
    assert {key for part in parts for key in part} <= named


def test_data_tells_the_contract(proved: Plan) -> None:
    assert data_of(proved)["contract"][0] == {
        "id": "VAL-NOTES-001",
        "says": "A note that was posted is listed with its title.",
        "claimedBy": ["store", "page"],
        "milestone": "base",
        "kinds": ["http", "browser"],
        "invariant": False,
        "evidence": ["*.json"],
        "from": "issue 12",
    }


def test_data_tells_what_each_check_does_and_proves_from_when(proved: Plan) -> None:
    checks = {check["id"]: check for check in data_of(proved)["milestones"][1]["checks"]}
    assert checks["VAL-NOTES-001.1"] == {
        "id": "VAL-NOTES-001.1",
        "kind": "http",
        "says": "A note that was posted is listed with its title.",
        "does": "POST /notes of app",
        "timeout": 5,
        "key": proved.milestones[1].checks[3].key,
        "since": "base",
        "assertion": "VAL-NOTES-001",
    }
    assert (checks["validate-2"]["since"], checks["validate-2"]["assertion"]) == ("looks", None)


def test_data_tells_the_services(proved: Plan) -> None:
    assert data_of(proved)["services"][0] == {
        "name": "store",
        "start": "store --port $PORT",
        "stop": "store --end",
        "port": 5001,
        "health": "tcp",
        "within": 10,
        "dependsOn": [],
    }


def test_data_tells_what_a_feature_waits_for_from_what_it_needs(plan: Plan) -> None:
    data = json.loads(json.dumps(show.as_data(plan)))
    reader = data["milestones"][1]["features"][0]
    assert (reader["needs"], reader["waitsFor"]) == (["csv-writer"], [])
