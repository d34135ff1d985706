package varepsilon.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Paths of the optimizers, in FLOAT64, against their formulas for one number and against PyTorch. */
class OptimizerTest extends ScopedTest {
    private static final double[] START = {0.5, -1.25, 2.0};

    /** The gradient of coordinate i at θ in step t (from 1): it changes with all three. */
    private static double gradient(double theta, int t, int i) {
        return Math.sin(3 * theta + t) + 0.1 * i;
    }

    /** The step rule for one number, written from the paper; it keeps its state between steps. */
    private interface Rule {
        double step(double theta, double gradient, int t);
    }

    /**
     * @param pytorch θ after five steps in PyTorch 1.13, float64
     */
    record Path(
            String name,
            Function<Map<String, Tensor>, Optimizer> optimizer,
            Function<Integer, Rule> rule,
            double... pytorch) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Rule adam(double lr, double beta1, double beta2, double epsilon, double decay) {
        return new Rule() {
            private double m;
            private double v;

            @Override
            public double step(double theta, double g, int t) {
                m = beta1 * m + (1 - beta1) * g;
                v = beta2 * v + (1 - beta2) * g * g;
                double mHat = m / (1 - Math.pow(beta1, t));
                double vHat = v / (1 - Math.pow(beta2, t));
                return theta * (1 - lr * decay) - lr * mHat / (Math.sqrt(vHat) + epsilon);
            }
        };
    }

    private static Rule sgd(double lr, double momentum, double decay, boolean nesterov) {
        return new Rule() {
            private double u;

            @Override
            public double step(double theta, double gradient, int t) {
                double g = gradient + decay * theta;
                u = momentum * u + g;
                return theta - lr * (nesterov ? g + momentum * u : u);
            }
        };
    }

    // The last numbers of each path are printed by (Debian's PyTorch 1.13, /usr/bin/python3):
    //
    //   import torch
    //   def run(make):
    //       p = torch.tensor([0.5, -1.25, 2.0], dtype=torch.float64, requires_grad=True)
    //       o = make([p])
    //       for t in range(1, 6):
    //           p.grad = torch.sin(3 * p.detach() + t) + 0.1 * torch.arange(3, dtype=torch.float64)
    //           o.step()
    //       print(p.tolist())
    //   run(lambda p: torch.optim.Adam(p, 0.01))
    //   run(lambda p: torch.optim.Adam(p, 0.1, (0.8, 0.95), 1e-3))
    //   run(lambda p: torch.optim.AdamW(p, 0.05, (0.9, 0.99), 1e-8, 0.1))
    //   run(lambda p: torch.optim.SGD(p, 0.1))
    //   run(lambda p: torch.optim.SGD(p, 0.1, 0.9, 0, 0.01))
    //   run(lambda p: torch.optim.SGD(p, 0.1, 0.9, 0, 0.01, True))
    static Stream<Path> paths() {
        return Stream.of(
                new Path(
                        "Adam",
                        p -> new Adam(p, 0.01),
                        i -> adam(0.01, 0.9, 0.999, 1e-8, 0),
                        0.5019307878866496,
                        -1.2173275791969063,
                        1.9607470177086828),
                new Path(
                        "Adam, other constants",
                        p -> new Adam(p, 0.1, 0.8, 0.95, 1e-3, 0),
                        i -> adam(0.1, 0.8, 0.95, 1e-3, 0),
                        0.48776389111463986,
                        -1.0389792299853187,
                        1.5403463199654264),
                new Path(
                        "AdamW",
                        p -> new Adam(p, 0.05, 0.9, 0.99, 1e-8, 0.1),
                        i -> adam(0.05, 0.9, 0.99, 1e-8, 0.1),
                        0.48653576890298667,
                        -1.0827089391505444,
                        1.7345535489966333),
                new Path(
                        "SGD",
                        p -> new Sgd(p, 0.1, 0, 0, false),
                        i -> sgd(0.1, 0, 0, false),
                        0.5586647814556888,
                        -1.2866914511423835,
                        1.6593810077653006),
                new Path(
                        "SGD with momentum and decay",
                        p -> new Sgd(p, 0.1, 0.9, 0.01, false),
                        i -> sgd(0.1, 0.9, 0.01, false),
                        0.6521934206786215,
                        -1.0367746475844215,
                        0.5702505935097948),
                new Path(
                        "SGD with Nesterov's momentum",
                        p -> new Sgd(p, 0.1, 0.9, 0.01, true),
                        i -> sgd(0.1, 0.9, 0.01, true),
                        0.6011885736329731,
                        -1.2514978080102597,
                        0.2176725976479572));
    }

