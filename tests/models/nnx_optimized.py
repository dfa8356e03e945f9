from flax import nnx


own = {"bias_init": nnx.initializers.normal(0.3)}


class Model(nnx.Module):
    def __init__(self, rngs):
        def rnn(width):
            return nnx.RNN(nnx.OptimizedLSTMCell(width, 4, rngs=rngs, **own), rngs=rngs)

        if kind == "both":
            self.first = nnx.Bidirectional(rnn(3), rnn(3), rngs=rngs)
        else:
            self.first = rnn(3)
        self.rest = nnx.List([rnn(4)] if kind == "stack" else [])

    def __call__(self, x):
        x = self.first(x)
        for rnn in self.rest:
            x = rnn(x)
        return x


model = Model(nnx.Rngs(1))
flat = nnx.to_flat_state(nnx.state(model, nnx.Param))
np.savez(FILE + ".npz", **{".".join(map(str, path)): np.asarray(one[...]) for path, one in flat})
output = model(x)
