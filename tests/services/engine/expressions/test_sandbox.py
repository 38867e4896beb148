"""Programs that mean harm (S-21 to S-29, S-35, F-18, F-38): each dies alone, soon, and with a name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.engine.expressions import pool as pool_module
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.expressions.process import EvaluatorProcess
from services.engine.expressions.protocol import ExpressionFailed, ExpressionsUnavailable


async def failure(expressions: Expressions, program: str, value: Any = None) -> ExpressionFailed:
    with pytest.raises(ExpressionFailed) as caught:
        await expressions.evaluate([program], value, {}, lane="attacker")
    return caught.value


async def result(expressions: Expressions, program: str, value: Any = None, **variables: Any) -> Any:
    return (await expressions.evaluate([program], value, variables, lane="honest"))[0]


@pytest.mark.parametrize(
    "program", ["env", "$ENV", "$ENV.PATH // {}", '"\\(env)" | fromjson', "def f: env; f", "env | ."]
)
async def test_S_21_there_is_no_environment(expressions: Expressions, program: str) -> None:
    assert await result(expressions, program) == {}


@pytest.mark.parametrize(
    "program",
    [
        "input",
        "[inputs]",
        "input_line_number",
        "input_filename",
        "halt",
        "halt_error",
        "halt_error(1)",
        "get_search_list",
        '"a" | modulemeta',
        "now",
        "0 | localtime",
        '0 | strflocaltime("%H")',
        'import "a" as a; .',
        'include "a"; .',
    ],
)
async def test_S_22_forbidden_words_fail_even_when_publishing_let_them_through(
    expressions: Expressions, program: str
) -> None:
    assert (await failure(expressions, program)).kind == "expression_failed"


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("def f: f; f", None),
        ("def f: f|.; f", None),
        ("[repeat(.)]", None),
        ("last(repeat(.))", None),
        ("until(false;.)", None),
        ("last(range(1e12))", None),
        ("[combinations(10)]", [[1, 2, 3, 4, 5, 6, 7, 8]] * 8),
        ('gsub("a";"bb")', "a" * 200_000),
        ('[splits("a")]', "a" * 200_000),
    ],
)
async def test_S_23_S_26_programs_that_run_too_long_are_killed(
    expressions: Expressions, program: str, value: Any
) -> None:
    assert (await failure(expressions, program, value)).kind in {"expression_timeout", "expression_crashed"}
    assert await result(expressions, ". + 1", 1) == 2


@pytest.mark.parametrize(
    "program",
    [
        "[range(1e9)]",
        '"a"*1e9',
        'reduce range(40) as $i ("x";.+.)',
        ".[500000000]=1",
        "def f: 1+f; f",
        "def f(g): f(g|g); f(.)",
    ],
)
async def test_S_24_programs_that_want_all_memory_die_in_their_own_process(
    expressions: Expressions, program: str
) -> None:
    assert (await failure(expressions, program)).kind in {"expression_timeout", "expression_crashed"}
    assert await result(expressions, ". + 1", 1) == 2


async def test_S_25_deep_results_are_refused_or_contained(expressions: Expressions) -> None:
    deep = await failure(expressions, "reduce range(100000) as $i (null;[.])")
    assert deep.kind in {"expression_crashed", "expression_refused"}
    assert (await failure(expressions, "reduce range(65) as $i (1;[.])")).kind == "expression_refused"
    assert await result(expressions, "reduce range(64) as $i (1;[.]) | flatten", None) == [1]


async def test_results_are_limited_to_four_mebibytes(expressions: Expressions) -> None:
    # Long numbers are the fastest text to write: a quarter of the processor time that a program has.
    program = "[[range(1000) | 1.2345678901234567e-300] as $row | range(210) | $row]"
    assert (await failure(expressions, program)).kind == "expression_refused"


async def test_S_27_regular_expressions_give_up(expressions: Expressions) -> None:
    error = await failure(expressions, '("a"*30)+"b"|test("^(a+)+$")')
    assert error.kind in {"expression_failed", "expression_timeout"}


@pytest.mark.parametrize(
    "program",
    ["(" * 8000, '"' + "\\(" * 1000 + "1" + ")" * 1000 + '"', "1) | $ENV | (1", "1)] | [(1", "", ".a as", "$nothing"],
)
async def test_S_28_programs_must_compile_alone(expressions: Expressions, program: str) -> None:
    assert await expressions.check(program, []) is not None


async def test_S_28_a_trailing_comment_does_not_swallow_the_wrapper(expressions: Expressions) -> None:
    assert await result(expressions, ".a # comment", {"a": 1}) == 1
    assert await expressions.check(".a # comment", []) is None


@pytest.mark.parametrize(
    "number", [9007199254740993, 123456789012345678901234567890, -9007199254740993, 0.1, 1e-7, 1.5e300, 0]
)
async def test_S_29_untouched_numbers_keep_their_value(expressions: Expressions, number: float) -> None:
    assert await result(expressions, ".a", {"a": number}) == number
    assert await result(expressions, "[.[]][0]", {"a": number}) == number


async def test_S_29_numbers_out_of_range_are_refused(expressions: Expressions) -> None:
    assert (await failure(expressions, "1e1000 | .")).kind == "expression_refused"
    assert await result(expressions, "nan | .") is None


async def test_S_35_one_program_cannot_change_another(expressions: Expressions) -> None:
    assert await result(expressions, "def map(f): 666; def length: 667; [1] | map(.) + length") == 1333
    assert await result(expressions, "[1,2] | map(. + 1) | length") == 2


async def test_S_23_a_runaway_tenant_does_not_block_the_loop_or_its_neighbours() -> None:
    async with ExpressionPool(size=2, eager=True) as pool:
        expressions = Expressions(pool)
        await asyncio.gather(
            *(expressions.evaluate(["def f: f; f"], None, {}, lane="attacker") for _ in range(2)),
            return_exceptions=True,
        )
        flood = [asyncio.ensure_future(failure(expressions, "def f: f; f")) for _ in range(20)]
        waited_for = 0
        for number in range(50):
            before = sum(attack.done() for attack in flood)
            assert await result(expressions, ". + 1", number) == number + 1
            waited_for = max(waited_for, sum(attack.done() for attack in flood) - before)
        for attack in flood:
            attack.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
    assert waited_for <= 4, "those that are with the two processes, and not those that wait for one"


async def test_a_request_behind_a_killed_one_is_answered() -> None:
    async with ExpressionPool(size=1) as pool:
        expressions = Expressions(pool)
        answers = await asyncio.gather(
            expressions.evaluate(["[range(1e12)]"], None, {}, lane="attacker"),
            *(expressions.evaluate([". + 1"], number, {}, lane=f"honest-{number}") for number in range(5)),
            return_exceptions=True,
        )
    assert isinstance(answers[0], ExpressionFailed)
    assert answers[1:] == [[1], [2], [3], [4], [5]]


async def test_S_35_processes_are_recycled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "RECYCLE_AFTER", 3)
    starts = 0
    start = EvaluatorProcess.start

    async def counted() -> EvaluatorProcess:
        nonlocal starts
        starts += 1
        return await start()

    monkeypatch.setattr(EvaluatorProcess, "start", counted)
    async with ExpressionPool(size=1) as pool:
        expressions = Expressions(pool)
        for number in range(7):
            assert await result(expressions, ". + 1", number) == number + 1
    assert starts == 3


async def test_a_process_that_died_between_two_requests_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[EvaluatorProcess] = []
    start = EvaluatorProcess.start

    async def kept() -> EvaluatorProcess:
        started.append(await start())
        return started[-1]

    monkeypatch.setattr(EvaluatorProcess, "start", kept)
    async with ExpressionPool(size=1) as pool:
        expressions = Expressions(pool)
        assert await result(expressions, ". + 1", 1) == 2
        await started[0].stop()
        assert await result(expressions, ". + 1", 2) == 3
    assert len(started) == 2


async def test_a_failing_program_of_several_is_named(expressions: Expressions) -> None:
    with pytest.raises(ExpressionFailed) as caught:
        await expressions.evaluate([".a", ".a + 1", ".a | error"], {"a": 1}, {})
    assert caught.value.index == 2


async def test_no_result_is_null_and_several_are_refused(expressions: Expressions) -> None:
    assert await result(expressions, "empty") is None
    assert (await failure(expressions, "1, 2")).kind == "expression_refused"


async def test_a_stopped_pool_answers_nothing() -> None:
    async with ExpressionPool(size=1) as pool:
        pass
    with pytest.raises(ExpressionsUnavailable):
        await pool.evaluate("", [], b'{"i":1}', ["."])
