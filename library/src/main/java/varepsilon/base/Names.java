package varepsilon.base;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingInt;

import java.util.Collection;
import java.util.Collections;

/** Finds the nearest name to a mistyped one. */
public final class Names {
    private Names() {}

    /**
     * The name that was most likely meant.
     *
     * @param known at least one; of equally near ones the first
     */
    public static String nearest(String given, Collection<String> known) {
        return Collections.min(known, comparingInt(name -> distance(given, name)));
    }

    /** The same, where a name that begins with the given text comes before all others. */
    public static String nearestOrLonger(String given, Collection<String> known) {
        return Collections.min(
                known,
                comparing((String name) -> !name.startsWith(given)).thenComparing(name -> distance(given, name)));
    }

    /** Insertions, deletions and substitutions that lead from one text to the other (Levenshtein 1966). */
    static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int substituted = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