    private static Map<String, Tensor> parameters() {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        parameters.put(
                "b.weight", Tensor.of(new double[] {START[0], START[1]}, 2).requiresGrad(true));
        parameters.put("a", Tensor.of(new double[] {START[2]}).requiresGrad(true));
        return parameters;
    }

    private static List<Tensor> gradients(Map<String, Tensor> parameters, int t) {
        double[] b = parameters.get("b.weight").toDoubles();
        double a = parameters.get("a").item();
        return List.of(Tensor.of(new double[] {gradient(b[0], t, 0), gradient(b[1], t, 1)}, 2), Tensor.of(new double[] {
            gradient(a, t, 2)
        }));
    }

    private static double[] values(Map<String, Tensor> parameters) {
        double[] b = parameters.get("b.weight").toDoubles();
        return new double[] {b[0], b[1], parameters.get("a").item()};
    }

    @ParameterizedTest
    @MethodSource("paths")
    void goWhereTheFormulaAndPyTorchGo(Path path) {
        Map<String, Tensor> parameters = parameters();
        List<Rule> rules = Stream.of(0, 1, 2).map(path.rule()).toList();
        double[] expected = START.clone();
        try (Optimizer optimizer = path.optimizer().apply(parameters)) {
            for (int t = 1; t <= 5; t++) {
                try (var step = Scope.open()) {
                    optimizer.step(gradients(parameters, t));
                }
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = rules.get(i).step(expected[i], gradient(expected[i], t, i), t);
                }
                assertThat(values(parameters)).as("step %d", t).containsExactly(expected, within(1e-13));
                assertThat(optimizer.steps()).isEqualTo(t);
            }
            assertThat(values(parameters)).as("PyTorch").containsExactly(path.pytorch(), within(1e-13));
            assertThat(parameters.values()).allMatch(Tensor::requiresGrad);
        }
    }

    @ParameterizedTest
    @MethodSource("paths")
    void goOnFromASavedStateWithTheSameBits(Path path) {
        Map<String, Tensor> straight = parameters();
        Map<String, Tensor> resumed = parameters();
        try (Optimizer a = path.optimizer().apply(straight);
                Optimizer b = path.optimizer().apply(resumed)) {
            for (int t = 1; t <= 3; t++) {
                a.step(gradients(straight, t));
            }
            straight.forEach((name, tensor) -> resumed.get(name).detach().copyInPlace(tensor.detach()));
            b.restore(a.steps(), a.state());
            for (int t = 4; t <= 6; t++) {
                a.step(gradients(straight, t));
                b.step(gradients(resumed, t));
            }
            assertThat(values(resumed)).containsExactly(values(straight));
            assertThat(b.steps()).isEqualTo(6);
        }
    }

    @ParameterizedTest
    @MethodSource("paths")
    void theStateCanBeThereBeforeTheFirstStep(Path path) {
        Map<String, Tensor> straight = parameters();
        Map<String, Tensor> prepared = parameters();
        try (Optimizer a = path.optimizer().apply(straight);
                Optimizer b = path.optimizer().apply(prepared)) {
            b.prepare();
            Map<String, Tensor> state = b.state();
            assertThat(state.keySet()).isEqualTo(b.stateShapes(1).keySet());
            for (int t = 1; t <= 3; t++) {
                a.step(gradients(straight, t));
                b.step(gradients(prepared, t));
                b.prepare();
            }
            assertThat(values(prepared)).containsExactly(values(straight));
            b.state().forEach((name, tensor) -> assertThat(tensor).isSameAs(state.get(name)));
        }
    }

    @ParameterizedTest
    @MethodSource("paths")
    void saysWhichStateItNeeds(Path path) {
        Map<String, Tensor> parameters = parameters();
        try (Optimizer optimizer = path.optimizer().apply(parameters)) {
            assertThat(optimizer.state()).isEmpty();
            assertThat(optimizer.stateShapes(0)).isEmpty();
            optimizer.step(gradients(parameters, 1));
            assertThat(optimizer.state().keySet())
                    .isEqualTo(optimizer.stateShapes(1).keySet());
            optimizer
                    .state()
                    .forEach((name, tensor) -> assertThat(tensor.shape())
                            .containsExactly(optimizer.stateShapes(1).get(name)));
        }
    }

    @Test
    void aStateOfOtherParametersOrAnotherOptimizerIsRefused() {
        Map<String, Tensor> parameters = parameters();
        try (Optimizer adam = new Adam(parameters, 0.1);
                Optimizer sgd = new Sgd(parameters, 0.1, 0.9, 0, false)) {
            adam.step(gradients(parameters, 1));
            Map<String, Tensor> state = new LinkedHashMap<>(adam.state());
            assertThatThrownBy(() -> sgd.restore(1, state)).isInstanceOf(InputException.class);
            assertThatThrownBy(() -> adam.restore(0, state)).isInstanceOf(InputException.class);
            assertThatThrownBy(() -> adam.restore(-1, state))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("-1");
            Tensor moment = state.put("first_moment.b.weight", Tensor.of(new double[] {7}, 1));
            assertThatThrownBy(() -> adam.restore(2, state))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("first_moment.b.weight [1] not [2]");
            state.remove("first_moment.b.weight");
            assertThatThrownBy(() -> adam.restore(2, state))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("first_moment.b.weight");
            assertThat(adam.steps()).isEqualTo(1);
            state.put("first_moment.b.weight", moment);
            assertThatCode(() -> adam.restore(2, state)).doesNotThrowAnyException();
        }
    }

    @Test
    void theLearningRateOfTheNextStepsCanChange() {
        Tensor x = Tensor.of(new double[] {1});
        try (Optimizer sgd = new Sgd(Map.of("x", x), 0.5, 0, 0, false)) {
            sgd.step(List.of(Tensor.of(new double[] {1})));
            sgd.learningRate(0.25);
            sgd.step(List.of(Tensor.of(new double[] {1})));
            sgd.learningRate(0);
            sgd.step(List.of(Tensor.of(new double[] {1})));
            assertThat(x.item()).isEqualTo(0.25);
            assertThat(sgd.learningRate()).isZero();
        }
    }

    @Test
    void updatesAreNotRecordedAndTheStateOutlivesScopes() {
        Tensor x = Tensor.of(new double[] {1, 2}, 2).requiresGrad(true);
        Optimizer adam = new Adam(Map.of("x", x), 0.1);
        try (var step = Scope.open()) {
            adam.step(List.of(Tensor.ones(DType.FLOAT64, 2)));
        }
        assertThat(adam.state()).containsOnlyKeys("first_moment.x", "second_moment.x");
        assertThat(adam.state().values()).noneMatch(Tensor::isClosed).noneMatch(Tensor::requiresGrad);
        Map<String, Tensor> state = adam.state();
        adam.close();
        assertThat(state.values()).allMatch(Tensor::isClosed);
        assertThat(x.isClosed()).as("the parameters are not the optimizer's").isFalse();
    }

    @Test
    void badConstantsAreRefusedWithTheirValue() {
        Map<String, Tensor> none = Map.of();
        Map<Runnable, String> wrong = Map.of(
                () -> new Adam(none, -1), "-1.0",
                () -> new Adam(none, Double.NaN), "NaN",
                () -> new Adam(none, Double.POSITIVE_INFINITY), "Infinity",
                () -> new Adam(none, 1, 1, 0.9, 1e-8, 0), "beta1 1.0",
                () -> new Adam(none, 1, 0.9, -0.5, 1e-8, 0), "beta2 -0.5",
                () -> new Adam(none, 1, 0.9, 0.9, -1, 0), "epsilon -1.0",
                () -> new Adam(none, 1, 0.9, 0.9, 1e-8, -2), "weight decay -2.0",
                () -> new Sgd(none, 1, -0.1, 0, false), "momentum -0.1",
                () -> new Sgd(none, 1, 0, 0, true), "momentum 0.0",
                () -> new Sgd(none, 1, 0.9, Double.NaN, false), "weight decay NaN");
        wrong.forEach((make, value) -> assertThatThrownBy(make::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(value));
        try (Optimizer sgd = new Sgd(parameters(), 1, 0, 0, false)) {
            assertThatThrownBy(() -> sgd.step(List.of()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("0 gradients for 2 parameters");
        }
    }
}
