import torch

torch.manual_seed(1)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.LSTM(
            3,
            4,
            num_layers=2 if kind == "stack" else 1,
            bidirectional=kind == "both",
            bias=kind != "bare",
            proj_size=2 if kind == "projected" else 0,
            batch_first=True,
        )
        self.head = torch.nn.Linear(4, 2)

    def forward(self, x):
        output, _ = self.encoder(x)
        return output


model = Model()
torch.save(model.state_dict(), FILE + ".pt")
lstm = model.encoder
# LOAD
output = model(torch.from_numpy(x)).detach().numpy()
