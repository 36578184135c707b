"""Does a run that is stopped, in whatever way, come to the bits of one that is not?"""

from __future__ import annotations

import os
import random
import subprocess
from typing import NamedTuple

import numpy as np
import pytest
from helpers import processes
from helpers.rounding import assert_close
from safetensors.numpy import load_file, save_file

from algorithms import NotFiniteError, ShapeError
from algorithms.extensions.optimizers import AdamW
from algorithms.training import training_run


class Theta(NamedTuple):
    w: np.ndarray
    parts: tuple


def start(size=3):
    theta = Theta(np.ones(size), (np.full((2, size), 0.5), None))
    return theta, tuple(zero(theta) for _ in range(2))


def zero(theta):
    return Theta(np.zeros_like(theta.w), (np.zeros_like(theta.parts[0]), None))


def loss(theta, batch):
    return np.sum((theta.parts[0] @ theta.w) ** 2) + np.mean(batch) * theta.w[0]


def value_and_gradient(loss, theta):
    """That of the loss above."""
    (W, _), y = theta.parts, theta.parts[0] @ theta.w
    slope = loss(theta._replace(w=np.eye(len(theta.w))[0], parts=(0 * W, None)))
    w = 2 * W.T @ y
    w[0] += slope
    return loss(theta), Theta(w, (2 * np.outer(y, theta.w), None))


def update(theta, g, state, i):
    theta, *state = AdamW(theta, g, *state, i, eta=1e-2)
    return theta, tuple(state)


