"""Two parameters, "a" [3] from step 1 and "b" [2] from step 4 on (so that their step counts differ), over 20 steps of
fixed gradients: each line has both parameters after every step. float64: torch.optim's plain loops; float32 and
bfloat16: its fused kernels (RMSprop has none), SGD with "b" from step 1 on."""
import torch

from oracle_lines import line, pattern

SGD, ADAM, ADAMW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
RMSPROP, ADAGRAD = torch.optim.RMSprop, torch.optim.Adagrad
CASES = {
    "SGD": (SGD, dict()),
    "SGD weight_decay": (SGD, dict(weight_decay=0.1)),
    "SGD momentum": (SGD, dict(momentum=0.9, weight_decay=0.01)),
    "SGD dampening": (SGD, dict(momentum=0.9, dampening=0.3)),
    "SGD nesterov": (SGD, dict(momentum=0.8, nesterov=True, weight_decay=0.02)),
    "SGD maximize": (SGD, dict(momentum=0.9, maximize=True)),
    "SGD momentum schedule": (SGD, dict(momentum=0.9)),
    "SGD all": (SGD, dict(momentum=0.9, dampening=0.1, weight_decay=0.05, maximize=True)),
    "Adam": (ADAM, dict()),
    "Adam weight_decay": (ADAM, dict(betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    "Adam amsgrad": (ADAM, dict(betas=(0.5, 0.6), amsgrad=True, weight_decay=0.01)),
    "Adam maximize": (ADAM, dict(maximize=True)),
    "Adam all": (ADAM, dict(betas=(0.7, 0.8), eps=1e-3, weight_decay=0.1, amsgrad=True, maximize=True)),
    "Adam beta1 schedule": (ADAM, dict(weight_decay=0.1)),
    "AdamW": (ADAMW, dict()),
    "AdamW amsgrad": (ADAMW, dict(betas=(0.5, 0.6), weight_decay=0.2, amsgrad=True)),
    "AdamW all": (ADAMW, dict(betas=(0.7, 0.8), eps=1e-3, weight_decay=0.1, amsgrad=True, maximize=True)),
    "RMSprop": (RMSPROP, dict()),
    "RMSprop momentum": (RMSPROP, dict(alpha=0.9, momentum=0.8, weight_decay=0.01)),
    "RMSprop centered": (RMSPROP, dict(alpha=0.8, eps=1e-4, centered=True, maximize=True)),
    "RMSprop all": (RMSPROP, dict(alpha=0.8, eps=1e-4, weight_decay=0.1, momentum=0.5, centered=True, maximize=True)),
    "Adagrad": (ADAGRAD, dict()),
    "Adagrad all": (
        ADAGRAD, dict(lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.3, eps=1e-4, maximize=True)),
}


def run(name, dtype, fused, b_from=4):
    make, options = CASES[name]
    a, b = pattern([3], 1, dtype=dtype).requires_grad_(), pattern([2], 2, dtype=dtype).requires_grad_()
    kernel = {} if make is RMSPROP else dict(fused=fused)
    optimizer = make([a, b], lr=0.05, foreach=False, **kernel, **options)
    values = []
    for t in range(1, 21):
        a.grad = pattern([3], 3 * t, dtype=dtype)
        b.grad = pattern([2], 4 * t, dtype=dtype) if t >= b_from else None
        group = optimizer.param_groups[0]
        group["lr"] = 0.05 * (40 - t) / 40
        if name == "SGD momentum schedule":
            group["momentum"] = 0.9 * (60 - t) / 60
        if name == "Adam beta1 schedule":
            group["betas"] = (0.9 * (60 - t) / 60, 0.999)
        optimizer.step()
        values += a.tolist() + b.tolist()
    return values


for name in CASES:
    line(f"float64 {name}", run(name, torch.float64, False))
for dtype in (torch.float32, torch.bfloat16):
    for name in ("SGD nesterov", "Adam amsgrad", "AdamW", "RMSprop momentum", "Adagrad all"):
        # Python's fused SGD can't begin a momentum while others have one.
        line(f"{dtype} {name}"[6:], run(name, dtype, True, b_from=1 if name.startswith("SGD") else 4))
