"""One guarded call of somebody's function, and the verdict on what it returned."""
