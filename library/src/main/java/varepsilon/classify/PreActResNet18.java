package varepsilon.classify;

import varepsilon.nn.BatchNorm2d;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Tensor;

/**
 * ResNet-18 with activations before the convolutions (He et al. 2016, "Identity mappings") for 32×32 images, as the
 * literature on adversarial training uses it: no pooling in the stem, a last batch normalisation before the mean.
 */
final class PreActResNet18 extends Layer {
    private final Conv2d conv1;
    private final Sequential layer1;
    private final Sequential layer2;
    private final Sequential layer3;
    private final Sequential layer4;
    private final BatchNorm2d bn;
    private final Linear linear;

    PreActResNet18(int classes, Init init) {
        conv1 = child("conv1", new Conv2d(3, 64, 3, 1, 1, false, init));
        layer1 = child("layer1", new Sequential(new Block(64, 64, 1, init), new Block(64, 64, 1, init)));
        layer2 = child("layer2", new Sequential(new Block(64, 128, 2, init), new Block(128, 128, 1, init)));
        layer3 = child("layer3", new Sequential(new Block(128, 256, 2, init), new Block(256, 256, 1, init)));
        layer4 = child("layer4", new Sequential(new Block(256, 512, 2, init), new Block(512, 512, 1, init)));
        bn = child("bn", new BatchNorm2d(512, init));
        linear = child("linear", new Linear(512, classes, init));
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor y = layer4.forward(layer3.forward(layer2.forward(layer1.forward(conv1.forward(x)))));
        return linear.forward(bn.forward(y).relu().mean(2, 3));
    }

    private static final class Block extends Layer {
        private final BatchNorm2d bn1;
        private final Conv2d conv1;
        private final BatchNorm2d bn2;
        private final Conv2d conv2;
        private final Sequential shortcut;

        Block(int in, int out, int stride, Init init) {
            bn1 = child("bn1", new BatchNorm2d(in, init));
            conv1 = child("conv1", new Conv2d(in, out, 3, stride, 1, false, init));
            bn2 = child("bn2", new BatchNorm2d(out, init));
            conv2 = child("conv2", new Conv2d(out, out, 3, 1, 1, false, init));
            shortcut = stride == 1 && in == out
                    ? null
                    : child("shortcut", new Sequential(new Conv2d(in, out, 1, stride, 0, false, init)));
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor activated = bn1.forward(x).relu();
            Tensor y = conv2.forward(bn2.after(conv1, activated).relu());
            return y.add(shortcut == null ? x : shortcut.forward(activated));
        }
    }
}
