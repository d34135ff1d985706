"""Median time of one training step of the textbook VAE in Python PyTorch, to be set beside `varepsilon bench vae-step`.

    python3 bench_vae_step.py [THREADS] [STEPS]

20 latent dimensions, 32 filters, batch 128, random 28x28 images, Adam: what the Java benchmark measures.
"""
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

LATENT, FILTERS, BATCH, LEVELS = 20, 32, 128, 16


class Vae(nn.Module):
    def __init__(self, f=FILTERS):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, f, 3, 2, 1), nn.GELU(),
            nn.Conv2d(f, f, 3, 1, 1), nn.GELU(),
            nn.Conv2d(f, 2 * f, 3, 2, 1), nn.GELU(),
            nn.Conv2d(2 * f, 2 * f, 3, 1, 1), nn.GELU(),
            nn.Conv2d(2 * f, 2 * f, 3, 2, 1), nn.GELU(),
            nn.Flatten(), nn.Linear(32 * f, 2 * LATENT))
        self.up = nn.Sequential(nn.Linear(LATENT, 32 * f), nn.GELU())
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(2 * f, 2 * f, 3, 2, 1, 0), nn.GELU(),
            nn.Conv2d(2 * f, 2 * f, 3, 1, 1), nn.GELU(),
            nn.ConvTranspose2d(2 * f, f, 3, 2, 1, 1), nn.GELU(),
            nn.Conv2d(f, f, 3, 1, 1), nn.GELU(),
            nn.ConvTranspose2d(f, LEVELS, 3, 2, 1, 1))

    def loss(self, levels):
        mean, log_std = self.encoder(levels / 15 * 2 - 1).chunk(2, 1)
        z = mean + log_std.exp() * torch.randn_like(mean)
        logits = self.decoder(self.up(z).reshape(-1, 2 * FILTERS, 4, 4))
        nll = F.cross_entropy(logits, levels.squeeze(1).long(), reduction="none").sum((1, 2))
        kl = 0.5 * ((2 * log_std).exp() + mean ** 2 - 1 - 2 * log_std).sum(1)
        return (nll + kl).mean()


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    vae = Vae()
    adam = torch.optim.Adam(vae.parameters(), 1e-3)
    levels = torch.randint(0, LEVELS, (BATCH, 1, 28, 28)).float()
    times = []
    for i in range(steps + 5):
        start = time.perf_counter()
        adam.zero_grad()
        loss = vae.loss(levels)
        loss.backward()
        adam.step()
        loss.item()
        if i >= 5:
            times.append((time.perf_counter() - start) * 1000)
    print(f'{{"engine": "Python torch {torch.__version__}", "threads": {threads}, "median_ms": {statistics.median(times):.2f}}}')


if __name__ == "__main__":
    main()
