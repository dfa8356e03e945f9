import paddle

paddle.seed(1)


class Model(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.encoder = paddle.nn.LSTM(
            3,
            4,
            num_layers=2 if kind == "stack" else 1,
            direction="bidirect" if kind == "both" else "forward",
            proj_size=2 if kind == "projected" else 0,
        )

    def forward(self, x):
        output, _ = self.encoder(x)
        return output


model = Model()
paddle.save(model.state_dict(), FILE + ".pdparams")
lstm = model.encoder
# LOAD
output = model(paddle.to_tensor(x)).numpy()
