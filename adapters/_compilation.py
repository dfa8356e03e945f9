"""What the adapters of JAX share of its compilations: they are kept between runs, and timed.

Keys of JAX's own cache hold the program, the options, and the versions of jaxlib and XLA, with what
the machine's processor can do (https://docs.jax.dev/en/latest/persistent_compilation_cache.html).
"""

from collections.abc import Callable

import jax

STAGES = {
    "/jax/core/compile/jaxpr_trace_duration": "trace",
    "/jax/core/compile/jaxpr_to_mlir_module_duration": "trace",
    "/jax/core/compile/backend_compile_duration": "compile",
}


def keep_compilations(folder: str) -> None:
    """Keep every executable in `folder`, however small and however fast it was compiled."""
    options = {
        "jax_compilation_cache_dir": folder,
        "jax_persistent_cache_min_compile_time_secs": 0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
        # XLA's own lie below the folder, whose path would be part of every key.
        "jax_persistent_cache_enable_xla_caches": "none",
    }
    for name, value in options.items():
        if hasattr(jax.config, name):  # the last two are younger than the first
            jax.config.update(name, value)


def stages(tell: Callable[[str, float], None]) -> None:
    """Have `tell` called with the name and the seconds of each trace and each compilation."""

    def ended(event: str, seconds: float, **_: object) -> None:
        if event in STAGES:
            tell(STAGES[event], seconds)

    jax.monitoring.register_event_duration_secs_listener(ended)