def run(file=None, steps=40, size=3, **options):
    theta, state = start(size)
    settings = {
        "loss": loss,
        "update": update,
        "N_steps": steps,
        "batch_size": 3,
        "rng": np.random.default_rng(1),
        "prepare": lambda items, rng: np.array(items) + rng.random(len(items)),
        "value_and_gradient": value_and_gradient,
        "file": file,
        "save_every": 50,
    }
    return training_run(list(range(11)), theta, state, **settings | options)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a run that was not stopped."""
    file = tmp_path_factory.mktemp("run") / "whole"
    run(file, N_steps=150, save_every=1)
    return file.read_bytes()


CODE = """
import sys
from training.test_training_runs import run
print("ready", flush=True)
run(sys.argv[1], N_steps=150, save_every=1)
"""


def killed(file, times, whole):
    """How often a run was killed before it came to its end."""
    moments, kills = random.Random(4), 0
    while kills < times:
        child = processes.start(
            "import sys; sys.path.insert(0, 'tests')\n" + CODE,
            str(file),
            cwd=processes.ROOT,
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        try:
            child.wait(moments.random() * 0.02)
            break
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            kills += 1
        finally:
            child.stdout.close()
    run(file, N_steps=150, save_every=1)
    assert file.read_bytes() == whole
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    return kills


def test_a_run_that_is_killed_three_times_ends_with_the_same_bits(tmp_path, whole):
    assert killed(tmp_path / "run", 3, whole) == 3


@pytest.mark.sweep
def test_a_run_that_is_killed_twenty_times_ends_with_the_same_bits(tmp_path, whole):
    assert killed(tmp_path / "run", 20, whole) == 20


def test_a_run_that_stops_at_any_step_goes_on_as_if_it_had_not(tmp_path):
    wanted = run()
    for steps in (1, 3, 4, 5, 39):  # an epoch has four
        file = tmp_path / f"{steps}"
        run(file, steps)
        assert_equal(run(file), wanted)


def assert_equal(got, want):
    for one, other in zip(flat(got), flat(want), strict=True):
        assert np.array_equal(one, other)


def flat(tree):
    if isinstance(tree, tuple):
        return [array for part in tree for array in flat(part)]
    return [] if tree is None else [tree]


def test_another_order_would_be_seen():
    other = run(rng=np.random.default_rng(2))
    assert not np.array_equal(other[0].w, run()[0].w)


def test_an_epoch_takes_each_member_once_in_an_order_of_its_own():
    taken = []

    def prepare(items, rng):
        taken.extend(items)
        return np.zeros(1)

    run(steps=8, prepare=prepare)
    epochs = taken[:11], taken[11:]
    assert [sorted(epoch) for epoch in epochs] == [list(range(11))] * 2
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_file_that_cannot_be_written_leaves_the_last_one(tmp_path, monkeypatch, call):
    file = tmp_path / "run"
    run(file, 5)
    before = file.read_bytes()

    def full(*_):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os if call == "fsync" else type(file), call, full)
        with pytest.raises(OSError, match="no space left"):
            run(file)
    assert file.read_bytes() == before
    assert_equal(run(file), run())


def test_ctrl_c_keeps_the_last_step_however_seldom_is_saved(tmp_path):
    def stop(step):
        if step.step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", on_step=stop, save_every=1000)
    assert_equal(run(tmp_path / "run"), run())
    steps = []
    run(tmp_path / "run", 42, on_step=lambda step: steps.append(step.step))
    assert steps == [41, 42]


def test_what_a_killed_process_left_aside_is_removed_and_nothing_else(tmp_path):
    for name in ("run.part", "other.part"):
        (tmp_path / name).write_bytes(b"half")
    run(tmp_path / "run")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.part", "run"]


def test_the_file_is_read_by_any_reader_of_safetensors(tmp_path):
    theta, (m, _) = run(tmp_path / "run")
    arrays = load_file(tmp_path / "run")
    assert np.array_equal(arrays["theta.w"], theta.w)
    assert np.array_equal(arrays["state[0].parts[0]"], m.parts[0])
    assert sorted(arrays["order"]) == list(range(11))


def test_a_generator_whose_state_holds_arrays_is_kept(tmp_path):
    def rng():
        return np.random.Generator(np.random.MT19937(3))

    run(tmp_path / "run", 6, rng=rng())
    assert_equal(run(tmp_path / "run", rng=rng()), run(rng=rng()))


def test_threads_share_a_step_and_their_losses_are_added_up(tmp_path):
    parts, whole = [], []

    def alone(members, rng):
        parts.append(members)
        return np.array(members, float)

    def total(theta, batch):
        return np.sum(batch) * theta.w[0]

    def slope(loss, theta):
        at_one = loss(theta._replace(w=np.array([1.0, 0.0, 0.0])))
        g = Theta(np.array([at_one, 0.0, 0.0]), (0 * theta.parts[0], None))
        return loss(theta), g

    options = {"loss": total, "prepare": alone, "value_and_gradient": slope, "steps": 8}
    shared = run(workers=2, on_step=lambda step: whole.append(step.loss), **options)
    assert [len(part) for part in parts] == [2, 1, 2, 1, 2, 1, 1, 1] * 2
    losses = []
    assert_equal(shared, run(on_step=lambda step: losses.append(step.loss), **options))
    assert_close(np.array(whole), np.array(losses), terms=3)


def test_more_threads_than_members_are_no_harm():
    assert_equal(run(workers=5, batch_size=1), run(batch_size=1))


# Files that do not fit, and numbers ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 4}, r"run: theta\.w has shape \(3,\), want \(4,\)$"),
        ({"batch_size": 4}, r"run: has batches of 3, want 4$"),
        (
            {"rng": np.random.Generator(np.random.MT19937(3))},
            r"run: has an rng of PCG64, want MT19937$",
        ),
    ],
)
def test_the_file_of_another_run_is_refused_and_stays(tmp_path, options, message):
    file = tmp_path / "run"
    run(file)
    before = file.read_bytes()
    with pytest.raises(ValueError, match=message):
        run(file, **options)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda file: file.write_bytes(b"no"), "run: is no safetensors file"),
        (lambda file: save_file({"w": np.ones(3)}, file), "run: holds no run, only arrays$"),
        (
            lambda file: save_file({"w": np.ones(3)}, file, {"run": "{}"}),
            r"run: has no theta\.w$",
        ),
    ],
)
def test_a_file_that_holds_no_such_run_is_refused_and_stays(tmp_path, write, message):
    file = tmp_path / "run"
    write(file)
    before = file.read_bytes()
    with pytest.raises(ValueError, match=message):
        run(file)
    assert file.read_bytes() == before


def test_an_array_more_and_another_type_are_refused(tmp_path):
    from safetensors import safe_open

    run(tmp_path / "run")
    with safe_open(tmp_path / "run", "numpy") as file:
        metadata = file.metadata()
    arrays = load_file(tmp_path / "run")
    save_file({**arrays, "theta.u": np.ones(1)}, tmp_path / "more", metadata)
    with pytest.raises(ShapeError, match=r"more: has theta\.u, want none$"):
        run(tmp_path / "more")
    arrays["theta.w"] = arrays["theta.w"].astype("f4")
    save_file(arrays, tmp_path / "single", metadata)
    with pytest.raises(ShapeError, match=r"theta\.w has dtype float32, want float64$"):
        run(tmp_path / "single")


@pytest.mark.parametrize("name", ["N_steps", "batch_size", "save_every", "workers"])
def test_a_number_out_of_its_range_is_refused(name):
    with pytest.raises(ValueError, match=f"^training_run: want {name} >= 1, got 0$"):
        run(**{name: 0})


# What is not finite, and progress -----------------------------------------------------------------


def spoiled(at, spoil):
    calls = []

    def broken(loss, theta):
        calls.append(theta)
        value, g = value_and_gradient(loss, theta)
        return spoil(value, g) if len(calls) == at else (value, g)

    return broken


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda value, g: (value * np.nan, g), "the loss is nan"),
        (lambda value, g: (value * np.inf, g), "the loss is inf"),
        (lambda value, g: (value, g._replace(w=g.w / 0)), r"gradient\.w is not finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_is_not_finite_ends_the_run_and_the_last_good_parameters_are_kept(
    tmp_path, spoil, what
):
    file, broken = tmp_path / "run", spoiled(6, spoil)
    message = rf"^training_run: {what} in step 6 \(epoch 2, members \d+, \d+, \d+ of the data\)$"
    with pytest.raises(NotFiniteError, match=message) as caught:
        run(file, value_and_gradient=broken, save_every=100)
    good = run(steps=5)
    assert_equal(caught.value.theta, good[0])
    assert np.array_equal(load_file(file)["theta.w"], good[0].w)
    assert_equal(run(file), run())


def test_each_step_is_told_once():
    steps = []
    run(steps=9, on_step=steps.append)
    assert [step.step for step in steps] == list(range(1, 10))
    assert [step.epoch for step in steps] == [1] * 4 + [2] * 4 + [3]
    assert {step.N_steps for step in steps} == {9}
    assert all(step.seconds_left >= 0 for step in steps)


def test_a_bar_is_shown_where_it_is_wanted_and_nothing_elsewhere(capsys):
    run(steps=3)
    assert capsys.readouterr() == ("", "")
    run(steps=3, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "epoch 1, step 3/3" in err
    assert "tokens/s" in err
    assert "0:00 left" in err


def test_without_options_the_gradient_is_ours_and_the_numbers_of_a_batch_are_its_tokens():
    steps = []
    theta, _ = training_run(
        [np.array([1.0, 2.0]), np.array([3.0])],
        np.array([4.0]),
        (),
        loss=lambda theta, batch: np.sum(theta**2) * len(batch),
        update=lambda theta, g, state, _: (theta - g / 8, state),
        N_steps=1,
        batch_size=2,
        rng=np.random.default_rng(0),
        on_step=steps.append,
    )
    assert theta == [2.0]
    (step,) = steps
    assert step.loss == 32.0


def test_where_no_folder_can_be_synced_a_run_is_saved_all_the_same(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "O_DIRECTORY")
    run(tmp_path / "run.safetensors", steps=1)
    assert (tmp_path / "run.safetensors").exists()
