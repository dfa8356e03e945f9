"""What older releases of JAX have by another name: looked for, and never told by a version."""

from typing import Any

import jax

if hasattr(jax, "enable_x64"):  # https://github.com/jax-ml/jax/discussions/32804
    enable_x64 = jax.enable_x64
else:
    from jax.experimental import enable_x64

__all__ = ["enable_x64", "shapes"]


def shapes(jitted: Any, *abstract: Any) -> Any:
    """The shapes and dtypes of what a jitted function returns, from the trace that it compiles."""
    if hasattr(jitted, "trace"):
        return jitted.trace(*abstract).out_info
    return jax.eval_shape(jitted, *abstract)
