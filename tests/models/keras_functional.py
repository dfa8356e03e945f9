import h5py
import keras

keras.utils.set_random_seed(3)
own = keras.layers


def lstm(name):
    made = own.LSTM(
        4,
        return_sequences=True,
        use_bias=kind != "bare",
        bias_initializer="random_normal",
        name=name,
    )
    return own.Bidirectional(made) if kind == "both" else made


given = own.Input((5, 3))
layers = [lstm(name) for name in (("encoder", "decoder") if kind == "stack" else ("encoder",))]
result = given
for layer in layers:
    result = layer(result)
model = keras.Model(given, [result, own.Dense(2)(result)])
model.save_weights(FILE + ".weights.h5")
# LOAD
output = model.predict(x, verbose=0)[0]
