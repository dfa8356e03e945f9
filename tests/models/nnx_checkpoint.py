import os

import flax
import jax.numpy as jnp
import orbax.checkpoint as ocp
from flax import nnx


own = {"bias_init": nnx.initializers.normal(0.3)}


class Model(nnx.Module):
    def __init__(self, rngs):
        def rnn(width):
            return nnx.RNN(nnx.LSTMCell(width, 4, rngs=rngs, **own), rngs=rngs)

        if kind == "both":
            self.first = nnx.Bidirectional(rnn(3), rnn(3), rngs=rngs)
        else:
            self.first = rnn(3)
        if kind == "stack":
            self.second = rnn(4)
        self.head = nnx.Linear(4, 2, rngs=rngs)

    def __call__(self, x):
        x = self.first(x)
        return self.second(x) if kind == "stack" else x


model = Model(nnx.Rngs(1))
with ocp.StandardCheckpointer() as saver:
    saver.save(FILE, nnx.state(model))
rnns = {"layers.0": model.first}
if kind == "stack":
    rnns["layers.1"] = model.second
# LOAD
output = model(jnp.asarray(x))
