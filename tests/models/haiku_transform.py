import haiku as hk
import jax
import jax.numpy as jnp


def net(x):
    for _ in range(2 if kind == "stack" else 1):
        core = hk.LSTM(4)
        x, _ = hk.dynamic_unroll(core, x, core.initial_state(2), time_major=False)
    hk.Linear(2)(x)
    return x


model = hk.without_apply_rng(hk.transform(net))
params = model.init(jax.random.key(1), x)
drawn = jax.random.normal(jax.random.key(2), (16,)) / 3
params = hk.data_structures.map(
    lambda _, name, one: drawn[: one.size] if name == "b" else one, params
)
named = hk.data_structures.traverse(params)
np.savez(FILE + ".npz", **{f"{module}/{name}": np.asarray(one) for module, name, one in named})
modules = {"layer_0": "lstm"}
if kind == "stack":
    modules["layer_1"] = "lstm_1"
# LOAD
output = model.apply(params, x)
