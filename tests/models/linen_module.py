import flax
import flax.linen as nn
import jax
import jax.numpy as jnp


def rnn():
    return nn.RNN(nn.LSTMCell(4, bias_init=nn.initializers.normal(0.3)))


class Model(nn.Module):
    @nn.compact
    def __call__(self, x):
        if kind == "both":
            return nn.Bidirectional(rnn(), rnn())(x)
        for _ in range(2 if kind == "stack" else 1):
            x = rnn()(x)
        nn.Dense(2)(x)
        return x


model = Model()
variables = model.init(jax.random.key(1), x)
open(FILE + ".msgpack", "wb").write(flax.serialization.to_bytes(variables))
params = variables["params"]
labels = ("_forward", "_backward") if kind == "both" else ("",)
cells = {f"layer_0{label}": f"LSTMCell_{number}" for number, label in enumerate(labels)}
if kind == "stack":
    cells["layer_1"] = "LSTMCell_1"
# LOAD
output = model.apply({"params": params}, x)
