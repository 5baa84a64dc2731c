"""The part of a worker that lives on a node, here without a cluster: what it hands on, and which files go with it."""

import os
import shutil
import signal
import sys
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keras_nas.engine import ray_carrier
from keras_nas.engine.job import Job
from keras_nas.engine.process import WorkerSettings
from keras_nas.engine.ray_carrier import Carrier, Parcel
from keras_nas.engine.ray_files import Mirror, unpack
from keras_nas.engine.resources import Share
from keras_nas.engine.transit import pickled
from keras_nas.files import read_json
from tests.engine import fakes

SETTINGS = WorkerSettings(preload=("tests.engine.fakes",))


@pytest.fixture
def carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Carrier]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(ray_carrier, "_node", lambda: "node")
    monkeypatch.setitem(sys.modules, "ray", types.SimpleNamespace(get=lambda part: part))
    carrier = Carrier(7, Share(1), SETTINGS, "search")
    yield carrier
    carrier.worker.kill()
    os.close(carrier.folder._lock)


def hear(carrier: Carrier, kind: str) -> list[Parcel]:
    """What it says until a message of some kind, the beats left out."""
    parcels: list[Parcel] = []
    while kind not in [message["kind"] for message, _ in parcels]:
        parcels += carrier.listen()
    return [parcel for parcel in parcels if parcel[0]["kind"] != "beat"]


def give(carrier: Carrier, job: Job, attempt: str, files: dict[str, Any], driver: Path, shared: Any = ()) -> None:
    """Hands a job over as a driver does whose search has the folder `driver`."""
    payload, names = pickled(job, driver)
    header = {"kind": "job", "attempt": attempt, "size": len(payload), "names": names}
    carrier.send({**header, "folder": f"trials/{attempt[0]}"}, payload, files, dict(shared))


def measure(report: Any, data: Path) -> dict[str, Any]:
    """Writes a file an epoch, and one that it replaces."""
    for epoch in (1, 2):
        for old in report.folder.glob("*.h5"):
            old.unlink()
        (report.folder / f"{epoch}.h5").write_bytes(b"w" * epoch)
        report(epoch, {})
    return {"scores": {"size": len((data / "x").read_bytes())}}


def test_files_travel_with_the_message_that_tells_of_them(carrier: Carrier, tmp_path: Path) -> None:
    driver = tmp_path / "driver"
    data = {"data": {"x": [b"123", b"4"]}}
    give(carrier, Job(measure, {"data": driver / "data"}), "0-0", {"trials/0/0.h5": b"old"}, driver, data)
    said = hear(carrier, "ended")
    assert [message["kind"] for message, _ in said] == ["ready", "epoch", "epoch", "ended"]
    assert [files for _, files in said][:3] == [
        {},
        {"trials/0/1.h5": b"w", "trials/0/0.h5": None},
        {"trials/0/2.h5": b"ww", "trials/0/1.h5": None},
    ]
    unpack(driver, said[-1][1])
    assert read_json(driver / "results" / "0-0.json")["result"]["scores"] == {"size": 4}
    assert (driver / "logs" / "worker-7.log").exists()


def test_the_next_trial_finds_only_its_own_files_and_removes_none_of_the_last_one_s(
    carrier: Carrier, tmp_path: Path
) -> None:
    give(carrier, fakes_train(), "0-0", {}, tmp_path)
    first = hear(carrier, "ended")
    assert first[-1][1].keys() == {"logs/worker-7.log", "results/0-0.json"}
    give(carrier, fakes_train(), "1-0", {"trials/1/epoch": b"1"}, tmp_path)
    second = [files for _, files in hear(carrier, "ended")]
    assert [sorted(files) for files in second[:-1]] == [["trials/1/epoch", "trials/1/epochs.log"]]
    assert second[0]["trials/1/epochs.log"] == b"2\n"
    assert not any(content is None for files in second for content in files.values())


def fakes_train() -> Job:
    return Job(fakes.train, {"architecture": {"a": 1, "b": 1, "c": 1}})


def test_a_death_is_described_and_brings_what_was_left(carrier: Carrier, tmp_path: Path) -> None:
    def die(report: Any) -> dict[str, Any]:
        (report.folder / "left").write_text("behind")
        print("about to die", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    give(carrier, Job(die), "0-0", {}, tmp_path)
    (message, files) = hear(carrier, "died")[-1]
    assert message["notice"]["message"] == "the worker died (SIGKILL)"
    assert "about to die" in message["notice"]["traceback"]
    assert files["trials/0/left"] == b"behind"


def test_what_cannot_be_prepared_is_told(carrier: Carrier, tmp_path: Path) -> None:
    hear(carrier, "ready")
    give(carrier, Job(fakes.hang), "0-0", {}, tmp_path, {"data": {"x": [object()]}})
    with pytest.raises(TypeError, match="bytes-like object is required"):
        hear(carrier, "ended")


def test_a_request_to_stop_reaches_the_trial(carrier: Carrier, tmp_path: Path) -> None:
    give(carrier, Job(fakes.patient), "0-0", {}, tmp_path)
    hear(carrier, "epoch")
    carrier.send({"kind": "stop", "attempt": "0-0"}, b"", {}, {})
    unpack(tmp_path, hear(carrier, "ended")[-1][1])
    assert read_json(tmp_path / "results" / "0-0.json")["failure"]["kind"] == "stopped"


def test_devices_are_those_that_the_node_names(
    carrier: Carrier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    worker = ray_carrier._started(8, Share(1, ("0", "1")), replace(SETTINGS, preload=()), tmp_path / "root")
    assert worker.share.devices == ("4", "6")
    worker.kill()


def test_the_files_of_a_trial_are_complete_while_it_waits(carrier: Carrier, tmp_path: Path) -> None:
    """A trial that goes on at once would have changed its files before they are read."""

    def hurry(report: Any) -> dict[str, Any]:
        for epoch in range(1, 50):
            shutil.rmtree(report.folder / f"{epoch - 1}", ignore_errors=True)
            (report.folder / f"{epoch}").mkdir()
            (report.folder / f"{epoch}" / "weights").write_text(str(epoch))
            (report.folder / "epoch").write_text(str(epoch))
            report(epoch, {})
        return {"scores": {"y": 1}}

    give(carrier, Job(hurry), "0-0", {}, tmp_path)
    here = Mirror(tmp_path / "copy")
    ended = False
    while not ended:
        for message, files in carrier.listen():
            unpack(here.root, files)
            ended = message["kind"] == "ended"
            if message["kind"] == "epoch":
                epoch = (here.root / "trials" / "0" / "epoch").read_text()
                assert epoch == str(message["epoch"])
                assert (here.root / "trials" / "0" / epoch / "weights").read_text() == epoch
