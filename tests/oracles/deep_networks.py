"""ResNets as torchvision's and the MLP as torch.nn.Sequential, in float64. Weights and inputs come from hashed(), scaled,
so that nothing large is stored: of each network its logits in training and in evaluation mode, and of tensors (gradients,
and buffers after the step) the sum of their elements times hashed(), and their norm."""
import numpy
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from oracle_lines import fnv1a, hashed, line

torch.set_num_threads(1)


def resnet(depth, stem="imagenet", channels=3, **kwargs):
    net = getattr(torchvision.models, f"resnet{depth}")(**kwargs)
    if stem == "cifar":
        net.conv1 = nn.Conv2d(channels, 64, 3, stride=1, padding=1, bias=False)
        net.maxpool = nn.Identity()
    elif channels != 3:
        net.conv1 = nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
    return net


def mlp(sizes):
    parts = []
    for a, b in zip(sizes, sizes[1:]):
        parts += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def fill(net):
    """He-like weights, batch norms near the identity; what is larger than 0 has to be."""
    with torch.no_grad():
        for name, t in net.state_dict().items():
            if t.dim() > 1:
                t.copy_(hashed(t.shape, name) * numpy.sqrt(6.0 / (t.numel() / t.shape[0])))
            elif name.endswith("running_var") or (name.endswith(".weight") and t.dim() == 1):
                t.copy_(1 + 0.5 * hashed(t.shape, name))
            elif t.dim() == 1:
                t.copy_(0.1 * hashed(t.shape, name))


def projection(name, t):
    return (t.detach() * hashed(t.shape, name)).sum()


def names(net):
    """All of the state_dict, in one number that a double holds."""
    text = "".join(f"{name} {list(t.shape)}\n" for name, t in net.state_dict().items())
    return [len(net.state_dict()), fnv1a(text) >> 11]


def record(key, net, x, each):
    """`each`: a line for every tensor of the state_dict; else only for the first and the last of them."""
    line(f"{key} names", names(net))
    net = net.double()
    fill(net)
    with torch.no_grad():
        line(f"{key} eval", net.eval()(x).flatten())
    logits = net.train()(x)
    line(f"{key} train", logits.detach().flatten())
    F.cross_entropy(logits, torch.arange(len(x)) % logits.shape[1]).backward()
    gradients = {name: p.grad for name, p in net.named_parameters()}
    state = {name: projection(name, gradients.get(name, t)) for name, t in net.state_dict().items()}
    shown = state if each else [*list(state)[:6], *list(state)[-6:]]
    for name in shown:
        line(f"{key} {name}", [state[name], gradients.get(name, net.state_dict()[name]).double().norm()])
    line(f"{key} all gradients", [sum(value for name, value in state.items() if name in gradients)])
    line(f"{key} all buffers", [sum(value for name, value in state.items() if name not in gradients)])


def initial(key, net):
    """Sum, sum of squares, first, last element of the weights from seed 7, where each layer is initialised when it is
    made: torchvision goes over all convolutions once more at the end, with the same arguments (recorded here)."""
    torch.manual_seed(7)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                module.reset_parameters()
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, **KAIMING)
    for name, p in net.named_parameters():
        p = p.detach().double().flatten()
        line(f"{key} init {name}", [p.sum(), p.square().sum(), p[0], p[-1]])


arguments = []
original = nn.init.kaiming_normal_
nn.init.kaiming_normal_ = lambda weight, **kwargs: arguments.append(kwargs) or original(weight, **kwargs)
convolutions = [m for m in torchvision.models.resnet50().modules() if isinstance(m, nn.Conv2d)]
nn.init.kaiming_normal_ = original
KAIMING = arguments[0]
assert len(arguments) == len(convolutions) and all(a == KAIMING for a in arguments)

initial("resnet18", torchvision.models.resnet18(num_classes=7, zero_init_residual=True))
colour = hashed([3, 3, 33, 40], "images")
record("resnet18", resnet(18, num_classes=7), colour, each=True)
record("resnet18 cifar", resnet(18, "cifar", channels=1, num_classes=3), hashed([3, 1, 12, 20], "images"), each=True)
for depth in [34, 50, 101, 152]:
    record(f"resnet{depth}", resnet(depth, num_classes=2), colour, each=depth == 50)

initial("mlp", mlp([12, 16, 16, 5]))
record("mlp", mlp([12, 16, 16, 5]), hashed([4, 3, 2, 2], "images").flatten(1), each=True)
record("mlp one layer", mlp([12, 5]), hashed([4, 12], "images"), each=True)
# The benchmark's: 24 layers of 2048.
line("mlp_big names", names(mlp([2048] * 25)))
