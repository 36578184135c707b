"""Models trained on real data by the algorithms alone, in NumPy.

Each is one command, `python -m examples.decoder`, which takes at most ten minutes on two cores,
and with `--quick` at most one. It compares the model, on data that it has not seen, with the best
that can be had without a transformer. One, `sentiment`, has to be given its data and a model, and
takes longer.
"""

import os

# Of matrices this small, threads that share one take longer than a single thread; and where other
# programs run, ten times as long. NumPy reads this when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
