package varepsilon.lab.published;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import varepsilon.lab.run.ReferenceCurves;
import varepsilon.lab.spec.VaeSpec;

class PublishedCurvesTest {
    @Test
    void theFigureThatRunsAreMeasuredAgainstIsThere() {
        ReferenceCurves.Curve bpd =
                new PublishedCurves().of(config("mnist", 20)).get("val_bpd");

        int epoch20 = Arrays.stream(bpd.epochs()).boxed().toList().indexOf(20.0);
        assertThat(bpd.values()[epoch20]).isEqualTo(0.5419);
        assertThat(bpd.epochs()).hasSameSizeAs(bpd.values()).startsWith(0).endsWith(79);
    }

    @Test
    void curvesCarryTheNamesOfMetrics() {
        assertThat(new PublishedCurves().of(config("mnist", 2)))
                .containsOnlyKeys(
                        "train_bpd",
                        "val_bpd",
                        "train_reconstruction_nats",
                        "val_reconstruction_nats",
                        "train_kl_nats",
                        "val_kl_nats");
    }

    @Test
    void nothingIsLaidOverARunThatDoesNotCompare() {
        assertThat(new PublishedCurves().of(config("glyphs", 20))).isEmpty();
        assertThat(new PublishedCurves().of(config("mnist", 10))).isEmpty();
    }

    private static VaeSpec config(String data, int latentDim) {
        return VaeSpec.of(data).withLatentDim(latentDim);
    }
}
