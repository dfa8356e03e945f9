import keras

keras.utils.set_random_seed(2)
own = keras.layers


def lstm():
    return own.LSTM(
        4, return_sequences=True, use_bias=kind != "bare", bias_initializer="random_normal"
    )


model = keras.Sequential(
    [own.Input((5, 3)), own.Bidirectional(lstm()) if kind == "both" else lstm()]
)
if kind == "stack":
    model.add(lstm())
model.save(FILE + ".keras")
layers = model.layers

# LOAD
output = model.predict(x, verbose=0)
