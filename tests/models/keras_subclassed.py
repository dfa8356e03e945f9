import keras

keras.utils.set_random_seed(4)
own = keras.layers


class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = self.lstm()
        self.rest = [self.lstm()] if kind == "stack" else []
        self.head = own.Dense(2)

    def lstm(self):
        made = own.LSTM(
            4, return_sequences=True, use_bias=kind != "bare", bias_initializer="random_normal"
        )
        return own.Bidirectional(made) if kind == "both" else made

    def call(self, x):
        for layer in layers:
            x = layer(x)
        return x, self.head(x)


model = Model()
layers = [model.first, *model.rest]
model(x)
model.save_weights(FILE + ".weights.h5")
# LOAD
output = model.predict(x, verbose=0)[0]
