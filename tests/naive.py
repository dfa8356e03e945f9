"""What people write today: every framework imported, a grid of sizes, shapes compared by hand.

It is the peer that ``python -m conformance bench`` measures the suite against, in checks a second,
and no part of any run: ``pytest --noconftest -c /dev/null tests/naive.py``.
"""

import itertools

import flax.linen
import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
import torch

SIZES = list(itertools.product([1, 2, 7], [5, 11], [3, 8], [4, 13]))


@pytest.mark.parametrize(("batch", "time", "features", "hidden"), SIZES)
def test_torch(batch: int, time: int, features: int, hidden: int) -> None:
    """``nn.LSTM`` gives (batch, time, hidden), and states of (1, batch, hidden)."""
    lstm = torch.nn.LSTM(features, hidden, batch_first=True)
    output, (h, c) = lstm(torch.randn(batch, time, features))
    assert output.shape == (batch, time, hidden)
    assert h.shape == c.shape == (1, batch, hidden)


@pytest.mark.parametrize(("batch", "time", "features", "hidden"), SIZES)
def test_keras(batch: int, time: int, features: int, hidden: int) -> None:
    """``layers.LSTM`` gives (batch, time, hidden), and states of (batch, hidden)."""
    inputs = keras.Input((time, features))
    lstm = keras.layers.LSTM(hidden, return_sequences=True, return_state=True)
    model = keras.Model(inputs, lstm(inputs))
    x = np.random.rand(batch, time, features).astype("float32")
    output, h, c = model.predict(x, verbose=0)
    assert output.shape == (batch, time, hidden)
    assert h.shape == c.shape == (batch, hidden)


@pytest.mark.parametrize(("batch", "time", "features", "hidden"), SIZES)
def test_flax(batch: int, time: int, features: int, hidden: int) -> None:
    """``nn.RNN`` gives (batch, time, hidden), and a carry of (batch, hidden) twice."""
    rnn = flax.linen.RNN(flax.linen.LSTMCell(hidden), return_carry=True)
    x = jnp.ones((batch, time, features))
    variables = rnn.init(jax.random.key(0), x)
    (c, h), output = rnn.apply(variables, x)
    assert output.shape == (batch, time, hidden)
    assert h.shape == c.shape == (batch, hidden)
