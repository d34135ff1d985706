"""Exports untrained models of torchvision as ONNX, each with a reference beside it.

    python3 export_models.py FOLDER

For each model FOLDER/NAME.onnx, and FOLDER/NAME.pt: a batch of images x, the logits, and the gradient with respect to
x of the sum of the cross-entropies of label 0, computed in double precision: in single precision, rounding decides on
which side of its kink a ReLU near zero is, and gradients of two programs then differ by percents. Batch statistics are
made as uneven as those of a trained network.
"""

import sys
import warnings
from pathlib import Path

import torch
import torchvision

MODELS = {
    # name: images, opset, options
    "resnet18": (2, 13),
    "resnet50": (2, 12),
    "mobilenet_v2": (2, 11),
    "densenet121": (2, 13),
    "efficientnet_b0": (2, 14),
    "vit_b_16": (1, 16),
}


class ChannelsLast(torch.nn.Module):
    """A small network that takes N×H×W×C, as Keras exports have it: padding at one side, softmax at the end."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(3, 8, 3, stride=2)
        self.depthwise = torch.nn.Conv2d(8, 8, 3, groups=8, padding=1)
        self.norm = torch.nn.BatchNorm2d(8, eps=1e-3)
        self.last = torch.nn.Linear(8, 10)

    def forward(self, x):
        y = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (0, 1, 0, 1))
        y = torch.nn.functional.relu6(self.norm(self.depthwise(self.first(y))))
        # As TensorFlow: the mean is taken with the channels last.
        return self.last(y.permute(0, 2, 3, 1).mean((1, 2)))


def uneven(model):
    """Statistics and scales that are not 0 and 1, and no weights that are all 0."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.1)
        elif isinstance(module, torch.nn.Linear) and not module.weight.any():
            # The head of an untrained vision transformer is 0, and so are its logits.
            torch.nn.init.normal_(module.weight, 0, 0.05)


def export(folder, name, model, x, opset):
    uneven(model)
    model.eval()
    torch.onnx.export(
        model,
        x,
        str(folder / f"{name}.onnx"),
        opset_version=opset,
        # Else weights are multiplied by scales of batch normalisation, and rounded.
        training=torch.onnx.TrainingMode.PRESERVE,
        input_names=["input"],
        output_names=["logits"],
        # Exporters of attention write the batch into the graph, unless it is left as it is.
        dynamic_axes={} if name.startswith("vit") else {"input": {0: "batch"}, "logits": {0: "batch"}},
    )
    x = x.double().requires_grad_(True)
    logits = model.double()(x)
    labels = torch.zeros(len(x), dtype=torch.long)
    loss = torch.nn.functional.cross_entropy(logits, labels, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, x)
    torch.save({"x": x.detach(), "logits": logits.detach(), "gradient": gradient}, folder / f"{name}.pt")
    print(name, tuple(x.shape))


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    for name, (images, opset) in MODELS.items():
        model = getattr(torchvision.models, name)(weights=None)
        export(folder, name, model, torch.rand(images, 3, 224, 224), opset)
    export(folder, "channels_last", ChannelsLast(), torch.rand(2, 32, 32, 3), 11)


main()
