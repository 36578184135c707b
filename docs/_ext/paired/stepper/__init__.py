"""Recorded runs of the functions, to be stepped through line by line.

`recorded_run` runs a function on the small inputs of `small_inputs`, holds it to its pseudocode
and keeps what each line set; `factors` adds what a line multiplies. `run_json` writes that as
JSON, and `step_frames` draws it: tables of numbers, `number_table`, under radio buttons.
"""
