package varepsilon.robust.attack;

import varepsilon.tensor.Tensor;

/** L∞: every pixel may change by ε. */
record LinfNorm() implements Norm {
    @Override
    public String label() {
        return "linf";
    }

    @Override
    public Tensor length(Tensor delta) {
        return PerExample.max(delta.abs());
    }

    @Override
    public Tensor project(Tensor delta, double radius, Tensor low, Tensor high) {
        return delta.clamp(-radius, radius).clamp(low, high);
    }

    @Override
    public Tensor project(Tensor delta, Tensor radii, Tensor low, Tensor high) {
        Tensor most = PerExample.broadcast(radii, delta);
        return delta.clamp(most.neg(), most).clamp(low, high);
    }

    @Override
    public Tensor maximise(Tensor gradient, double radius, Tensor low, Tensor high) {
        return gradient.sign().mul(radius).clamp(low, high);
    }

    @Override
    public Tensor ascend(Tensor delta, Tensor gradient, double stepSize, double radius, Tensor low, Tensor high) {
        return project(delta.add(gradient.sign().mul(stepSize)), radius, low, high);
    }

    @Override
    public Tensor explore(
            Tensor delta, Tensor gradient, double stepSize, double radius, Tensor low, Tensor high, double spread) {
        return ascend(delta, gradient, stepSize, radius, low, high);
    }

    @Override
    public Tensor sample(Tensor like, double radius, Draws draws) {
        return draws.uniform(like).mul(2 * radius).sub(radius);
    }

    @Override
    public double diameter(double width, long dimensions) {
        return width;
    }
}
