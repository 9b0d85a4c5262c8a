"""torch.nn's losses in float64: the value, then the gradient of the prediction. The same of a prediction in bfloat16 and
float16 under torch.autocast, where the loss is float32."""
import torch
from torch import nn

from oracle_lines import line, pattern


def show(key, loss, prediction, target):
    prediction.requires_grad_()
    value = loss(prediction, target)
    value.backward()
    line(key, [value.item()] + prediction.grad.flatten().tolist())


classes = torch.tensor([1, 0, 2, 1])
some_ignored = torch.tensor([1, -100, 2, -100])
pixels = torch.tensor([[[0, 1], [2, 0]], [[1, 1], [2, 2]]])
show("CrossEntropyLoss", nn.CrossEntropyLoss(), pattern([4, 3], 1), classes)
show("CrossEntropyLoss label_smoothing=0.1", nn.CrossEntropyLoss(label_smoothing=0.1), pattern([4, 3], 1), classes)
show("CrossEntropyLoss ignored", nn.CrossEntropyLoss(label_smoothing=0.2), pattern([4, 3], 1), some_ignored)
show("CrossEntropyLoss ignore_index=1", nn.CrossEntropyLoss(ignore_index=1), pattern([4, 3], 1), classes)
weight = torch.tensor([0.5, 2.0, 0.25], dtype=torch.float64)
show("CrossEntropyLoss weight", nn.CrossEntropyLoss(weight=weight), pattern([4, 3], 1), classes)
show("CrossEntropyLoss all", nn.CrossEntropyLoss(weight, ignore_index=0, label_smoothing=0.1), pattern([4, 3], 1), classes)
probabilities = torch.softmax(pattern([4, 3], 5), 1)
show("CrossEntropyLoss probabilities", nn.CrossEntropyLoss(label_smoothing=0.1), pattern([4, 3], 1), probabilities)
show("CrossEntropyLoss pixels", nn.CrossEntropyLoss(), pattern([2, 3, 2, 2], 1), pixels)
show("NLLLoss", nn.NLLLoss(), pattern([4, 3], 1), classes)
show("NLLLoss ignore_index=1", nn.NLLLoss(ignore_index=1), pattern([4, 3], 1), classes)
show("NLLLoss weight", nn.NLLLoss(weight), pattern([4, 3], 1), classes)
show("NLLLoss all", nn.NLLLoss(weight, ignore_index=2), pattern([4, 3], 1), classes)
show("BCEWithLogitsLoss pos_weight", nn.BCEWithLogitsLoss(pos_weight=weight), pattern([4, 3], 1, 2.0), (pattern([4, 3], 2) + 1) / 2)
show("BCEWithLogitsLoss", nn.BCEWithLogitsLoss(), pattern([4, 3], 1, 2.0), (pattern([4, 3], 2) + 1) / 2)
for key, loss in {
    "MSELoss": nn.MSELoss(),
    "L1Loss": nn.L1Loss(),
    "SmoothL1Loss": nn.SmoothL1Loss(),
    "SmoothL1Loss beta=0": nn.SmoothL1Loss(beta=0.0),
    "SmoothL1Loss beta=0.5": nn.SmoothL1Loss(beta=0.5),
    "HuberLoss": nn.HuberLoss(),
    "HuberLoss delta=0.5": nn.HuberLoss(delta=0.5),
}.items():
    show(key, loss, pattern([4, 3], 1, 2.0), pattern([4, 3], 2, 2.0))

for dtype in (torch.bfloat16, torch.float16):
    for loss, target in [(nn.CrossEntropyLoss(weight.float(), label_smoothing=0.1), classes), (nn.NLLLoss(weight.float()), classes)] + [
            (loss, pattern([4, 3], 2, 8.0, torch.float32).abs()) for loss in
            (nn.BCEWithLogitsLoss(), nn.MSELoss(), nn.L1Loss(), nn.SmoothL1Loss(), nn.HuberLoss())]:
        prediction = pattern([4, 3], 1, 8.0, dtype).requires_grad_()
        with torch.autocast("cpu", dtype):
            value = loss(prediction, target)
        assert value.dtype == torch.float32
        value.backward()
        line(f"{dtype} autocast {type(loss).__name__}".replace("torch.", ""), [value.item()] + prediction.grad.flatten().tolist())
