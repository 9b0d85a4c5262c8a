"""The CNN in PyTorch: its default initialisation from seed 7, and logits, loss and gradients in float64 with fixed
weights. Of a tensor: sum, sum of squares, first, last element."""
import torch
import torch.nn.functional as F
from torch import nn

from oracle_lines import line, pattern, summary


class CNN(nn.Module):
    def __init__(self, classes=10, channels=1, size=28):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.fc1 = nn.Linear(64 * (size // 4) ** 2, 64)
        self.fc2 = nn.Linear(64, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def main():
    torch.manual_seed(7)
    for name, p in CNN().named_parameters():
        line(f"init {name}", summary(p))

    for key, kwargs in {"grey": {}, "colour": dict(classes=3, channels=3, size=8)}.items():
        net = CNN(**kwargs).double()
        with torch.no_grad():
            for salt, p in enumerate(net.parameters()):
                p.copy_(pattern(p.shape, salt + 1, 32.0))
        channels, size = kwargs.get("channels", 1), kwargs.get("size", 28)
        logits = net(pattern([2, channels, size, size], 9))
        line(f"{key} logits", logits.flatten().tolist())
        F.cross_entropy(logits, torch.tensor([1, 2])).backward()
        for name, p in net.named_parameters():
            line(f"{key} grad {name}", summary(p.grad))


if __name__ == "__main__":
    main()
