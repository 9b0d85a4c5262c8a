"""The numbers of optimizer_slot_test.cpp (SWALR) and weight_average_test.cpp (AveragedModel), by PyTorch."""
import torch
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn

for strategy in ("cos", "linear"):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    schedule = SWALR(optimizer, swa_lr=0.5, anneal_epochs=4, anneal_strategy=strategy)
    rates = []
    for _ in range(6):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    print("SWALR", strategy, rates)

model = torch.nn.Linear(1, 1).double()
average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
for value in (1, 2, 3, 4):
    with torch.no_grad():
        model.weight.fill_(value)
    average.update_parameters(model)
    print("EMA", average.module.weight.item())
