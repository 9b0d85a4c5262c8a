"""torch.amp.GradScaler over sequences of steps, some of whose gradients overflow: the scale and the growth tracker after
each step, and whether the optimizer stepped. A step overflows where its index is in the key's last list."""
import torch

from oracle_lines import line

CASES = {
    "defaults": (dict(), 6, [1, 4]),
    "grows": (dict(init_scale=4.0, growth_interval=3), 20, [0, 7, 8, 15]),
    "factors": (dict(init_scale=1000.0, growth_factor=1.5, backoff_factor=0.1, growth_interval=2), 12, [5]),
    "stays finite": (dict(init_scale=2.0**127, growth_interval=1), 4, []),
}
for key, (options, steps, overflows) in CASES.items():
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([weight], lr=0.125)
    scaler = torch.amp.GradScaler("cpu", **options)
    scales, trackers, stepped = [], [], []
    for step in range(steps):
        before = weight.detach().clone()
        optimizer.zero_grad()
        scaler.scale(weight.sum()).backward()
        if step in overflows:
            weight.grad[step % 3] = float("nan" if step % 2 else "-inf")
        scaler.step(optimizer)
        scaler.update()
        scales.append(scaler.get_scale())
        trackers.append(scaler.state_dict()["_growth_tracker"])
        stepped.append(not torch.equal(before, weight.detach()))
    line(f"{key} scale", scales)
    line(f"{key} tracker", trackers)
    line(f"{key} stepped", stepped)
