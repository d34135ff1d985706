package varepsilon.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Seeds as values: which seed follows from which, and which numbers from it. Every run depends on them. */
class SeedTest {
    @Test
    void aNameOfNoBytesGivesSplitMixsOwnFirstOutput() {
        // SplitMix64's published first output for the state 0.
        assertThat(Seed.of(0).split("")).isEqualTo(Seed.of(0xe220a8397b1dcdafL));
    }

    /** Recorded before seeds were values: a change of the derivation would silently change every experiment. */
    @Test
    void seedsAndTheirNumbersAreTheRecordedOnes() {
        Seed epoch = Seed.of(42).split("data order").split(3);
        assertThat(Seed.of(42).split("init")).isEqualTo(Seed.of(0x006329bb353cdc6bL));
        assertThat(epoch).isEqualTo(Seed.of(0xc79a46f5c2a206e6L));
        try (var scope = Scope.open();
                Rng noise = Seed.of(42).split("noise").stream();
                Rng order = epoch.stream()) {
            assertThat(noise.normal(3).toFloats()).containsExactly(0.7180521f, 1.0214508f, 0.6871075f);
            assertThat(order.permutation(8)).containsExactly(5, 7, 3, 2, 1, 0, 4, 6);
        }
    }

    @Test
    void everyNameAndNumberHasAStreamOfItsOwn() {
        try (var scope = Scope.open()) {
            Seed root = Seed.of(0);
            String[] names = {"", "init", "noise", "Noise", "noise ", "data order", "attack", "é"};
            float[][] firsts = new float[names.length + 100][];
            for (int i = 0; i < names.length; i++) {
                firsts[i] = firstOf(root.split(names[i]));
            }
            for (int i = 0; i < 100; i++) {
                firsts[names.length + i] = firstOf(root.split(i));
            }
            assertThat(Arrays.stream(firsts).map(Arrays::toString)).doesNotHaveDuplicates();
            assertThat(Seed.of(1).split("noise")).isNotEqualTo(Seed.of(2).split("noise"));
        }
    }

    private static float[] firstOf(Seed seed) {
        try (Rng rng = seed.stream()) {
            return rng.uniform(4).toFloats();
        }
    }

    @Test
    void streamsOfOneSeedDoNotDisturbEachOther() {
        try (var scope = Scope.open();
                Rng used = Seed.of(7).split("noise").stream();
                Rng same = Seed.of(7).split("noise").stream();
                Rng order = Seed.of(7).split("data order").stream()) {
            float[] first = used.normal(1001).toFloats();
            order.permutation(1000);
            assertThat(same.normal(1001).toFloats()).containsExactly(first);
        }
    }
}
