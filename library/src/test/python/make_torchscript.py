"""Makes the TorchScript files and their answers in library/src/test/resources/varepsilon/classify.

They were made with PyTorch 1.13. Run in this folder:

    python3 make_torchscript.py ../resources/varepsilon/classify

Two kinds of good file: a scripted network, saved in training mode with batch normalisation and dropout in it, and a
traced one. Their answers (torchscript_answers.csv) are for two 1×8×8 images whose pixel number i is (i·37 mod 101)/100: a row of
logits for each, then the gradient of the first image's logit 0 with respect to its pixels. The others sum the pixels, and
return that in unusual ways or types, or cannot be used as classifiers, each for its own reason.
"""

import pathlib
import sys
from typing import Dict, List, Tuple

import torch
from torch import nn

CLASSES = 3


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.linear = nn.Linear(4 * 4 * 4, CLASSES)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        return self.linear(self.drop(x.flatten(1)))


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(64, CLASSES))


class TwoResults(Small):
    def forward(self, x) -> Tuple[torch.Tensor, torch.Tensor]:
        return x.flatten(1) @ self.weight, x


class WholeNumbers(Small):
    def forward(self, x):
        return (x.flatten(1) @ self.weight).long()


class Detached(Small):
    def forward(self, x):
        return x.detach().flatten(1) @ self.weight


class Double(Small):
    def forward(self, x):
        return x.flatten(1) @ self.weight


class ImageFirst(Small):
    def forward(self, x) -> Tuple[torch.Tensor, torch.Tensor]:
        return x, x.flatten(1) @ self.weight


class Several(Small):
    def forward(self, x) -> List[torch.Tensor]:
        y = x.flatten(1) @ self.weight
        return [y, 2 * y]


class Named(Small):
    def forward(self, x) -> Dict[str, torch.Tensor]:
        return {"features": x.flatten(1), "logits": x.flatten(1) @ self.weight}


class OneNamed(Small):
    def forward(self, x) -> Dict[str, torch.Tensor]:
        return {"out": x.flatten(1) @ self.weight}


class NoLogits(Small):
    def forward(self, x) -> Dict[str, torch.Tensor]:
        return {"image": x, "n": torch.tensor([x.shape[0]])}


class OneColumn(Small):
    def forward(self, x):
        return (x.flatten(1) @ self.weight)[:, :1] - 31.5


class OneNumber(Small):
    def forward(self, x):
        return (x.flatten(1) @ self.weight)[:, 0] - 31.5


class OneProbability(Small):
    def forward(self, x):
        return torch.sigmoid((x.flatten(1) @ self.weight)[:, :1] - 31.5)


class MissingOperator(Small):
    def forward(self, x):
        return torch.ops.varepsilon_missing.twice(x.flatten(1) @ self.weight)


def pixels():
    return ((torch.arange(2 * 64) * 37 % 101) / 100).reshape(2, 1, 8, 8)


def network():
    torch.manual_seed(7)
    made = Network()
    with torch.no_grad():
        for _ in range(20):
            made(torch.rand(16, 1, 8, 8))  # running statistics that are not 0 and 1
    return made


def rows(name, model):
    x = pixels().requires_grad_()
    logits = model(x)
    (gradient,) = torch.autograd.grad(logits[0, 0], x)
    for kind, values in [("logits", logits[0]), ("logits", logits[1]), ("gradient", gradient[0].flatten())]:
        yield ",".join([name, kind] + [repr(value) for value in values.tolist()])


def main(folder):
    answers = []
    for name, training in [("scripted", True), ("traced", False)]:
        model = network().train(training)
        made = torch.jit.script(model) if name == "scripted" else torch.jit.trace(model, torch.rand(5, 1, 8, 8))
        made.save(str(folder / f"{name}.pt"))
        answers += rows(name, model.eval())
    (folder / "torchscript_answers.csv").write_text("\n".join(answers) + "\n")

    library = torch.library.Library("varepsilon_missing", "DEF")
    library.define("twice(Tensor x) -> Tensor")
    for name, model in [
        ("missing_operator", MissingOperator()),
        ("two_results", TwoResults()),
        ("whole_numbers", WholeNumbers()),
        ("detached", Detached()),
        ("double", Double().double()),
        ("half", Double().half()),
        ("brain", Double().bfloat16()),
        ("image_first", ImageFirst()),
        ("several", Several()),
        ("named", Named()),
        ("one_named", OneNamed()),
        ("no_logits", NoLogits()),
        ("one_column", OneColumn()),
        ("one_number", OneNumber()),
        ("one_probability", OneProbability()),
    ]:
        torch.jit.script(model).save(str(folder / f"{name}.pt"))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
