"""Learning rates of torch.optim.lr_scheduler, base rate 0.1, as its own chained steps give them for counts 0 … 24."""
import warnings

import torch
from torch.optim import lr_scheduler as s

from oracle_lines import line

warnings.simplefilter("ignore")
CASES = {
    "ExponentialLR gamma=0.9": lambda o: s.ExponentialLR(o, 0.9),
    "StepLR step_size=3 gamma=0.5": lambda o: s.StepLR(o, 3, 0.5),
    "MultiStepLR milestones=[2,5,5,11]": lambda o: s.MultiStepLR(o, [2, 5, 5, 11]),
    "CosineAnnealingLR T_max=24": lambda o: s.CosineAnnealingLR(o, 24),
    "CosineAnnealingLR T_max=10 eta_min=0.01": lambda o: s.CosineAnnealingLR(o, 10, 0.01),
    "LinearLR": lambda o: s.LinearLR(o),
    "LinearLR start_factor=0.25 end_factor=0.5 total_iters=8": lambda o: s.LinearLR(o, 0.25, 0.5, 8),
    "ConstantLR": lambda o: s.ConstantLR(o),
    "ConstantLR factor=0.5 total_iters=7": lambda o: s.ConstantLR(o, 0.5, 7),
    "PolynomialLR": lambda o: s.PolynomialLR(o),
    "PolynomialLR total_iters=20 power=2": lambda o: s.PolynomialLR(o, 20, 2.0),
}
for name, make in CASES.items():
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    scheduler = make(optimizer)
    rates = []
    for _ in range(25):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    line(name, rates)
