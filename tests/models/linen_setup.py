import flax
import flax.linen as nn
import jax


def rnn(width):
    return nn.RNN(nn.LSTMCell(width, bias_init=nn.initializers.normal(0.3)))


class Model(nn.Module):
    def setup(self):
        self.both = nn.Bidirectional(rnn(4), rnn(4))
        self.head = nn.Dense(2)

    def __call__(self, x):
        x = self.both(x)
        self.head(x)
        return x


model = Model()
variables = model.init(jax.random.key(1), x)
open(FILE + ".msgpack", "wb").write(flax.serialization.to_bytes(variables))
output = model.apply(variables, x)
