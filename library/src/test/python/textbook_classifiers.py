"""The image classifiers as a PyTorch textbook would write them, to hold Varepsilon's against.

The fixtures classifier_answers.csv and classifier_states.csv in library/src/test/resources/varepsilon/classify were
made by PyTorch 1.13 with

    VAREPSILON_DATA=… python3 textbook_classifiers.py ../resources/varepsilon/classify

where the folder that VAREPSILON_DATA names has the public weights in weights/. All other weights are a formula of their
place: element i of tensor number t of the state dict comes from u = mix(i + 7919·t) in [0, 1), see `fill`.

Answers are for two images whose pixel number i is floor(256·mix(i))/255, shifted and scaled by (x − 0.5)/0.25, or as
the public weights want it: a row of logits for each, then every 97th element of the gradient of the cross-entropy of the
first image with class 3 with respect to its pixels. Rows of several machines differ by rounding. States say the name and shape of each tensor.
"""

import json
import os
import pathlib
import struct
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional

CLASSES = 10
LABEL = 3
THIN = 97


def mix(n):
    n = numpy.asarray(n, dtype=numpy.uint64)
    mask = numpy.uint64(0xFFFFFFFF)
    n = n * numpy.uint64(2654435761) & mask
    n ^= n >> numpy.uint64(16)
    n = n * numpy.uint64(2246822519) & mask
    n ^= n >> numpy.uint64(13)
    n = n * numpy.uint64(3266489917) & mask
    n ^= n >> numpy.uint64(16)
    return n.astype(numpy.float64) / 2.0**32


def fill(model):
    for number, (name, tensor) in enumerate(model.state_dict().items()):
        if name.endswith("num_batches_tracked"):
            continue
        u = torch.from_numpy(mix(numpy.arange(tensor.numel()) + 7919 * number)).reshape(tensor.shape)
        if tensor.dim() > 1:
            fan_in = tensor[0].numel()
            value = (2 * u - 1) * (6 / fan_in) ** 0.5
        elif name.endswith(("weight", "running_var")):
            value = 0.5 + u
        else:
            value = u - 0.5
        tensor.copy_(value)


def conv(channels, out, stride=1, kernel=3):
    return nn.Conv2d(channels, out, kernel, stride, padding=kernel // 2, bias=False)


def stages(block, widths, blocks):
    channels = widths[0]
    for number, width in enumerate(widths):
        first = block(channels, width, 1 if number == 0 else 2)
        yield nn.Sequential(first, *[block(width, width, 1) for _ in range(blocks - 1)])
        channels = width


class Basic(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(channels, out, stride), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = conv(out, out), nn.BatchNorm2d(out)
        self.stride, self.grown = stride, out - channels

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + self.shortcut(x))


class Subsampled(Basic):
    def shortcut(self, x):
        if self.stride == 1:
            return x
        half = self.grown // 2
        return functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, half, half))


class Projected(Basic):
    def __init__(self, channels, out, stride):
        super().__init__(channels, out, stride)
        if stride != 1 or self.grown:
            self.downsample = nn.Sequential(conv(channels, out, stride, 1), nn.BatchNorm2d(out))

    def shortcut(self, x):
        return self.downsample(x) if hasattr(self, "downsample") else x


class Shortcut(Basic):
    def __init__(self, channels, out, stride):
        super().__init__(channels, out, stride)
        self.shortcut = nn.Sequential()
        if stride != 1 or self.grown:
            self.shortcut = nn.Sequential(conv(channels, out, stride, 1), nn.BatchNorm2d(out))


class Bottleneck(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(channels, width, 1, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, 4 * width, 1, 1), nn.BatchNorm2d(4 * width)
        self.downsample = None
        if stride != 1 or channels != 4 * width:
            self.downsample = nn.Sequential(conv(channels, 4 * width, stride, 1), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))
        return torch.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)))


class PreActivated(nn.Module):
    raw = False

    def __init__(self, channels, out, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(channels), conv(channels, out, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(out), conv(out, out)
        if stride != 1 or channels != out:
            self.shortcut = nn.Sequential(conv(channels, out, stride, 1))

    def forward(self, x):
        y = torch.relu(self.bn1(x))
        around = self.shortcut(x if self.raw else y) if hasattr(self, "shortcut") else x
        return around + self.conv2(torch.relu(self.bn2(self.conv1(y))))


class RawShortcut(PreActivated):
    raw = True


class CifarResNet(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 16), nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = stages(Subsampled, [16, 32, 64], (depth - 2) // 6)
        self.linear = nn.Linear(64, CLASSES)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 64), nn.BatchNorm2d(64)
        self.layer1, self.layer2, self.layer3, self.layer4 = stages(Projected, [64, 128, 256, 512], 2)
        self.fc = nn.Linear(512, CLASSES)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.fc(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3)))


