"""Errors carry what a user needs: where, what was expected, what was found, and an exit code."""

import pytest

from fleet.base.errors import (
    BooksError,
    Fault,
    FleetError,
    InfeasibleError,
    InputError,
    MessageError,
    RunError,
    UsageError,
    did_you_mean,
)


def test_a_fault_reads_like_a_compilers():
    fault = Fault("a.yaml", 3, 7, "fleet.count", "an integer", "'x'", "write a number")
    assert str(fault) == "a.yaml:3:7: fleet.count: expected an integer, found 'x'; write a number"


def test_a_fault_without_path_or_hint_has_no_empty_parts():
    assert str(Fault("a.yaml", 1, 1, "", "a mapping", "a list")) == "a.yaml:1:1: expected a mapping, found a list"


def test_an_input_error_holds_all_faults_in_file_order():
    late, early = Fault("b", 9, 1, "", "x", "y"), Fault("b", 2, 5, "", "x", "y")
    other, left = Fault("a", 99, 1, "", "x", "y"), Fault("b", 2, 1, "", "x", "y")
    error = InputError(iter([late, early, other, left]))
    assert error.faults == (other, left, early, late)
    assert str(error).splitlines() == [str(fault) for fault in error.faults]


@pytest.mark.parametrize(
    "kind, code",
    [(FleetError, 1), (UsageError, 2), (InfeasibleError, 4), (MessageError, 1), (RunError, 1), (BooksError, 1)],
)
def test_exit_codes_are_stable(kind, code):
    error = kind("why")
    assert (error.exit_code, str(error)) == (code, "why")
    assert isinstance(error, FleetError)


def test_input_errors_exit_with_3():
    assert InputError([]).exit_code == 3


def test_a_hint_is_given_only_for_a_near_word():
    assert did_you_mean("glas", ["glass", "paper"]) == "did you mean `glass`?"
    assert did_you_mean("zzz", ["glass", "paper"]) == ""
