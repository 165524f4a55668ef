"""Code and words in one commit: what a user can set, type or be told stands in the README."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

from tests.architecture.sources import ROOT

README = ROOT / "README.md"
DECISION_LINES = 40


def test_the_readme_names_every_setting() -> None:
    settings = find("lineage_server.settings")
    names = [entry.env for entry in settings.describe()] if settings else []
    assert not missing(names), f"settings that {README.name} does not name: {missing(names)}"


def test_the_readme_names_every_setting_of_the_client() -> None:
    """As its table has them, and none that the client no longer reads."""
    config = find("lineage_server.client.config")
    text = README.read_text(encoding="utf-8").partition("## Settings of the client\n")[2]
    table = text.partition("\n## ")[0]
    rows = re.findall(r"^\| `(LINEAGE_\w+)` \| (?:`(.+)`|–) \| (.+) \|$", table, re.MULTILINE)
    assert rows == [tuple(entry) for entry in config.CLIENT_SETTINGS]


def test_the_readme_names_every_command() -> None:
    main = find("lineage_server.cli.main")
    names = list(commands(main.app)) if main else []
    assert not missing(names), f"commands that {README.name} does not name: {missing(names)}"


def test_what_is_said_to_type_can_be_typed() -> None:
    """In the web view, its messages, and the quotes of what the server, the client and the commands say."""
    main = find("lineage_server.cli.main")
    names = set(commands(main.app))
    sources = {
        file: re.findall(quoted, file.read_text(encoding="utf-8"))
        for folder, suffixes, quoted in (
            (ROOT / "ui" / "src", (".ts", ".tsx", ".json"), r"[\"'`>]lineage ([a-z]+)(?: ([a-z]+))?"),
            (ROOT / "lineage_server", (".py",), r"['`]lineage ([a-z]+)(?: ([a-z]+))?"),
        )
        for file in folder.rglob("*")
        if file.suffix in suffixes
    }
    assert sum(map(len, sources.values())) > 20
    unknown = [
        f"{file.relative_to(ROOT)}: lineage {first} {second}".strip()
        for file, found in sources.items()
        for first, second in found
        if not names & {f"lineage {first}", f"lineage {first} {second}"}
    ]
    assert unknown == []


def test_the_readme_names_every_error_code() -> None:
    errors = find("lineage_server.domain.errors")
    codes = sorted({error.code for error in descendants(errors.LineageError)}) if errors else []
    assert not missing(codes), f"error codes that {README.name} does not name: {missing(codes)}"


def test_the_readme_names_every_public_name_of_the_client() -> None:
    """As its table has them, each once, and none that is not public."""
    client = find("lineage_server.client")
    text = README.read_text(encoding="utf-8").partition("## Names in Python\n")[2]
    table = re.findall(r"^\| .+ \| (`.+) \|$", text.partition("\n## ")[0], re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(table))) == client.__all__


def test_every_label_is_in_the_description_of_the_graph() -> None:
    text = (ROOT / "docs" / "storage.md").read_text(encoding="utf-8")
    schema = find("lineage_server.graph.queries.schema")
    wanted = (schema.META_CONSTRAINT, *schema.CONSTRAINTS) if schema else ()
    labels = [re.findall(r"n:(\w+)", statement)[0] for statement in wanted]
    rows = " ".join(re.findall(r"^\| ([A-Z][\w, ]+) \|", text, re.MULTILINE)).replace(",", " ").split()
    assert not set(labels) - set(rows)


def test_decisions_keep_to_their_template() -> None:
    """Numbered without a gap, each with the parts that ``docs/decisions/README.md`` shows, in its order."""
    folder = ROOT / "docs" / "decisions"
    template = (folder / "README.md").read_text(encoding="utf-8").partition("```markdown\n")[2]
    parts = re.findall(r"^## .+$", template, re.MULTILINE)
    files = sorted(folder.glob("[0-9]*.md"))
    for number, file in enumerate(files, start=1):
        text = file.read_text(encoding="utf-8")
        head = re.match(rf"# ({number:04d}) .+\n\nStatus: (accepted|replaced by \d{{4}}) · \S", text)
        assert head, file.name
        assert file.name.startswith(head[1]), file.name
        assert re.findall(r"^## .+$", text, re.MULTILINE) == parts, file.name
        assert len(text.splitlines()) <= DECISION_LINES, file.name


def test_the_korean_quick_start_shows_what_the_readme_shows() -> None:
    """The README's blocks are run by its test; these are the same ones, so they hold, too."""
    korean = (ROOT / "docs" / "ko" / "quick-start.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```.*?^```$", korean, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 4
    readme = README.read_text(encoding="utf-8")
    assert [block for block in blocks if block not in readme] == []
    # What is typed in a section rests on what was typed in it before: all of it, in the same order.
    for section in readme.split("\n## ")[1:]:
        whole = re.findall(r"^```(?:python|bash)$.*?^```$", section, re.MULTILINE | re.DOTALL)
        assert [block for block in blocks if block in whole] in ([], whole), section.partition("\n")[0]


def find(module: str) -> Any:
    """The module once its file exists; only then is a failing import a failing test."""
    path = ROOT.joinpath(*module.split("."))
    if not path.with_suffix(".py").exists() and not (path / "__init__.py").exists():
        return None
    return importlib.import_module(module)


def missing(names: list[str]) -> list[str]:
    """Names that are not in the README as whole words."""
    text = README.read_text(encoding="utf-8") if README.exists() else ""
    return [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]


def commands(app: Any) -> Iterator[str]:
    """``lineage up``, ``lineage token create`` …: all that can be typed and are not hidden."""
    import typer.main

    def walk(command: Any, words: str) -> Iterator[str]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield words
            return
        for name, below in inner.items():
            if not below.hidden:
                yield from walk(below, f"{words} {name}")

    return walk(typer.main.get_command(app), "lineage")


def descendants(error: type[Any]) -> Iterator[type[Any]]:
    yield error
    for below in error.__subclasses__():
        yield from descendants(below)
