package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;

class BatchesTest {
    private static final ImageSet SET = Glyphs.draw("glyphs", 103, 5);

    private static List<Integer> indices(Batches batches) {
        List<Integer> all = new ArrayList<>();
        try (var scope = Scope.open()) {
            for (Batch batch : batches) {
                Arrays.stream(batch.indices()).forEach(all::add);
            }
        }
        return all;
    }

    @Test
    void everyBatchHoldsTheImagesAndLabelsItNames() {
        Batches batches = Batches.of(SET, 20).shuffled(1, 0);
        int seen = 0;
        for (Iterator<Batch> each = batches.iterator(); each.hasNext(); ) {
            try (var scope = Scope.open()) {
                Batch batch = each.next();
                assertThat(batch.images().dtype()).isEqualTo(DType.UINT8);
                assertThat(batch.images().shape()).containsExactly(batch.size(), 1, 28, 28);
                assertThat(batch.labels().dtype()).isEqualTo(DType.INT64);
                byte[] bytes = batch.images().toBytes();
                long[] labels = batch.labels().toLongs();
                assertThat(labels).hasSize(batch.size());
                for (int i = 0; i < batch.size(); i++) {
                    int index = batch.indices()[i];
                    assertThat(Arrays.copyOfRange(bytes, 784 * i, 784 * (i + 1)))
                            .isEqualTo(SET.image(index));
                    assertThat(labels[i]).isEqualTo(SET.label(index));
                }
                seen += batch.size();
            }
        }
        assertThat(seen).isEqualTo(103);
    }

    @Test
    void theUnevenLastBatchIsKept() {
        List<Integer> sizes = new ArrayList<>();
        try (var scope = Scope.open()) {
            Batches.of(SET, 25).forEach(batch -> sizes.add(batch.size()));
        }
        assertThat(sizes).containsExactly(25, 25, 25, 25, 3);
        assertThat(Batches.of(SET, 25).count()).isEqualTo(5);
        assertThat(Batches.of(SET, 103).count()).isEqualTo(1);
        assertThat(Batches.of(SET, 1000).count()).isEqualTo(1);
        assertThat(indices(Batches.of(SET, 1000))).hasSize(103);
    }

    @Test
    void withoutShufflingTheOrderIsTheSets() {
        assertThat(indices(Batches.of(SET, 10)))
                .isEqualTo(IntStream.range(0, 103).boxed().toList());
    }

    @Test
    void theOrderDependsOnSeedAndEpochAlone() {
        List<Integer> order = indices(Batches.of(SET, 10).shuffled(7, 3));
        assertThat(order)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 103).boxed().toList());
        assertThat(indices(Batches.of(SET, 32).shuffled(7, 3))).isEqualTo(order);
        assertThat(indices(Batches.of(SET, 10).shuffled(7, 4))).isNotEqualTo(order);
        assertThat(indices(Batches.of(SET, 10).shuffled(8, 3))).isNotEqualTo(order);
    }

    @Test
    void anEpochGoesOnWhereItStopped() {
        Batches whole = Batches.of(SET, 10).shuffled(7, 3);
        List<Integer> all = indices(whole);
        for (int start = 0; start <= whole.count(); start++) {
            List<Integer> rest = all.subList(Math.min(10 * start, 103), 103);
            assertThat(indices(whole.startingAt(start))).isEqualTo(rest);
            assertThat(indices(Batches.of(SET, 10).startingAt(start).shuffled(7, 3)))
                    .isEqualTo(rest);
        }
        assertThatThrownBy(() -> whole.startingAt(12))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("12");
        assertThatThrownBy(() -> whole.startingAt(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void twoIterationsDoNotDisturbEachOther() {
        Batches batches = Batches.of(SET, 40);
        try (var scope = Scope.open()) {
            Iterator<Batch> one = batches.iterator();
            Iterator<Batch> other = batches.iterator();
            Batch first = one.next();
            other.next();
            Batch second = other.next();
            assertThat(first.images().toBytes()).startsWith(SET.image(0));
            assertThat(second.images().toBytes()).startsWith(SET.image(40));
        }
    }

    @Test
    void aBatchBelongsToTheScopeInWhichItWasMade() {
        Iterator<Batch> batches = Batches.of(SET, 10).iterator();
        Batch batch;
        try (var scope = Scope.open()) {
            batch = batches.next();
        }
        assertThatThrownBy(() -> batch.images().toBytes()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(batches::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("scope");
    }

    @Test
    void endsWithTheEpoch() {
        Iterator<Batch> none = Batches.of(SET, 103).startingAt(1).iterator();
        assertThat(none.hasNext()).isFalse();
        assertThatThrownBy(none::next).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void imagesWithoutLabelsGiveBatchesWithout() {
        ImageSet plain = ImageSet.unlabelled("plain", new byte[12], 1, 2, 2);
        try (var scope = Scope.open()) {
            Batch batch = Batches.of(plain, 2).iterator().next();
            assertThat(batch.images().shape()).containsExactly(2, 1, 2, 2);
            assertThatThrownBy(batch::labels)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("labels");
        }
    }

    @Test
    void refusesABatchSizeBelowOne() {
        assertThatThrownBy(() -> Batches.of(SET, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("batch size 0");
    }
}
