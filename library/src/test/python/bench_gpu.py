"""Training steps and attacks as a textbook writes them, in Python PyTorch on a GPU: the other side of docs/performance.md.

    python3 bench_gpu.py [DEVICE] [STEPS]

Every step begins with UINT8 images in the memory of the host and ends with reading the loss, which waits for the GPU.
Prints one JSON object a line: median milliseconds of STEPS steps after 10 that do not count.
"""
import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

import bench_vae_step

device = sys.argv[1] if len(sys.argv) > 1 else "cuda"
STEPS = int(sys.argv[2]) if len(sys.argv) > 2 else 40
EPSILON = 8 / 255
torch.manual_seed(1)


class Vae(bench_vae_step.Vae):
    """The same from bytes, and with what a sum is made of in single precision where the network's is shorter."""

    def loss(self, images):
        levels = images >> 4
        mean, log_std = self.encoder(levels.float() / 7.5 - 1).float().chunk(2, 1)
        z = mean + log_std.exp() * torch.randn_like(mean)
        logits = self.decoder(self.up(z).reshape(-1, 2 * bench_vae_step.FILTERS, 4, 4)).float()
        nll = F.cross_entropy(logits, levels.squeeze(1).long(), reduction="none").sum((1, 2))
        kl = 0.5 * ((2 * log_std).exp() + mean ** 2 - 1 - 2 * log_std).sum(1)
        return (nll + kl).mean()


class Block(nn.Module):
    def __init__(self, channels, out, stride, project):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        self.grown = out - channels
        self.down = None
        if project and (stride != 1 or self.grown):
            self.down = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if self.down is not None:
            x = self.down(x)
        elif self.grown:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.grown // 2, self.grown // 2))
        return torch.relu(y + x)


class ResNet(nn.Module):
    def __init__(self, widths, blocks, pool, project):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU())
        layers, channels = [nn.MaxPool2d(3, 2, 1)] if pool else [], widths[0]
        for number, width in enumerate(widths):
            for i in range(blocks):
                layers.append(Block(channels, width, 2 if i == 0 and number else 1, project))
                channels = width
        self.layers, self.fc = nn.Sequential(*layers), nn.Linear(channels, 10)

    def forward(self, pixels):
        return self.fc(self.layers(self.stem((pixels - 0.47) / 0.25)).mean((2, 3)))


def resnet18():
    return ResNet((64, 128, 256, 512), 2, True, True).to(device)


def resnet20():
    return ResNet((16, 32, 64), 3, False, False).to(device)


def pgd(model, pixels, labels, start, steps, size):
    x = start
    for _ in range(steps):
        x = x.detach().requires_grad_(True)
        model.zero_grad()
        F.cross_entropy(model(x), labels).backward()
        delta = (x.detach() + size * x.grad.sign() - pixels).clamp(-EPSILON, EPSILON)
        x = (pixels + delta).clamp(0, 1)
    return x.detach()


def noise(batch, channels, side):
    return torch.randint(0, 256, (batch, channels, side, side), dtype=torch.uint8), torch.randint(0, 10, (batch,))


def vae_step(batch):
    vae = Vae().to(device)
    adam = torch.optim.Adam(vae.parameters(), 1e-3)
    images, _ = noise(batch, 1, 28)

    def step():
        adam.zero_grad()
        loss = vae.loss(images.to(device))
        loss.backward()
        adam.step()
        return loss.item()
    return step


def classifier_step(model, batch, attack_steps, channels_last=False):
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    sgd = torch.optim.SGD(model.parameters(), 0, 0.9, weight_decay=5e-4)
    images, classes = noise(batch, 3, 32)

    def step():
        pixels, labels = images.to(device).float() / 255, classes.to(device)
        if channels_last:
            pixels = pixels.to(memory_format=torch.channels_last)
        x = pixels
        if attack_steps == 1:
            model.eval()
            x = pgd(model, pixels, labels, pixels, 1, EPSILON)
        elif attack_steps > 1:
            model.eval()
            start = (pixels + (torch.rand_like(pixels) * 2 - 1) * EPSILON).clamp(0, 1)
            x = pgd(model, pixels, labels, start, attack_steps, 2 / 255)
        model.train()
        sgd.zero_grad()
        loss = F.cross_entropy(model(x), labels)
        loss.backward()
        sgd.step()
        return loss.item()
    return step


def attack(batch):
    model = resnet20().eval()
    images, classes = noise(batch, 3, 32)
    pixels, labels = images.to(device).float() / 255, classes.to(device)

    def step():
        x = pgd(model, pixels, labels, pixels, 10, 2 / 255)
        with torch.no_grad():
            return (model(x).argmax(1) == labels).sum().item()
    return step


def measure(name, precision, step, steps):
    torch.backends.cudnn.allow_tf32 = precision != "fp32"
    with torch.autocast("cuda" if device.startswith("cuda") else "cpu", torch.bfloat16, enabled=precision == "bf16"):
        for _ in range(min(10, steps)):
            step()
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            step()
            times.append(1000 * (time.perf_counter() - start))
    print(json.dumps({"what": name, "precision": precision, "median_ms": round(statistics.median(times), 3),
                      "min_ms": round(min(times), 3)}), flush=True)


print(json.dumps({"torch": torch.__version__, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(),
                  "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
                  "tf32 by default": [torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32]}),
      flush=True)
few = max(1, STEPS // 2)
for precision in ("tf32", "fp32", "bf16"):  # tf32: convolutions in TF32, matrix products not, PyTorch's default
    measure("vae step, batch 128", precision, vae_step(128), STEPS)
    measure("vae step, batch 1024", precision, vae_step(1024), STEPS)
    measure("resnet18 standard step, batch 128", precision, classifier_step(resnet18(), 128, 0), STEPS)
    measure("resnet18 FGSM step, batch 128", precision, classifier_step(resnet18(), 128, 1), few)
    measure("resnet18 PGD-10 step, batch 128", precision, classifier_step(resnet18(), 128, 10), few)
    measure("resnet20 PGD-7 step, batch 128", precision, classifier_step(resnet20(), 128, 7), few)
    measure("resnet20 PGD-10 attack, batch 128", precision, attack(128), few)
    measure("resnet20 PGD-10 attack, batch 1024", precision, attack(1024), few)
measure("resnet18 standard step, batch 128, channels last", "tf32", classifier_step(resnet18(), 128, 0, True), STEPS)
measure("resnet18 PGD-10 step, batch 128, channels last", "tf32", classifier_step(resnet18(), 128, 10, True), few)
