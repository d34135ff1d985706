package varepsilon.base;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One {@link Parameter} of a record: reads, writes, checks and documents its value.
 *
 * @param name of the component: {@code stepSize}
 * @param type {@code int}, {@code long}, {@code double}, {@code boolean}, {@link String}, or a class with a static
 *     method {@code parse(String)} whose {@code toString} writes what that reads
 * @param usual the default
 * @param range its description and valid values
 */
public record Declared(String name, Class<?> type, Object usual, Parameter range) {
    /**
     * The declared parameters of a record, in order.
     *
     * @param usual a record with every default
     */
    public static List<Declared> of(Record usual) {
        return Arrays.stream(usual.getClass().getRecordComponents())
                .filter(component -> component.isAnnotationPresent(Parameter.class))
                .map(component -> new Declared(
                        component.getName(),
                        component.getType(),
                        value(component, usual),
                        component.getAnnotation(Parameter.class)))
                .toList();
    }

    /**
     * A record with some values changed.
     *
     * @param changed values by the component's name; others are ignored
     * @throws InputException where the record rejects a value
     */
    @SuppressWarnings("unchecked") // the class of a record of type R makes records of type R
    public static <R extends Record> R with(R record, Map<String, ?> changed) {
        RecordComponent[] components = record.getClass().getRecordComponents();
        Object[] arguments = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            String name = components[i].getName();
            arguments[i] = changed.containsKey(name) ? changed.get(name) : value(components[i], record);
            types[i] = components[i].getType();
        }
        try {
            return (R) record.getClass().getConstructor(types).newInstance(arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof InputException refused) {
                throw new InputException(refused.getMessage(), refused);
            }
            throw new IllegalStateException(record.getClass() + " cannot be made", e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(record.getClass() + " cannot be made", e);
        }
    }

    /** The value of a record's component. */
    public static Object value(RecordComponent component, Record of) {
        try {
            Method accessor = component.getAccessor();
            accessor.setAccessible(true);
            return accessor.invoke(of);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("component " + component + " cannot be read", e);
        }
    }

    /**
     * Rejects values outside their declared ranges; for the compact constructors of records.
     *
     * @param type the record's class
     * @param values of all its components, in order
     * @throws InputException whose message begins with the name of the parameter: {@code steps 0: expected at least 1}
     */
    public static void check(Class<? extends Record> type, Object... values) {
        RecordComponent[] components = type.getRecordComponents();
        if (components.length != values.length) {
            throw new IllegalArgumentException(
                    type.getSimpleName() + " has " + components.length + " components, not " + values.length);
        }
        for (int i = 0; i < values.length; i++) {
            Parameter range = components[i].getAnnotation(Parameter.class);
            if (range != null && !holds(range, values[i])) {
                throw new InputException(components[i].getName() + " " + values[i] + ": expected "
                        + expected(range, components[i].getType()));
            }
        }
    }

    private static boolean holds(Parameter range, Object value) {
        if (value instanceof Number number) {
            double x = number.doubleValue();
            return Double.isFinite(x) && x >= range.min() && x > range.above() && x <= range.max() && x < range.below();
        }
        return range.oneOf().length == 0 || List.of(range.oneOf()).contains(value);
    }

    private static String expected(Parameter range, Class<?> type) {
        if (range.oneOf().length > 0) {
            return String.join(", ", range.oneOf());
        }
        boolean whole = type == int.class || type == long.class;
        boolean fromBelow = range.min() > Double.NEGATIVE_INFINITY;
        boolean above = range.above() > Double.NEGATIVE_INFINITY;
        boolean to = range.max() < Double.POSITIVE_INFINITY;
        boolean below = range.below() < Double.POSITIVE_INFINITY;
        if (above && below) {
            return "a number between " + plain(range.above()) + " and " + plain(range.below());
        }
        if (fromBelow && to) {
            return (whole ? "" : "a number ") + "from " + plain(range.min()) + " to " + plain(range.max());
        }
        String lower = fromBelow
                ? (whole ? "at least " : "a number of at least ") + plain(range.min())
                : above ? (range.above() == 0 ? "a positive number" : "a number above " + plain(range.above())) : "";
        String upper = to ? "up to " + plain(range.max()) : below ? "below " + plain(range.below()) : "";
        if (lower.isEmpty()) {
            return upper.isEmpty() ? (whole ? "a whole number" : "a finite number") : "a number " + upper;
        }
        return upper.isEmpty() ? lower : lower + (fromBelow ? ", " : " ") + upper;
    }

    private static String plain(double bound) {
        return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
    }

    /**
     * Rejects a value outside the declared range.
     *
     * @throws InputException naming the parameter
     */
    public void check(Object value) {
        if (!holds(range, value)) {
            throw new InputException(name + " " + value + ": expected " + expected(range, type));
        }
    }

    /** How it is written on the command line: {@code step-size}. */
    public String option() {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    /** Its description, in one line. */
    public String help() {
        return range.value();
    }

    /** The valid values, as text; empty where the type says all. */
    public Optional<String> expected() {
        String words = type == boolean.class
                ? "true or false"
                : isNumber() || range.oneOf().length > 0 ? expected(range, type) : "";
        return Optional.of(words).filter(text -> !text.isEmpty());
    }

    private boolean isNumber() {
        return type == int.class || type == long.class || type == double.class;
    }

    /**
     * The value that a text stands for.
     *
     * @throws InputException naming the parameter, where it stands for none
     */
    public Object parse(String text) {
        try {
            if (type == int.class) {
                return Integer.parseInt(text);
            }
            if (type == long.class) {
                return Long.parseLong(text);
            }
            if (type == double.class) {
                return number(text);
            }
            if (type == boolean.class) {
                if (!text.equals("true") && !text.equals("false")) {
                    throw new NumberFormatException(text);
                }
                return text.equals("true");
            }
            return type == String.class ? text : parsed(text);
        } catch (NumberFormatException e) {
            throw new InputException(name + " " + text + ": expected " + kind(), e);
        }
    }

    private String kind() {
        return type == boolean.class ? "true or false" : type == double.class ? "a number" : "a whole number";
    }

    private Object parsed(String text) {
        try {
            return type.getMethod("parse", String.class).invoke(null, text);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof InputException refused) {
                throw new InputException(name + " " + text + ": " + refused.getMessage(), refused);
            }
            throw new IllegalStateException(type + " cannot read " + text, e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " has no public static parse(String)", e);
        }
    }

    /** The text form of a value, which {@link #parse} reads: 1 rather than 1.0, 5e-4 rather than 5.0E-4. */
    public static String text(Object value) {
        return value instanceof Double
                ? value.toString().replaceFirst("\\.0(?=E|$)", "").replace('E', 'e')
                : value.toString();
    }

    /** A number, also as a fraction such as {@code 8/255}. */
    public static double number(String text) {
        int slash = text.indexOf('/');
        return slash < 0
                ? Double.parseDouble(text)
                : Double.parseDouble(text.substring(0, slash)) / Double.parseDouble(text.substring(slash + 1));
    }
}
