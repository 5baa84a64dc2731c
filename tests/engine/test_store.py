"""The store: what is appended is there, one owner at a time, and no damage is raw or silent."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from keras_nas import points
from keras_nas.engine import schema
from keras_nas.engine.schema import migrate
from keras_nas.engine.store import Record, Store, on_network, read_only
from keras_nas.errors import StoreError


def propose(number: int, padding: int = 0) -> Record:
    body = {"architecture": {"a": number, "text": "x" * padding}, "fidelity": {}, "parent": None, "note": {}}
    return Record("propose", number, None, {**body, "source": "run"})


def observe(number: int) -> Record:
    return Record("observe", number, f"{number}-0", {**(propose(number).body or {}), "scores": {"s": number / 7},
                  "failure": None, "measurements": {"ms": 3.5}, "artefacts": {}})  # fmt: skip


def fill(store: Store, trials: int, padding: int = 0) -> None:
    store.append([Record("call", body={"arguments": {"seed": 1}, "versions": {"keras": "3"}})])
    for number in range(trials):
        store.append([propose(number, padding)])
        store.append([Record("start", number, f"{number}-0", {"changes": {}})])
        store.append([Record("epoch", number, f"{number}-0", {"epoch": 1, "metrics": {"s": 0.5}})])
        end = Record("end", number, f"{number}-0", {"state": "finished", "worker": 0, "seconds": {"run": 1.0}})
        store.append([end, observe(number)])


def test_records_come_back_in_order(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        fill(store, 2)
    with Store(tmp_path) as store:
        records = list(store.records())
        assert [record.kind for record in records] == ["call", *["propose", "start", "epoch", "end", "observe"] * 2]
        assert [record.position for record in records] == list(range(1, 12))
        assert [record.trial for record in store.records("observe")] == [0, 1]
        store.append([propose(2)])
        assert list(store.records())[-1].position == 12


def test_views_read_like_tables(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        fill(store, 1)
        failure = {"kind": "error", "message": "no", "traceback": "t"}
        body = {**(propose(1).body or {}), "scores": {}, "failure": failure}
        store.append([propose(1), propose(2), Record("observe", 1, "1-0", body)])
        connection = read_only(tmp_path)
        connection.row_factory = sqlite3.Row
        trials = [dict(row) for row in connection.execute("SELECT * FROM trials")]
        assert [trial["state"] for trial in trials] == ["finished", "failed", "pending"]
        assert (trials[0]["scores"], trials[1]["failure_kind"]) == ('{"s":0.0}', "error")
        (attempt,) = connection.execute("SELECT attempt, worker, state FROM attempts")
        assert tuple(attempt) == ("0-0", 0, "finished")
        assert [tuple(row)[:4] for row in connection.execute("SELECT * FROM epochs")] == [(0, "0-0", 1, '{"s":0.5}')]
        assert [tuple(row) for row in connection.execute("SELECT * FROM measurements")] == [(0, "0-0", "ms", 3.5)]
        assert connection.execute("SELECT versions FROM calls").fetchone()[0] == '{"keras":"3"}'
        connection.close()


def test_it_is_read_while_it_is_written(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        fill(store, 1)
        connection = read_only(tmp_path / "search.sqlite")
        cursor = connection.execute("SELECT * FROM records")
        cursor.fetchone()
        began = perf_counter()
        store.append([propose(1)])
        assert perf_counter() - began < 5
        connection.close()


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no search in .*holds search\.sqlite"):
        read_only(tmp_path)


def test_all_of_a_transaction_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(name: str) -> None:
        raise Killed

    store = Store(tmp_path)
    store.open()
    fill(store, 1)
    monkeypatch.setattr(points, "hook", die)
    with pytest.raises(Killed):
        store.append([propose(1), propose(2)])
    store.close()
    monkeypatch.undo()
    with Store(tmp_path) as store:
        assert len(list(store.records())) == 6


def test_a_second_search_in_the_process_is_refused(tmp_path: Path) -> None:
    with Store(tmp_path):
        with pytest.raises(StoreError, match="Another search runs in .*this very process.*name another directory"):
            Store(tmp_path).open()
        with pytest.raises(StoreError, match="Another search runs"):
            Store(tmp_path).open()
    with Store(tmp_path):
        pass


HOLD = "import sys, time; from pathlib import Path; from keras_nas.engine.store import Store\n" \
       "Store(Path(sys.argv[1])).open(); print('open', flush=True); time.sleep(100)"  # fmt: skip


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"open\n"
    began = perf_counter()
    with pytest.raises(StoreError, match=f"process {owner.pid} on .* since"):
        Store(tmp_path).open()
    assert perf_counter() - began < 1
    owner.kill()
    owner.wait()
    owner.stdout.close()
    with Store(tmp_path) as store:
        assert list(store.records()) == []


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        fill(store, 1)
    with sqlite3.connect(tmp_path / "search.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("INSERT INTO migrations VALUES (99, 0)")
    connection.close()
    with pytest.raises(StoreError, match=r"newer keras_nas \(schema 99, this one knows 1\): upgrade"):
        Store(tmp_path).open()
    assert [entry.name for entry in tmp_path.iterdir() if "damaged" in entry.name] == []


def test_migrations_run_once_each_and_keep_the_records(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        fill(store, 1)
    steps = (*schema.MIGRATIONS, "CREATE TABLE extra (x)", "INSERT INTO extra VALUES (1)")
    for _ in range(2):
        connection = sqlite3.connect(tmp_path / "search.sqlite", isolation_level=None)
        migrate(connection, steps)
        assert connection.execute("SELECT count(*) FROM extra").fetchone() == (1,)
        assert connection.execute("SELECT version FROM migrations").fetchall() == [(1,), (2,), (3,)]
        assert connection.execute("SELECT count(*) FROM trials").fetchone() == (1,)
        connection.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    with Store(tmp_path):
        pass
    connection = sqlite3.connect(tmp_path / "search.sqlite", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (*schema.MIGRATIONS, "CREATE TABLE extra (x); SELECT * FROM absent"))
    connection.close()
    with Store(tmp_path) as store:
        assert list(store.records()) == []


@pytest.mark.parametrize("padding", [0, 9000])
def test_a_truncated_store_is_recovered(tmp_path: Path, padding: int) -> None:
    (tmp_path / "whole").mkdir()
    with Store(tmp_path / "whole") as store:
        fill(store, 12, padding)
    content = (tmp_path / "whole" / "search.sqlite").read_bytes()
    for at in sorted({*random.Random(1).sample(range(1, len(content)), 12), 1, 99, 100, 4096, len(content) - 1}):  # noqa: S311
        _check_damaged(tmp_path / f"cut-{at}", content[:at], fraction=at / len(content) / 3 - 0.35)


def test_flipped_bytes_lose_little(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    with Store(tmp_path / "whole") as store:
        fill(store, 12, 300)
    content = (tmp_path / "whole" / "search.sqlite").read_bytes()
    for at in [0, 17, 20, 60, 100, 105, *random.Random(2).sample(range(len(content)), 25)]:  # noqa: S311
        flipped = content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]
        _check_damaged(tmp_path / f"flip-{at}", flipped, fraction=0.4)


def _check_damaged(directory: Path, content: bytes, fraction: float) -> None:
    """The store opens; damage is warned of once, the old file is kept, and what it holds is sound."""
    directory.mkdir()
    (directory / "search.sqlite").write_bytes(content)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with Store(directory) as store:
            records = list(store.records())
            store.append([Record("call", body={})])
    kept = [entry for entry in directory.iterdir() if "damaged" in entry.name and entry.suffix == ".sqlite"]
    assert len(caught) == len(kept) <= 1
    assert len(records) >= 61 * fraction
    assert kept or len(records) == 61
    for record in records:
        if record.kind == "observe":
            assert (record.body or {})["scores"] == {"s": (record.trial or 0) / 7}
    if kept:
        assert "records were recovered" in str(caught[0].message) and kept[0].name in str(caught[0].message)
    with Store(directory) as store:
        assert len(list(store.records())) == len(records) + 1


def test_a_damaged_log_loses_nothing_that_was_checkpointed(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    with Store(tmp_path / "live") as store:
        fill(store, 5)
        store.checkpoint()
        store.append([propose(5)])
        shutil.copytree(tmp_path / "live", tmp_path / "copy")
    log = tmp_path / "copy" / "search.sqlite-wal"
    log.write_bytes(log.read_bytes()[:50] + b"\x00" * 500)
    with Store(tmp_path / "copy") as store:
        assert len(list(store.records())) >= 26


def test_an_emptied_store_beside_trials_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "trials" / "0").mkdir(parents=True)
    (tmp_path / "search.sqlite").write_bytes(b"")
    with pytest.warns(UserWarning, match="all were lost"):
        with Store(tmp_path) as store:
            assert list(store.records()) == []


def test_a_full_disk_stops_with_a_clear_message(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        fill(store, 3)
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="disk .* is full: .*every finished trial is recorded.*resume"):
            for number in range(100):
                store.append([propose(number, 3000)])
        before = len(list(store.records()))
    with Store(tmp_path) as store:
        assert len(list(store.records())) == before >= 16


def test_a_store_that_cannot_be_opened_is_not_set_aside(tmp_path: Path) -> None:
    (tmp_path / "search.sqlite").mkdir()
    with pytest.raises(StoreError, match="cannot be used .*unable to open"):
        Store(tmp_path).open()
    assert (tmp_path / "search.sqlite").is_dir()


MOUNTS = """24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 24 0:35 / {0} rw,relatime shared:2 - nfs4 server:/export rw
41 40 0:36 / {0}/local rw,relatime shared:2 - xfs /dev/vdb rw
"""


def test_network_file_systems_are_known(tmp_path: Path) -> None:
    mounts = MOUNTS.format(str(tmp_path).replace(" ", "\\040"))
    assert on_network(tmp_path / "runs", mounts)
    assert not on_network(tmp_path / "local" / "runs", mounts)
    assert not on_network(tmp_path.parent, mounts)
    assert not on_network(tmp_path, "")


def test_no_write_ahead_log_on_a_network_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras_nas.engine.store.on_network", lambda path: True)
    with Store(tmp_path) as store:
        fill(store, 2)
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["search.lock", "search.sqlite"]


def test_recording_stays_quick(tmp_path: Path) -> None:
    """Ten thousand records more cost little beyond a bare commit (the benchmark measures it at 10,000 trials)."""
    with Store(tmp_path) as store:
        store.append([propose(number) for number in range(10_000)])
        times = []
        for number in range(30):
            began = perf_counter()
            store.append([observe(number)])
            times.append(perf_counter() - began)
        assert median(times) < 0.1


def test_the_store_needs_no_pickle(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        fill(store, 1)
    assert {entry.name for entry in tmp_path.iterdir()} == {"search.lock", "search.sqlite"}
    assert os.path.getsize(tmp_path / "search.sqlite") < 100_000
