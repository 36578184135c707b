"""Parameters changed by their names, at every depth of θ."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from spec import symbols
from spec.inputs.draw import Inputs
from spec.machine import Parameters, Value

#: Parameters by their names in Python; `gamma1` is the list of all γ¹_l.
Fields = dict[str, Value]


def change_parameters(run: Inputs, change: Callable[[Fields], Fields]) -> Inputs:
    """Return arguments whose parameters are changed: those of every bundle, at every depth."""

    def within(value: Value) -> Value:
        match value:
            case Parameters():
                return change_bundle(
                    value,
                    lambda fields: change({name: within(part) for name, part in fields.items()}),
                )
            case list():
                return [within(part) for part in value]
        return value

    names = [symbols.ascii(str(key)) for key in run.keys]
    inner = map(within, run.parameters)
    changed = change(dict(zip(names, inner, strict=True)))
    return replace(
        run,
        inputs=tuple(map(within, run.inputs)),
        parameters=tuple(changed[name] for name in names),
    )


def change_bundle(bundle: Parameters, change: Callable[[Fields], Fields]) -> Parameters:
    """Return a bundle whose parameters are changed, but not those of the bundles in it."""
    names = {symbols.ascii(str(key)): key for key in bundle.fields}
    changed = change({name: bundle.fields[key] for name, key in names.items()})
    return replace(bundle, fields={key: changed[name] for name, key in names.items()})


def each(names: str, change: Callable[[Value], Value]) -> Callable[[Fields], Fields]:
    """Return a change of the parameters with these names, and of each member of a family."""
    wanted = set(names.split())

    def changed(fields: Fields) -> Fields:
        return {
            name: members(value, change) if name in wanted else value
            for name, value in fields.items()
        }

    return changed


def zero(names: str) -> Callable[[Fields], Fields]:
    """Return a change that makes the parameters with these names 0."""
    return each(names, np.zeros_like)


def members(value: Value, change: Callable[[Value], Value]) -> Value:
    """Return a parameter changed, or each member of a family."""
    return [change(member) for member in value] if isinstance(value, list) else change(value)


def parameters_by_name(run: Inputs) -> Fields:
    """Return the parameters at every depth by name; of a family, those of its first member."""
    first: Fields = {}

    def note(fields: Fields) -> Fields:
        for name, value in fields.items():
            first.setdefault(name, value[0] if isinstance(value, list) else value)
        return fields

    change_parameters(run, note)
    return first
