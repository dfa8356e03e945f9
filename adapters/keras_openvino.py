"""Keras 3 on OpenVINO; `adapters._keras` tells what holds on every backend.

A layer returns graphs: OpenVINO compiles one, and runs it, where its numbers are read. A layer
with a bias and without a mask is OpenVINO's own LSTMSequence, any other unrolled over time. The
processor plugin computes float64 in float32, in silence. ``Model.predict`` leaves the precision to
OpenVINO, which takes bfloat16 for a float32 model where the processor has it, and then errs by
1e-3: Keras has no switch for that, so such instructions are switched off here, in both of the
libraries that look for them (https://github.com/openvinotoolkit/openvino/pull/36980). It hands out
a bfloat16 result as float16, its bits misread. A stateful layer with a bias cannot predict.
"""

import os
from functools import partial

os.environ["KERAS_BACKEND"] = "openvino"
os.environ["OV_CPU_MAX_ISA"] = os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX2"

import keras

from adapters import _keras
from adapters._keras import (
    BUILT,
    CALLED,
    CONVENTION,
    EVERYWHERE,
    LOADING,
    OPTIONS,
    Call,
    Stack,
    defaults,
    infer,
    parameters,
)
from adapters.contract import (
    Gap,
    Snippet,
)

__all__ = ["CONVENTION", "PACKAGES", "defaults", "infer", "parameters", "run"]

assert keras.config.backend() == "openvino"  # a process has one, the first that was imported

PACKAGES = ("keras|keras-nightly", "openvino", "h5py", "scipy")
OLDEST = ("keras==3.15.1", "openvino==2026.4.1")

SNIPPET = Snippet(
    (
        "import os",
        "",
        'os.environ["KERAS_BACKEND"] = "openvino"  # before the import',
        "",
        "import keras",
        "import numpy as np",
        *BUILT,
    ),
    CALLED,
    options=OPTIONS,
    fed="array",
    loading=LOADING,
)

GAPS = (
    *EVERYWHERE,
    Gap(
        {"gradients": True},
        why="OpenVINO does not support gradients",
        source="https://github.com/keras-team/keras/releases/tag/v3.8.0",
    ),
    Gap(
        {"execution": "eager"},
        why="no step runs by itself, a tensor is a graph that is compiled as a whole",
        source="https://github.com/keras-team/keras/pull/19727",
    ),
)


def _compiled(call: Call, _: Stack) -> Call:
    """The call as it is: what it returns is compiled all the same."""
    return call


run = partial(_keras.run, compiled=_compiled, vjp=None)
