import equinox as eqx
import jax
import jax.numpy as jnp


class Model(eqx.Module):
    first: eqx.nn.LSTMCell
    rest: list

    def __init__(self, key):
        own = {"use_bias": kind != "bare", "key": key}
        self.first = eqx.nn.LSTMCell(3, 4, **own)
        self.rest = [eqx.nn.LSTMCell(4, 4, **own)] if kind == "stack" else []

    def __call__(self, x):
        for cell in (self.first, *self.rest):

            def step(state, one, cell=cell):
                state = cell(one, state)
                return state, state[0]

            _, x = jax.lax.scan(step, (jnp.zeros(4), jnp.zeros(4)), x)
        return x


model = Model(jax.random.key(1))
eqx.tree_serialise_leaves(FILE + ".eqx", model)
cells = {"layer_0": lambda model: model.first}
if kind == "stack":
    cells["layer_1"] = lambda model: model.rest[0]
# LOAD
output = jax.vmap(model)(jnp.asarray(x))
