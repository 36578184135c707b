"""The parameters of a Python function: their names, defaults and annotations."""

import builtins
import functools
import inspect
import sys
from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Function


def name_of(function: Any) -> str:
    """Return the name of a function, of a class, or of an object's class."""
    if isinstance(function, functools.partial):
        return name_of(function.func)
    named = function if hasattr(function, "__qualname__") else type(function)
    return str(named.__qualname__).rpartition("<locals>.")[2]


def parameters_of(function: Function) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a function that have names, so neither `*args` nor `**kwargs`."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise AdapterError(f"{name_of(function)} has no signature that can be read") from None
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {name: each for name, each in parameters.items() if each.kind not in variadic}


def written_parameters(function: Function) -> str:
    """Return the names of a function's parameters as it has them: `x, *args`."""
    marks: dict[Any, str] = {
        inspect.Parameter.VAR_POSITIONAL: "*",
        inspect.Parameter.VAR_KEYWORD: "**",
    }
    parameters = inspect.signature(function).parameters.items()
    return ", ".join(marks.get(each.kind, "") + name for name, each in parameters) or "nothing"


def is_variadic(function: Function) -> bool:
    """Say whether a function has parameters without names: `*args`, `**kwargs`."""
    kinds = {each.kind for each in inspect.signature(function).parameters.values()}
    return bool(kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD})


def is_required(parameter: inspect.Parameter) -> bool:
    """Say whether a parameter has no default."""
    return parameter.default is inspect.Parameter.empty


def annotations_of(annotated: Any) -> Mapping[str, Any]:
    """Return the annotations of a function's parameters, or of a class's fields, as types.

    A name that only type checkers know, since it is imported `if TYPE_CHECKING`, stands for a type
    of which nothing is known. If reading an annotation raises anything else, there are none.
    """
    while isinstance(annotated, functools.partial):
        annotated = annotated.func
    try:
        annotated = inspect.unwrap(annotated)
        missing = dict.fromkeys(_undefined_names(annotated), _UnknownType)
        return get_type_hints(annotated, localns=missing or None, include_extras=True)
    except Exception:
        return {}


class _AnyAttribute(type):
    def __getattr__(cls, name: str) -> type:
        if name.startswith("_"):
            raise AttributeError(name)
        return cls


class _UnknownType(metaclass=_AnyAttribute):
    """Stands for a name that its module does not define: `Float` of `Float[A, "n"]`."""

    def __class_getitem__(cls, _: Any) -> type:
        return cls


def _undefined_names(annotated: Any) -> set[str]:
    """Return the names in annotations that the module of a function or a class does not define."""
    annotations = annotated.__annotations__.values()
    texts = [getattr(annotation, "__forward_arg__", annotation) for annotation in annotations]
    codes = [compile(text, "<annotation>", "eval") for text in texts if isinstance(text, str)]
    module = vars(sys.modules[annotated.__module__])
    known = {*dir(builtins), *getattr(annotated, "__globals__", module)}
    return {name for code in codes for name in code.co_names if name not in known}


def as_annotated(value: Any, annotation: Any) -> Any:
    """Return a record as the named tuple that its annotation names, at every depth.

    Without such an annotation it becomes the named tuple of its name and fields that a module has.
    A function may pass it on to another, which wants that class.
    """
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    kind = get_origin(annotation) or annotation
    if hasattr(value, "_fields") and not hasattr(kind, "_fields"):
        kind = _imported_class(value)
    if hasattr(value, "_fields") and hasattr(kind, "_fields"):
        types = annotations_of(kind)
        if missing := [name for name in kind._fields if not hasattr(value, name)]:
            raise AdapterError(
                f"{kind.__name__} has a field {missing[0]}; there are {', '.join(value._fields)}"
            )
        return kind(*(as_annotated(getattr(value, name), types.get(name)) for name in kind._fields))
    if isinstance(value, tuple) and kind is tuple and get_args(annotation):
        return tuple(as_annotated(part, get_args(annotation)[0]) for part in value)
    return value


def _imported_class(record: Any) -> Any:
    """Return the class of the name and the fields of a record that was imported, if it is one."""
    name = type(record).__name__
    same_name = (vars(module).get(name) for module in list(sys.modules.values()))
    classes = {
        kind
        for kind in same_name
        if isinstance(kind, type) and getattr(kind, "_fields", None) == record._fields
    }
    return classes.pop() if len(classes) == 1 else None
