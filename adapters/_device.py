"""What the adapters of JAX share of devices: all is computed on the first of the kind asked for.

Products are of full precision anyway: each adapter sets ``jax_default_matmul_precision`` to
``highest``, without which a GPU multiplies float32 in TensorFloat-32 and a TPU in bfloat16
(https://docs.jax.dev/en/latest/jax.lax.html#jax.lax.Precision).
"""

import jax

DEVICES = ("cuda", "tpu")


def place(device: str) -> bool:
    """Make this platform the default, a GPU not unasked; whether JAX has it."""
    jax.config.update("jax_platforms", device if device == "cpu" else f"{device},cpu")
    if device == "cpu":
        return True
    try:
        return bool(jax.devices(device))
    except RuntimeError:  # no plugin for it, or one that finds no hardware
        return False
