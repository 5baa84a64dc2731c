"""What TensorBoard's own readers find in the files."""

import math
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups

from keras_nas.callbacks import TensorBoard
from tests.callbacks.made import watched

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def _read(folder: Path) -> tuple[Any, Any, Any]:
    """The runs, and the HParams dashboard's experiment and session groups."""
    events = EventMultiplexer()
    events.AddRunsFromDirectory(str(folder))
    events.Reload()
    provider = MultiplexerDataProvider(events, str(folder))
    context = backend_context.Context(TBContext(data_provider=provider, logdir=str(folder)))
    wanted = api_pb2.ListSessionGroupsRequest(
        start_index=0, slice_size=10, allowed_statuses=[api_pb2.Status.Value(name) for name in api_pb2.Status.keys()]
    )
    experiment = get_experiment.Handler(RequestContext(), context, "", api_pb2.GetExperimentRequest()).run()
    groups = list_session_groups.Handler(RequestContext(), context, "", wanted).run()
    return events, experiment, {group.name: group for group in groups.session_groups}


def test_the_dashboard_has_decisions_scores_and_failures(tmp_path: Path) -> None:
    watched(TensorBoard(), tmp_path)
    events, experiment, groups = _read(tmp_path / "logs" / "tensorboard")
    infos = {info.name: info for info in experiment.hparam_infos}
    assert [value.string_value for value in infos["kind"].domain_discrete.values] == ["deep", "plain"]
    assert math.isclose(infos["recipe/learning_rate"].domain_interval.max_value, 0.1)
    assert [info.name.tag for info in experiment.metric_infos] == ["val_accuracy"]
    assert set(groups) == {"trial_0000", "trial_0001", "trial_0002", "trial_0003"}
    second = groups["trial_0001"]
    assert second.hparams["kind"].string_value == "deep"
    assert math.isclose(second.hparams["recipe/learning_rate"].number_value, 0.02)
    assert [value.value for value in second.metric_values] == [0.75]
    status = {name: group.sessions[0].status for name, group in groups.items()}
    assert status["trial_0001"] == api_pb2.STATUS_SUCCESS
    assert status["trial_0002"] == api_pb2.STATUS_FAILURE
    assert status["trial_0003"] == api_pb2.STATUS_UNKNOWN  # it was stopped with the search
    assert "val_accuracy" not in events.Runs()["trial_0003"]["tensors"]


def test_curves_go_on_over_epochs(tmp_path: Path) -> None:
    watched(TensorBoard(tmp_path / "runs"), tmp_path)
    events, _, _ = _read(tmp_path / "runs")
    curve = [(event.step, event.tensor_proto.float_val[0]) for event in events.Tensors("trial_0001", "loss")]
    assert curve == [(1, 1.0), (2, 0.5)]
    assert [event.step for event in events.Tensors("trial_0001", "val_accuracy")] == [2]
