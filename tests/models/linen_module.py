import flax
import flax.linen as nn
import jax
import jax.numpy as jnp


class Model(nn.Module):
    @nn.compact
    def __call__(self, x):
        for _ in range(2 if kind == "stack" else 1):
            x = nn.RNN(nn.LSTMCell(4))(x)
        nn.Dense(2)(x)
        return x


model = Model()
variables = model.init(jax.random.key(1), x)
open(FILE + ".msgpack", "wb").write(flax.serialization.to_bytes(variables))
params = variables["params"]
cells = {f"layer_{number}": f"LSTMCell_{number}" for number in range(2 if kind == "stack" else 1)}
# LOAD
output = model.apply({"params": params}, x)
