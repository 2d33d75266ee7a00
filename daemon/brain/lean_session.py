"""A model on onnxruntime, on one thread, that keeps no more memory than its weights."""

from __future__ import annotations

import contextlib
import zlib
from pathlib import Path
from typing import Any

from daemon.brain.cache import kept, making


def open_session(model: Path) -> Any:
    """A session with this model. Raises ImportError.

    One in onnxruntime's own format has been optimised already; any other is kept in that format for the next
    start, which takes a quarter of the time then. Both give the same figures to the last bit.
    """
    import onnxruntime

    if model.suffix == ".ort":
        return _session(model)
    optimised = kept(f"{model.stem}-{zlib.crc32(model.read_bytes()):08x}-{onnxruntime.__version__}.ort")
    with contextlib.suppress(Exception):
        if not optimised.exists():
            with making(optimised) as draft:
                _session(model, draft)
        return _session(optimised)
    return _session(model)


def _session(model: Path, optimised: Path | None = None) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # The arena and its plans keep what the longest sentence once needed, for ever.
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    if model.suffix == ".ort":
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if optimised:
        options.optimized_model_filepath = str(optimised)
        options.add_session_config_entry("session.save_model_format", "ORT")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