class ImageNetResNet(nn.Module):
    """ResNet-18, and -50 with bottlenecks, for large images."""

    def __init__(self, bottlenecks=False):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 64, 2, 7), nn.BatchNorm2d(64)
        channels = 64
        for stage, blocks in enumerate([3, 4, 6, 3] if bottlenecks else [2, 2, 2, 2]):
            width, made = 64 << stage, []
            for number in range(blocks):
                made.append((Bottleneck if bottlenecks else Projected)(channels, width, 2 if stage and not number else 1))
                channels = 4 * width if bottlenecks else width
            setattr(self, f"layer{stage + 1}", nn.Sequential(*made))
        self.fc = nn.Linear(channels, CLASSES)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.fc(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3)))


class PyTorchCifarResNet18(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1, self.bn1 = conv(channels, 64), nn.BatchNorm2d(64)
        self.layer1, self.layer2, self.layer3, self.layer4 = stages(Shortcut, [64, 128, 256, 512], 2)
        self.linear = nn.Linear(512, CLASSES)

    def forward(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(x)))))))
        return self.linear(functional.avg_pool2d(x, 4).flatten(1))


class PreActResNet18(nn.Module):
    def __init__(self, norm=True, block=PreActivated):
        super().__init__()
        self.conv1 = conv(3, 64)
        self.layer1, self.layer2, self.layer3, self.layer4 = stages(block, [64, 128, 256, 512], 2)
        if norm:
            self.bn = nn.BatchNorm2d(512)
        self.linear = nn.Linear(512, CLASSES)

    def forward(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.conv1(x)))))
        return self.linear((torch.relu(self.bn(x)) if hasattr(self, "bn") else x).mean((2, 3)))


