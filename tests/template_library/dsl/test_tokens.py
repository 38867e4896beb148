from __future__ import annotations

import pytest

from template_library.dsl import tokens


def words(program: str) -> list[tuple[str, int]]:
    return [(mention.text, mention.offset) for mention in tokens.scan(program).forbidden]


def free(program: str) -> set[str]:
    return {mention.text for mention in tokens.scan(program).free}


@pytest.mark.parametrize("word", sorted(tokens.FORBIDDEN))
def test_S_22_each_forbidden_word_is_found_wherever_it_is_called(word: str) -> None:
    assert words(word) == [(word, 0)]
    assert words(f".a | {word}") == [(word, 5)]
    assert words(f'"x \\({word}) y"') == [(word, 5)]
    assert words(f'"x \\("\\({word})") y"') == [(word, 8)]
    assert words(f"{{a: {word}}}") == [(word, 4)]
    assert words(f"def {word}: 1; 2") == [(word, 4)]


@pytest.mark.parametrize("program", [".now", "{now: 1}", "{now}", "{a, input}", '"now"', "# now", '.["debug"]', "$now"])
def test_S_22_a_property_or_text_of_that_name_is_free(program: str) -> None:
    assert words(program) == []


def test_S_22_location_is_refused() -> None:
    assert words("$__loc__") == [("$__loc__", 0)]


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("$context.a + $input", {"context", "input"}),
        (". as $x | $x", set()),
        (". as {a: $x, b: [$y]} | $x + $y + $z", {"z"}),
        ("reduce .[] as $i (0; . + $i)", set()),
        ("def f($a): $a; f(1)", set()),
        ("label $out | break $out", set()),
        ('"\\($task.name)"', {"task"}),
        ('"$task"', set()),
    ],
)
def test_variables_are_free_unless_the_program_binds_them(program: str, names: set[str]) -> None:
    assert free(program) == names


@pytest.mark.parametrize(
    ("program", "whole"),
    [
        ("$workflow.input[0]", False),
        ("$workflow.id", False),
        ("$workflow.definition.document", True),
        ("$workflow", True),
        ('$workflow["definition"]', True),
    ],
)
def test_the_definition_travels_only_where_it_may_be_used(program: str, whole: bool) -> None:  # noqa: FBT001
    assert tokens.scan(program).workflow_whole is whole


def test_S_28_a_long_program_is_read_once_and_not_again_for_each_word() -> None:
    """A look at all that follows, for each of these, would take hours."""
    assert free("as " * 200_000 + "| $x") == {"x"}
    assert free("as [" * 100_000 + "$x") == set()


def test_a_binding_ends_with_the_brackets_around_it() -> None:
    assert free("[. as $x | $x] | {a: $y}") == {"y"}
    assert free(". as {a: [$x], (. as $k | $k): $z} | $x + $z + $w") == {"w"}
    assert free("def f($a; $b): $a + $c; f(1; 2)") == {"c"}


def test_secrets_are_found_by_their_names() -> None:
    scan = tokens.scan('$secrets.erp.key + $secrets["crm"] + $secrets."x-y" + ($secrets | .a) + $secrets[.b]')
    assert [mention.text for mention in scan.secrets] == ["erp", "crm", "x-y"]
