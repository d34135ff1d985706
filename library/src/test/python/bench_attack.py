"""Median time of PGD, and of a step of adversarial training, on a ResNet-20 in Python PyTorch, to be set beside
`varepsilon bench pgd` and `varepsilon bench adversarial-step`.

    python3 bench_attack.py WEIGHTS.safetensors TEST_BATCH.bin [THREADS] [ROUNDS]

The first 128 CIFAR-10 test images, L-infinity at 8/255, steps of 2/255: PGD with 10 steps and no random start, to the last
step for every image; training with PGD of 7 steps from a random start, then SGD on the perturbed images. Each twice: with
a full backward() as tutorials write it, and with autograd.grad for the image alone.
"""
import statistics
import sys
import time

import torch
from torch.nn import functional

from attack_reference import ResNet, read_cifar, read_safetensors

EPSILON, STEP = 8 / 255, 2 / 255
threads = int(sys.argv[3]) if len(sys.argv) > 3 else 2
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
torch.set_num_threads(threads)
torch.manual_seed(1)
weights, metadata = read_safetensors(sys.argv[1], torch.float32)
parameters = [name for name in weights if "running" not in name and "num_batches" not in name]
for name in parameters:
    weights[name].requires_grad_(True)
images, labels = read_cifar(sys.argv[2], 128, torch.float32)


class Trained(ResNet):
    """The same with the batch's own statistics, as in training."""

    def convolve(self, x, convolution, normalisation, stride=1):
        w = self.weights
        y = functional.conv2d(x, w[convolution + ".weight"], stride=stride, padding=1)
        mean, var = (w[f"{normalisation}.{name}"].clone() for name in ("running_mean", "running_var"))
        scale, shift = w[normalisation + ".weight"], w[normalisation + ".bias"]
        return functional.batch_norm(y, mean, var, scale, shift, training=True)


used, trained = ResNet(weights, metadata), Trained(weights, metadata)
optimizer = torch.optim.SGD([weights[name] for name in parameters], lr=0, momentum=0.9, weight_decay=5e-4)


def gradient_by_backward(x):
    x = x.detach().requires_grad_(True)
    for name in parameters:
        weights[name].grad = None
    functional.cross_entropy(used(x), labels).backward()
    return x.grad


def gradient_of_image(x):
    x = x.detach().requires_grad_(True)
    return torch.autograd.grad(functional.cross_entropy(used(x), labels), x)[0]


def pgd(start, steps, gradient):
    x = start
    for _ in range(steps):
        delta = (x.detach() + STEP * gradient(x).sign() - images).clamp(-EPSILON, EPSILON)
        x = (images + delta).clamp(0, 1)
    return x


def attack(gradient):
    with torch.no_grad():
        return (used(pgd_result(gradient)).argmax(1) == labels).sum().item()


def pgd_result(gradient):
    with torch.enable_grad():
        return pgd(images, 10, gradient).detach()


def training_step(gradient):
    start = (images + (torch.rand_like(images) * 2 - 1) * EPSILON).clamp(0, 1)
    perturbed = pgd(start, 7, gradient)
    optimizer.zero_grad()
    loss = functional.cross_entropy(trained(perturbed), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def median_ms(work):
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


print(f"PyTorch {torch.__version__}, {threads} thread(s), median of {rounds}")
for name, gradient in (("backward()", gradient_by_backward), ("autograd.grad", gradient_of_image)):
    print(f"pgd              {name:14s} {median_ms(lambda: attack(gradient)):9.1f} ms")
    print(f"adversarial-step {name:14s} {median_ms(lambda: training_step(gradient)):9.1f} ms", flush=True)
