"""Tests of the typed exceptions and of the message for unknown names."""

import inspect

import pytest

from keras_nas import errors
from keras_nas.errors import DataError, InvalidArgument, KerasNASError, ResumeError, StoreError, suggest, unknown

CLASSES = [member for _, member in inspect.getmembers(errors, inspect.isclass) if member.__module__ == errors.__name__]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_derives_from_the_base(error: type[Exception]) -> None:
    assert issubclass(error, KerasNASError)
    with pytest.raises(KerasNASError, match="what came"):
        raise error("what came")


@pytest.mark.parametrize("error", [InvalidArgument, DataError])
def test_wrong_arguments_are_value_errors(error: type[Exception]) -> None:
    assert issubclass(error, ValueError)


def test_resume_error_is_a_store_error() -> None:
    assert issubclass(ResumeError, StoreError)


def test_suggest_finds_the_nearest_whatever_its_case() -> None:
    assert suggest("Nasnett", ["darts", "NASNet"]) == "NASNet"


def test_suggest_is_silent_when_nothing_is_similar() -> None:
    assert suggest("zzz", ["darts", "nasnet"]) is None


def test_unknown_lists_the_valid_names_and_the_nearest() -> None:
    message = unknown("space", "mobilenit", ["nasnet", "mobilenet"])
    assert message == ("Unknown space 'mobilenit': expected one of 'nasnet', 'mobilenet'. Did you mean 'mobilenet'?")


def test_unknown_without_a_near_name_only_lists() -> None:
    assert unknown("space", "zzz", ["nasnet"]) == "Unknown space 'zzz': expected one of 'nasnet'."


def test_unknown_with_nothing_valid() -> None:
    assert unknown("space", "nasnet", []) == "Unknown space 'nasnet': none is available."


def test_unknown_accepts_what_is_not_a_string() -> None:
    assert unknown("depth", 3, [1, 2]) == "Unknown depth 3: expected one of 1, 2."
