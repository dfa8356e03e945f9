"""What an LSTM is: options, sizes, axes, the numbers fed, the oracle and its gradients."""
