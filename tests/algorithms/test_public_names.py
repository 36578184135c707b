"""What does `import algorithms` offer, an algorithm of ours included, and what does it bring?"""

from __future__ import annotations

import pydoc
import re
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from pkgutil import iter_modules

import pytest
from helpers.public_things import packages, parameter_classes

import algorithms
from algorithms import extensions
from algorithms.signatures.public_names import other_than, public_names

SOURCE = Path(algorithms.__path__[0])
#: A module with a function that is public by its tag.
TAGGED = '@algorithm("N99")\ndef {}():\n    pass\n'


def python(program, folder=SOURCE.parent):
    """What a program writes that has `algorithms` from a folder."""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    return run.stdout.strip() or run.stderr.strip().splitlines()[-1]


def test_dir_shows_the_public_names_and_nothing_else():
    inside = {package.__name__.rpartition(".")[2]: package for package in packages()[1:]}
    public = {name for name, package in inside.items() if hasattr(package, "__all__")}
    shown = {name for name in dir(algorithms) if not re.fullmatch("__.*__", name)}
    assert shown == {*algorithms.__all__} | public
    assert all(hasattr(algorithms, name) for name in dir(algorithms))


def test_checkpoints_and_extensions_are_there_after_the_import():
    program = "import algorithms as a; print(a.checkpoints.GPT2.__name__, a.extensions.__name__)"
    assert python(program) == "GPT2 algorithms.extensions"


def test_the_version_is_that_of_the_distribution():
    assert algorithms.__version__ == version("formal-transformers")


def test_what_is_not_there_is_said_in_pythons_words():
    for package in (algorithms, algorithms.extensions):
        message = f"^module '{package.__name__}' has no attribute 'absent'$"
        with pytest.raises(AttributeError, match=message):
            _ = package.absent


# An algorithm of ours is public by being there ----------------------------------------------------


def test_a_tagged_function_is_found_and_its_module_imported_when_it_is_used():
    program = """
import sys, algorithms
from algorithms import extensions
assert not {*extensions._modules.values()} & {*sys.modules}
for name, module in extensions._modules.items():
    assert name in dir(algorithms) and name in dir(extensions) and name in algorithms.__all__
    assert getattr(algorithms, name) is getattr(extensions, name)
    assert module in sys.modules
exec("from algorithms import *"); print(rms_norm.algorithm)
"""
    assert python(program) == "N1"


@pytest.mark.parametrize("file", [file.name for file in iter_modules(extensions.__path__)])
def test_every_tagged_function_and_class_of_parameters_is_found(file):
    module = import_module(f"algorithms.extensions.{file}")
    tagged = {
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
        and (hasattr(value, "requires") or hasattr(value, "_fields"))
    }
    assert tagged == {name for name, at in extensions._modules.items() if at == module.__name__}


@pytest.mark.parametrize(
    "decorators",
    [
        '@algorithm("N99")',
        '@algorithm("N99", requires=("eps >= 0",))  # of 2019',
        '@algorithm(\n    "N99",\n    requires=("eps >= 0",),\n)',
        '@algorithm("N99")\n@cache\n\n# and a comment',
        '@cache\n@algorithm("N99")',
        "@document_fields",
    ],
)
@pytest.mark.parametrize("kind", ["def", "class"])
def test_a_name_is_public_by_a_decorator_however_it_is_written(tmp_path, decorators, kind):
    others = f"{kind} before: ...\n\n", f"\n@cache\n{kind} after: ...\n"
    text = f"{kind} public(\n    x\n): ...\n".join((f"{others[0]}{decorators}\n", others[1]))
    (tmp_path / "a.py").write_text(text, "utf-8")
    assert public_names("mine", str(tmp_path)) == {"public": "mine.a"}


@pytest.mark.parametrize("files", [("a", "b"), ("rms_norm",), ("rms_norm", "a")])
def test_two_things_of_one_name_are_refused(tmp_path, files):
    for name in files:
        (tmp_path / f"{name}.py").write_text(TAGGED.format("rms_norm"), "utf-8")
    with pytest.raises(ImportError, match=r"^\w+\.py: mine has another rms_norm$"):
        public_names("mine", str(tmp_path))


def test_a_name_that_the_package_has_already_is_refused(tmp_path):
    shutil.copytree(SOURCE, tmp_path / "algorithms")
    added = tmp_path / "algorithms" / "extensions" / "a.py"
    added.write_text(TAGGED.format("layer_norm"), "utf-8")
    message = "two public names of algorithms are layer_norm"
    assert python("import algorithms", tmp_path) == f"ImportError: {message}"
    with pytest.raises(ImportError, match=f"^{message}$"):
        other_than(["layer_norm"], algorithms.__all__)


def test_what_is_found_is_got_from_either_package_and_from_the_module_that_was_read():
    for name, module in extensions._modules.items():
        function = getattr(algorithms, name)
        assert function is getattr(algorithms.extensions, name)
        assert function.__module__ == module
        assert name in dir(algorithms.extensions)
    assert algorithms.__getattr__("checkpoints") is algorithms.checkpoints


# Docstrings say shapes ----------------------------------------------------------------------------


@pytest.mark.parametrize("cls", parameter_classes(), ids=lambda cls: cls.__name__)
def test_help_says_what_every_field_is(cls):
    text = pydoc.render_doc(cls, renderer=pydoc.plaintext)
    for name, annotation in cls.__annotations__.items():
        (row,) = re.findall(rf"^ \|  {name} : (.*)$", text, re.MULTILINE)
        written = annotation.__forward_arg__
        if written.startswith("Float["):
            (shape,) = re.findall(r"""["'](.*)["']""", written)
            assert row.startswith(f"float, ({', '.join(shape.replace('#', '').split())}")
        else:
            (part,) = re.findall(r"(\w+)\[A_co", written)
            assert part in row.split()


def test_help_says_how_the_sizes_of_a_part_are_called():
    (row,) = re.findall(r"^W_qkv : (.*)$", algorithms.MHAttentionParameters.__doc__, re.MULTILINE)
    assert row == "AttentionParameters with d_out = d_mid, leading axis H"


# What it brings -----------------------------------------------------------------------------------


def test_the_import_brings_numpy_and_little_else():
    brought = python("import sys, algorithms; print(*{m.partition('.')[0] for m in sys.modules})")
    foreign = {*brought.split()} - {*sys.stdlib_module_names}
    assert {m for m in foreign if not m.startswith("_")} == {
        "algorithms",
        "array_api_compat",
        "numpy",
    }


def test_what_reads_annotations_and_checks_calls_is_imported_with_the_first_call():
    program = """
import sys, numpy as np, algorithms
later = {f"algorithms.signatures.{name}" for name in ("annotations", "check", "initialisation")}
assert not later & {*sys.modules}
algorithms.softmax(np.ones((2, 3)))
algorithms.initialise
print(later <= {*sys.modules})
"""
    assert python(program) == "True"
