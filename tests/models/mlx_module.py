import mlx.core as mx
import mlx.nn as nn

mx.random.seed(1)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [3, 4] if kind == "stack" else [3]
        self.layers = [nn.LSTM(width, 4, bias=kind != "bare") for width in widths]
        self.head = nn.Linear(4, 2)

    def __call__(self, x):
        for layer in self.layers:
            x, _ = layer(x)
        return x


model = Model()
model.save_weights(FILE + ".safetensors")
lstms = dict(enumerate(model.layers))
# LOAD
output = model(mx.array(x))