class Wide(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(channels), conv(channels, out, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(out), conv(out, out)
        self.convShortcut = conv(channels, out, stride, 1) if channels != out else None

    def forward(self, x):
        y = torch.relu(self.bn1(x))
        around = x if self.convShortcut is None else self.convShortcut(y)
        return around + self.conv2(torch.relu(self.bn2(self.conv1(y))))


class WideGroup(nn.Module):
    def __init__(self, channels, out, blocks, stride):
        super().__init__()
        self.layer = nn.Sequential(Wide(channels, out, stride), *[Wide(out, out, 1) for _ in range(blocks - 1)])

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    def __init__(self, depth, factor):
        super().__init__()
        blocks = (depth - 4) // 6
        self.conv1 = conv(3, 16)
        self.block1 = WideGroup(16, 16 * factor, blocks, 1)
        self.block2 = WideGroup(16 * factor, 32 * factor, blocks, 2)
        self.block3 = WideGroup(32 * factor, 64 * factor, blocks, 2)
        self.bn1 = nn.BatchNorm2d(64 * factor)
        self.fc = nn.Linear(64 * factor, CLASSES)

    def forward(self, x):
        x = torch.relu(self.bn1(self.block3(self.block2(self.block1(self.conv1(x))))))
        return self.fc(functional.avg_pool2d(x, 8).flatten(1))


def same(x, stride):
    """Zeros around an image for a 3x3 convolution; for one of stride 2, below and on the right only."""
    return functional.pad(x, (1, 1, 1, 1) if stride == 1 else (0, 1, 0, 1))


class SwishPreActivated(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.stride = stride
        self.batchnorm_0 = nn.BatchNorm2d(channels)
        self.conv_2d_1 = nn.Conv2d(channels, out, 3, stride, bias=False)
        self.batchnorm_1 = nn.BatchNorm2d(out)
        self.conv_2d_2 = conv(out, out)
        if stride != 1:
            self.shortcut = nn.Conv2d(channels, out, 3, stride, bias=False)

    def forward(self, x):
        y = functional.silu(self.batchnorm_0(x))
        y = functional.silu(self.batchnorm_1(self.conv_2d_1(same(y, self.stride))))
        return self.conv_2d_2(y) + (self.shortcut(same(x, 2)) if self.stride == 2 else x)


class SwishPreActResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_2d = conv(3, 64)
        self.layer_0, self.layer_1, self.layer_2, self.layer_3 = stages(SwishPreActivated, [64, 128, 256, 512], 2)
        self.batchnorm = nn.BatchNorm2d(512)
        self.logits = nn.Linear(512, CLASSES)

    def forward(self, x):
        x = self.layer_3(self.layer_2(self.layer_1(self.layer_0(self.conv_2d(x)))))
        return self.logits(functional.silu(self.batchnorm(x)).mean((2, 3)))


class SwishWide(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.stride = stride
        self.batchnorm_0 = nn.BatchNorm2d(channels)
        self.conv_0 = nn.Conv2d(channels, out, 3, stride, bias=False)
        self.batchnorm_1 = nn.BatchNorm2d(out)
        self.conv_1 = conv(out, out)
        self.shortcut = conv(channels, out, stride, 1) if channels != out else None

    def forward(self, x):
        y = functional.silu(self.batchnorm_0(x))
        around = x if self.shortcut is None else self.shortcut(y)
        return around + self.conv_1(functional.silu(self.batchnorm_1(self.conv_0(same(y, self.stride)))))


class SwishWideGroup(nn.Module):
    def __init__(self, channels, out, blocks, stride):
        super().__init__()
        first = SwishWide(channels, out, stride)
        self.block = nn.Sequential(first, *[SwishWide(out, out, 1) for _ in range(blocks - 1)])

    def forward(self, x):
        return self.block(x)


class SwishWideResNet(nn.Module):
    def __init__(self, depth, factor):
        super().__init__()
        blocks = (depth - 4) // 6
        self.init_conv = conv(3, 16)
        self.layer = nn.Sequential(
            SwishWideGroup(16, 16 * factor, blocks, 1),
            SwishWideGroup(16 * factor, 32 * factor, blocks, 2),
            SwishWideGroup(32 * factor, 64 * factor, blocks, 2),
        )
        self.batchnorm = nn.BatchNorm2d(64 * factor)
        self.logits = nn.Linear(64 * factor, CLASSES)

    def forward(self, x):
        x = functional.silu(self.batchnorm(self.layer(self.init_conv(x))))
        return self.logits(functional.avg_pool2d(x, 8).flatten(1))


class SmallCnn(nn.Module):
    def __init__(self, channels, side):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(channels, 16, 4, 2, 1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 4, 2, 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * (side // 4) ** 2, 100),
            nn.ReLU(),
            nn.Linear(100, CLASSES),
        )

    def forward(self, x):
        return self.net(x)


def read_safetensors(path):
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(content[8 + length + begin : 8 + length + end], dtype="<f4").copy()
        yield name, torch.from_numpy(values).reshape(entry["shape"])


def images(channels, side):
    count = 2 * channels * side * side
    return torch.from_numpy(numpy.floor(256 * mix(numpy.arange(count))) / 255).float().reshape(2, channels, side, side)


def answers(name, model, channels, side, mean, std):
    def channelwise(values):
        return torch.tensor(values).reshape(1, -1, 1, 1)

    pixels = images(channels, side).to(next(model.parameters()).dtype).requires_grad_()
    logits = model.eval()((pixels - channelwise(mean)) / channelwise(std))
    loss = functional.cross_entropy(logits[:1], torch.tensor([LABEL]))
    (gradient,) = torch.autograd.grad(loss, pixels)
    for kind, values in [("logits", logits[0]), ("logits", logits[1]), ("gradient", gradient[0].flatten()[::THIN])]:
        yield ",".join([name, kind] + [f"{value:.9g}" for value in values.tolist()])


def main(folder):
    weights = pathlib.Path(os.environ["VAREPSILON_DATA"]) / "weights"
    models = {
        "resnet18": (ResNet18(), 3, 32),
        "preactresnet18": (PreActResNet18(), 3, 32),
        "resnet20": (CifarResNet(20), 3, 32),
        "small-cnn": (SmallCnn(1, 28), 1, 28),
        "resnet18-imagenet": (ImageNetResNet(), 3, 48),
        # In double precision, as the 3x3 shortcuts below: with such weights, rounding grows too far.
        "resnet50-imagenet": (ImageNetResNet(bottlenecks=True).double(), 3, 32),
        "resnet18-cifar": (PyTorchCifarResNet18(1), 1, 32),
        "preactresnet18-no-norm": (PreActResNet18(norm=False), 3, 32),
        "wideresnet-16-2": (WideResNet(16, 2), 3, 32),
        "wideresnet-28-1": (WideResNet(28, 1), 3, 32),
        "preactresnet18-raw-shortcut": (PreActResNet18(block=RawShortcut), 3, 32),
        "preactresnet18-no-norm-raw-shortcut": (PreActResNet18(norm=False, block=RawShortcut), 3, 32),
        "preactresnet18-swish": (SwishPreActResNet18().double(), 3, 32),
        "wideresnet-16-2-swish": (SwishWideResNet(16, 2), 3, 32),
    }
    rows, states = [], []
    for name, (model, channels, side) in models.items():
        fill(model)
        rows += answers(name, model, channels, side, [0.5], [0.25])
        states += [f"{name},{key},{'x'.join(map(str, value.shape))}" for key, value in model.state_dict().items()]
    for depth in [20, 56]:
        model = CifarResNet(depth)
        public = dict(read_safetensors(weights / f"cifar10-resnet{depth}.safetensors"))
        missing = model.load_state_dict(public, strict=False)
        assert not missing.unexpected_keys and all(key.endswith("num_batches_tracked") for key in missing.missing_keys)
        rows += answers(f"cifar10-resnet{depth}", model, 3, 32, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    for depth in [20, 32, 44, 56, 110]:
        print(f"resnet{depth}", sum(p.numel() for p in CifarResNet(depth).parameters()))
    for name, (model, _, _) in models.items():
        print(name, sum(p.numel() for p in model.parameters()))
    (folder / "classifier_answers.csv").write_text("\n".join(rows) + "\n")
    (folder / "classifier_states.csv").write_text("\n".join(states) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
