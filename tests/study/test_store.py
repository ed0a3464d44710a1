"""A directory of results: one study at a time, whole files, and no word about what is not ours."""

import pytest

from fleet.base.errors import InputError, RunError, UsageError
from fleet.study.model import Result
from fleet.study.store import MANIFEST, POINTS, Store
from tests.study.fakes import study_of


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "results")


def test_two_studies_cannot_run_in_one_directory(store):
    with store.opened(study_of()), pytest.raises(UsageError, match="a study is running there"):
        store_again(store)
    store_again(store)
    assert store.study() == study_of()


def store_again(store):
    with Store(store.directory).opened(study_of()):
        pass


def test_what_is_no_study_is_left_alone(store):
    store.directory.mkdir()
    (store.directory / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is not empty and holds no study"):
        store_again(store)
    assert [path.name for path in store.directory.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_directory(store):
    store.directory.write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="found a file"):
        store_again(store)
    with pytest.raises(UsageError, match="cannot be written to"):
        store_again(Store(store.directory / "deeper"))


def test_results_that_cannot_be_written_end_the_study(store):
    with store.opened(study_of()):
        (store.directory / POINTS).rmdir()
        with pytest.raises(RunError, match="cannot be written"):
            store.keep(Result("a" * 32))


@pytest.mark.parametrize(
    "text", ["", "{", '{"key": 3}', '{"key": "another"}', '{"key": "K", "findings": {"x": []}}']
)
def test_a_broken_result_is_said_to_be_broken(store, text):
    store_again(store)
    (store.directory / POINTS / "K.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"K\.json:1:1: "):
        store.result("K")


def test_there_is_no_study_where_none_was_begun(store):
    with pytest.raises(InputError, match="no such file"):
        store.study()
    store_again(store)
    (store.directory / MANIFEST).write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="a study that `fleet study` began"):
        store.study()
