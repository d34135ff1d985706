package varepsilon.lab.study;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** Rows of measurements, in the order of what was varied. */
final class Rows {
    private Rows() {}

    /** One value of each row. */
    static <T> double[] column(List<T> rows, ToDoubleFunction<? super T> value) {
        return rows.stream().mapToDouble(value).toArray();
    }

    /** The last row. */
    static <T> T last(List<T> rows) {
        return rows.get(rows.size() - 1);
    }

    /** Whether a value rises from each row to the next. */
    static <T> boolean rises(List<T> rows, ToDoubleFunction<? super T> value) {
        for (int i = 1; i < rows.size(); i++) {
            if (value.applyAsDouble(rows.get(i)) <= value.applyAsDouble(rows.get(i - 1))) {
                return false;
            }
        }
        return true;
    }
}
