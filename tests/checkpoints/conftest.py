"""Which tests there are only where somebody asks for them."""

import os

#: The folder of a package that ships a trained model: see `test_trained_model.py`.
collect_ignore = [] if "TRAINED_MODEL" in os.environ else ["test_trained_model.py"]
