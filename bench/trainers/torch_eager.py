"""PyTorch as it is usually written: nn.Sequential, optim.SGD or Adam (fused, the fastest), a loop over the batches.

On all threads, on one, and through torch.compile, which on networks this small is mostly slower.
Reorders by one gather of all rows an epoch (``x[torch.randperm(n)]``), of which the batches are slices: faster than a
DataLoader, and than a gather a batch.
"""

from __future__ import annotations

import numpy as np

from bench.grid import EPSILON, Task

PACKAGES = ("torch",)
ENVIRONMENT: dict[str, str] = {}
VARIANTS: dict[str, dict] = {
    "PyTorch": {},
    "PyTorch, 1 thread": {"single": True},
    "PyTorch, compiled": {"compiled": True},
}


def version() -> str:
    import torch

    return f"PyTorch {torch.__version__}"


class Eager:
    def __init__(self, task: Task, threads: int, compiled: bool) -> None:
        import torch

        self.torch, self.threads = torch, threads
        self.batch, self.shuffle = task.batch, task.shuffle
        self.x, self.y = torch.from_numpy(task.x), torch.from_numpy(task.y)
        layers: list[torch.nn.Module] = []
        for kernel, bias in zip(task.weights[::2], task.weights[1::2], strict=True):
            linear = torch.nn.Linear(*kernel.shape)
            linear.weight.data = torch.tensor(kernel.T.copy())
            linear.bias.data = torch.tensor(bias)
            layers += [linear, torch.nn.Tanh() if task.activation == "tanh" else torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*layers[:-1])
        if compiled:
            torch._dynamo.reset()  # it gives up on a piece of code that it has seen in too many shapes
            self.model.compile(dynamic=False)
        self.loss = torch.nn.MSELoss()
        if task.job == "softmax":
            self.loss, self.y = torch.nn.CrossEntropyLoss(), torch.from_numpy(task.labels)
        parameters = self.model.parameters()
        if task.job == "adam":
            self.optimizer = torch.optim.Adam(parameters, task.learning_rate, eps=EPSILON, fused=True)
        else:
            self.optimizer = torch.optim.SGD(parameters, task.learning_rate, task.momentum, nesterov=True, fused=True)

    def epoch(self) -> None:
        self.torch.set_num_threads(self.threads)
        x, y = self.x, self.y
        if self.shuffle:
            order = self.torch.randperm(len(x))
            x, y = x[order], y[order]
        for start in range(0, len(x), self.batch):
            batch = slice(start, start + self.batch)
            self.optimizer.zero_grad()
            self.loss(self.model(x[batch]), y[batch]).backward()
            self.optimizer.step()

    def weights(self) -> list[np.ndarray]:
        return [p.detach().numpy().T for p in self.model.parameters()]


def setup(task: Task, threads: int, single: bool = False, compiled: bool = False) -> Eager:
    return Eager(task, 1 if single else threads, compiled)
