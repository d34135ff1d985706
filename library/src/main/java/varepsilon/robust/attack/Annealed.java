package varepsilon.robust.attack;

/** Settings that change from step to step. */
final class Annealed {
    private Annealed() {}

    /** From {@code first} to {@code last} along half a cosine (Loshchilov, Hutter 2017); {@code last} itself at {@code steps}. */
    static double cosine(double first, double last, int step, int steps) {
        return last + (first - last) * (1 + Math.cos(Math.PI * step / steps)) / 2;
    }
}
