"""torch.optim.lr_scheduler, base rate 0.1, as its own chained steps go. For each schedule: the learning rates of counts
0 … 24; of those that cycle it the momentum; a parameter [2] after each of 20 steps of SGD and of AdamW under the schedule."""
import warnings

import torch
from torch.optim import lr_scheduler as s

from oracle_lines import line, pattern

warnings.simplefilter("ignore")
CASES = {
    "ExponentialLR gamma=0.9": lambda o: s.ExponentialLR(o, 0.9),
    "StepLR step_size=3 gamma=0.5": lambda o: s.StepLR(o, 3, 0.5),
    "MultiStepLR milestones=[2,5,5,11]": lambda o: s.MultiStepLR(o, [2, 5, 5, 11]),
    "CosineAnnealingLR T_max=24": lambda o: s.CosineAnnealingLR(o, 24),
    "CosineAnnealingLR T_max=10 eta_min=0.01": lambda o: s.CosineAnnealingLR(o, 10, 0.01),
    "CosineAnnealingWarmRestarts T_0=7": lambda o: s.CosineAnnealingWarmRestarts(o, 7),
    "CosineAnnealingWarmRestarts T_0=3 T_mult=2 eta_min=0.01": lambda o: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.01),
    "LinearLR": lambda o: s.LinearLR(o),
    "LinearLR start_factor=0.25 end_factor=0.5 total_iters=8": lambda o: s.LinearLR(o, 0.25, 0.5, 8),
    "ConstantLR": lambda o: s.ConstantLR(o),
    "ConstantLR factor=0.5 total_iters=7": lambda o: s.ConstantLR(o, 0.5, 7),
    "PolynomialLR": lambda o: s.PolynomialLR(o),
    "PolynomialLR total_iters=20 power=2": lambda o: s.PolynomialLR(o, 20, 2.0),
    "OneCycleLR": lambda o: s.OneCycleLR(o, 0.1, 25),
    "OneCycleLR linear": lambda o: s.OneCycleLR(
        o, 0.5, 30, pct_start=0.45, anneal_strategy="linear", base_momentum=0.7, max_momentum=0.8, div_factor=10.0,
        final_div_factor=100.0),
    "OneCycleLR three_phase": lambda o: s.OneCycleLR(o, 0.5, 25, cycle_momentum=False, three_phase=True),
    "OneCycleLR pct_start=0": lambda o: s.OneCycleLR(o, 0.5, 25, pct_start=0.0),
    "CyclicLR": lambda o: s.CyclicLR(o, 0.1, 0.4, 4, 6),
    "CyclicLR triangular2": lambda o: s.CyclicLR(o, 0.01, 0.4, 5, mode="triangular2", cycle_momentum=False),
    "CyclicLR exp_range": lambda o: s.CyclicLR(
        o, 0.01, 0.4, 3, mode="exp_range", gamma=0.95, base_momentum=0.5, max_momentum=0.6),
    "SequentialLR warm-up": lambda o: s.SequentialLR(o, [s.LinearLR(o), s.CosineAnnealingLR(o, 20)], [5]),
    "SequentialLR three": lambda o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.5, 2), s.ExponentialLR(o, 0.9), s.StepLR(o, 4)], [6, 13]),
    "ReduceLROnPlateau patience=2": lambda o: s.ReduceLROnPlateau(o, patience=2),
    "ReduceLROnPlateau all": lambda o: s.ReduceLROnPlateau(o, "max", 0.5, 1, 0.1, "abs", 2, 0.011, 2e-3),
    "ReduceLROnPlateau patience=0": lambda o: s.ReduceLROnPlateau(o, "max", 0.7, 0, 0.2),
}


def monitored(count):
    """What a plateau sees after `count`: falling at first, once no number at all."""
    return float("nan") if count == 9 else ((5 * count * count + 3 * count) % 11 + max(0, 8 - count)) / 16


def momentum(group):
    return group["betas"][0] if "betas" in group else group["momentum"]


def run(name, make_optimizer):
    w = pattern([2], 3).requires_grad_()
    optimizer = make_optimizer([w])
    scheduler = CASES[name](optimizer)
    rates, momenta, values = [], [], []
    for count in range(25):
        group = optimizer.param_groups[0]
        rates.append(group["lr"])
        momenta.append(momentum(group))
        w.grad = w.detach() * 0.25 + pattern([2], count + 1)
        optimizer.step()
        if count < 20:
            values += w.tolist()
        scheduler.step(*([monitored(count)] if isinstance(scheduler, s.ReduceLROnPlateau) else []))
    return rates, momenta, values


for name in CASES:
    rates, momenta, values = run(name, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9))
    line(name, rates)
    if set(momenta) != {0.9}:
        line(f"{name} momentum", momenta)
    line(f"{name} SGD", values)
    rates_of_adamw, momenta_of_adamw, values = run(name, lambda p: torch.optim.AdamW(p, lr=0.1))
    assert rates == rates_of_adamw and momenta == momenta_of_adamw
    line(f"{name} AdamW", values)
