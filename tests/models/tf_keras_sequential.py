import h5py
import tf_keras

tf_keras.utils.set_random_seed(5)
own = tf_keras.layers


def lstm():
    return own.LSTM(
        4, return_sequences=True, use_bias=kind != "bare", bias_initializer="random_normal"
    )


model = tf_keras.Sequential(
    [own.Input((5, 3)), own.Bidirectional(lstm()) if kind == "both" else lstm()]
)
if kind == "stack":
    model.add(lstm())
model.save(FILE + ".h5")
layers = model.layers
# LOAD
output = model.predict(x, verbose=0)
