"""Tables and facts on narrow terminals, with Korean names, in pipes, without colour."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lineage_server.cli import output
from lineage_server.client.render.words import cut, width_of


def test_korean_signs_take_two_columns() -> None:
    assert width_of("고객 이탈") == 9
    assert width_of("cafe\u0301") == 4


def test_cut_text_never_exceeds_its_width_and_says_so() -> None:
    for width in range(1, 12):
        assert width_of(cut("고객이탈예측 모델", width)) <= width
    assert cut("고객이탈", 5) == "고객…"
    assert cut("short", 5) == "short"


def test_columns_of_korean_and_latin_names_align(capsys: pytest.CaptureFixture[str]) -> None:
    output.say_table(["name", "state"], [["고객 이탈", "complete"], ["churn", "failed"]])
    lines = capsys.readouterr().out.splitlines()
    starts = [
        width_of(line[: line.index(word)])
        for line, word in zip(lines, ("state", "complete", "failed"), strict=True)
    ]
    assert len(set(starts)) == 1


def test_table_fits_a_narrow_terminal_the_widest_column_giving_way(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.say_table(["name", "state"], [["x" * 100, "complete"]], width=40)
    assert all(width_of(line) <= 40 for line in capsys.readouterr().out.splitlines())
    assert output.fit([100, 8], 40) == [30, 8]
    assert output.fit([100, 8], None) == [100, 8]


def test_what_says_least_is_left_out_before_a_uid_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    head, row = ["uid", "name", "kind", "project"], ["run:0123456789", "학습 작업", "script", "demo"]

    def shown(width: int) -> list[str]:
        output.say_table(head, [row], width=width, whole=("uid",), spare=("kind", "project"))
        lines = capsys.readouterr().out.splitlines()
        assert all(width_of(line) <= width for line in lines)
        return [" ".join(line.split()) for line in lines]

    assert shown(60) == ["uid name kind project", "run:0123456789 학습 작업 script demo"]
    assert shown(36) == ["uid name project", "run:0123456789 학습 작업 demo"]
    assert shown(24) == ["uid name", "run:0123456789 학습 작…"]
    assert output.fit([40, 30, 30], 60, whole=(0,)) == [40, 8, 8]
    assert output.fit([90, 30], 40, whole=(0,)) == [30, 8]


def test_times_in_a_pipe_are_whole_and_short_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC).isoformat()
    full = output.local_time(now)
    assert (output.short_time(now), output.short_time(None)) == (full, "")
    monkeypatch.setattr(output, "terminal_width", lambda: 80)
    assert output.short_time(now) in (full.partition(" ")[2], full[:16])  # the second at midnight
    assert output.short_time("2001-02-03T04:05:06Z") == output.local_time("2001-02-03T04:05:06Z")[:16]


def test_nothing_is_cut_in_a_pipe_and_nothing_is_coloured(capsys: pytest.CaptureFixture[str]) -> None:
    output.say_table(["name"], [["x" * 300]])
    said = capsys.readouterr().out
    assert "x" * 300 in said
    assert "\033" not in said


def test_facts_leave_out_what_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    output.say_facts({"name": "churn", "reason": "", "size": None, "partial": False, "loss": 0.25})
    assert capsys.readouterr().out.splitlines() == ["name     churn", "partial  no", "loss     0.25"]


def test_what_was_recorded_cannot_speak_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.say_table(["name"], [["red \033[31m"], [{"reason": "turned \u202e round"}]])
    output.say_facts({"reason": "gone\033[2J"})
    said = capsys.readouterr().out
    assert "\033" not in said
    assert "\u202e" not in said
    assert "gone\\u001b[2J" in said


def test_several_lines_become_one(capsys: pytest.CaptureFixture[str]) -> None:
    output.say_table(["name"], [["two\nlines"]])
    assert "two lines" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2026-05-01T10:00:00Z", "2026-05-01T10:00:01.5Z", "1.5 s"),
        ("2026-05-01T10:00:00Z", "2026-05-01T10:02:05Z", "2 min 05 s"),
        ("2026-05-01T10:00:00Z", "2026-05-01T12:30:00Z", "2 h 30 min"),
        ("2026-05-01T10:00:00Z", None, ""),
        ("2026-05-01T10:00:00Z", "2026-05-01T09:00:00Z", ""),
    ],
)
def test_durations_in_units_that_people_read(start: str, end: str | None, text: str) -> None:
    assert output.duration(start, end) == text


@pytest.mark.parametrize(
    ("count", "text"), [(None, ""), (0, "0 B"), (1536, "1.5 KiB"), (3 * 1024**4, "3.0 TiB")]
)
def test_sizes_in_units_that_people_read(count: int | None, text: str) -> None:
    assert output.size(count) == text
