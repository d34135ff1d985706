package varepsilon.robust.attack;

/** Settings that change from step to step. */
final class Annealed {
    private Annealed() {}

    /** From {@code first} at step 0 to {@code last} at {@code steps}, along half a cosine (Loshchilov, Hutter 2017). */
    static double cosine(double first, double last, int step, int steps) {
        return last + (first - last) * (1 + Math.cos(Math.PI * step / steps)) / 2;
    }
}
