package varepsilon.robust.certify;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import varepsilon.base.InputException;
import varepsilon.robust.certify.VnnLib.Inequality;
import varepsilon.robust.certify.VnnLib.Property;

/**
 * Reads one text in VNN-LIB 1.0. Assertions are kept in disjunctive normal form, with what all alternatives share apart
 * from them: a property has hundreds of thousands of bounds, and few alternatives.
 */
final class VnnLibReader {
    private static final int MAX_DEPTH = 100;
    /** Mentions of inputs and outputs, of which each condition has one at least; and conditions of all alternatives. */
    private static final int MAX_CONDITIONS = 1 << 20;
    /** Bounds, and coefficients, of all properties together. */
    private static final long MAX_NUMBERS = 1 << 24;

    // Neither has a choice of where one repetition ends and the next begins.
    private static final Pattern VARIABLE = Pattern.compile("([XY])_(0|[1-9][0-9]{0,8})");
    private static final Pattern NUMBER = Pattern.compile("[+-]?([0-9]++(\\.[0-9]*+)?|\\.[0-9]++)([eE][+-]?[0-9]++)?");

    private final SmtTokens tokens;
    private int inputs;
    private int outputs;
    private int mentioned;
    private final List<Condition> shared = new ArrayList<>();
    private List<List<Condition>> alternatives = List.of(List.of());

    VnnLibReader(SmtTokens tokens) {
        this.tokens = tokens;
    }

    private sealed interface Condition {}

    private record Bound(int input, boolean isUpper, double value) implements Condition {}

    /** That this is at most 0. */
    private record OfOutputs(Sum sum) implements Condition {
        Inequality inequality(int outputs) {
            double[] coefficients = new double[outputs];
            sum.coefficients.forEach((output, coefficient) -> coefficients[output.index] = coefficient);
            return new Inequality(coefficients, sum.constant);
        }
    }

    private record Variable(boolean isInput, int index) {
        @Override
        public String toString() {
            return (isInput ? "X_" : "Y_") + index;
        }
    }

    /** A linear expression. */
    private static final class Sum {
        private final Map<Variable, Double> coefficients = new LinkedHashMap<>();
        private double constant;

        Sum add(Sum other, double factor) {
            other.coefficients.forEach(
                    (variable, coefficient) -> coefficients.merge(variable, factor * coefficient, Double::sum));
            constant += factor * other.constant;
            return this;
        }

        boolean isFinite() {
            return Double.isFinite(constant) && coefficients.values().stream().allMatch(Double::isFinite);
        }
    }

    List<Property> read() throws IOException {
        for (String token = tokens.next(); token != null; token = tokens.next()) {
            require(SmtTokens.OPEN, token);
            String command = next();
            switch (command) {
                case "declare-const" -> declare();
                case "assert" -> add(formula(next(), 1));
                default ->
                    throw tokens.refused("the command " + command
                            + " is unknown; expected declare-const or assert, as in VNN-LIB 1.0");
            }
            require(SmtTokens.CLOSE, next());
        }
        return properties();
    }

    private void declare() throws IOException {
        String name = next();
        if (name.equals("X_" + inputs)) {
            inputs++;
        } else if (name.equals("Y_" + outputs)) {
            outputs++;
        } else {
            throw tokens.refused("declares " + name + "; expected X_" + inputs + " or Y_" + outputs
                    + ": inputs and outputs are numbered from 0, and declared in order");
        }
        String type = next();
        if (!type.equals("Real")) {
            throw tokens.refused(name + " is of type " + type + "; expected Real");
        }
    }

    private void add(List<List<Condition>> formula) {
        if (formula.size() == 1) {
            shared.addAll(formula.get(0));
        } else {
            alternatives = both(alternatives, formula);
        }
    }

    // Formulas, as alternatives of which each is a conjunction of conditions.

    private List<List<Condition>> formula(String first, int depth) throws IOException {
        require(SmtTokens.OPEN, first);
        requireDepth(depth);
        String operator = next();
        return switch (operator) {
            case "and" -> and(depth);
            case "or" -> or(depth);
            case "<=" -> List.of(List.of(condition(1, depth)));
            case ">=" -> List.of(List.of(condition(-1, depth)));
            default ->
                throw tokens.refused("the operator " + operator + " is unknown here; expected and, or, <= or >=");
        };
    }

    private List<List<Condition>> and(int depth) throws IOException {
        List<Condition> all = new ArrayList<>();
        List<List<Condition>> choices = List.of(List.of());
        for (String token = nextOfSome("and"); !token.equals(SmtTokens.CLOSE); token = next()) {
            List<List<Condition>> part = formula(token, depth + 1);
            if (part.size() == 1) {
                all.addAll(part.get(0));
            } else {
                choices = both(choices, part);
            }
        }
        return both(List.of(all), choices);
    }

    private List<List<Condition>> or(int depth) throws IOException {
        List<List<Condition>> any = new ArrayList<>();
        for (String token = nextOfSome("or"); !token.equals(SmtTokens.CLOSE); token = next()) {
            any.addAll(formula(token, depth + 1));
        }
        return any;
    }

    private List<List<Condition>> both(List<List<Condition>> first, List<List<Condition>> second) {
        requireFew(first.size() * count(second) + second.size() * count(first));
        List<List<Condition>> result = new ArrayList<>();
        for (List<Condition> one : first) {
            for (List<Condition> other : second) {
                List<Condition> together = new ArrayList<>(one.size() + other.size());
                together.addAll(one);
                together.addAll(other);
                result.add(together);
            }
        }
        return result;
    }

    private static long count(List<List<Condition>> formula) {
        return formula.stream().mapToLong(List::size).sum();
    }

    private void requireFew(long count) {
        if (count > MAX_CONDITIONS) {
            throw tokens.refused("more than " + MAX_CONDITIONS
                    + " conditions on inputs and outputs, counted for every alternative; expected a smaller property");
        }
    }

    /** That the left side is at most the right one, both times {@code sign}. */
    private Condition condition(int sign, int depth) throws IOException {
        Sum sum = new Sum().add(term(next(), depth + 1), sign).add(term(next(), depth + 1), -sign);
        require(SmtTokens.CLOSE, next());
        sum.coefficients.values().removeIf(coefficient -> coefficient == 0);
        if (!sum.isFinite()) {
            throw tokens.refused("numbers too large to calculate with");
        }
        List<Variable> variables = List.copyOf(sum.coefficients.keySet());
        if (variables.isEmpty()) {
            throw tokens.refused("a condition on no input or output");
        }
        if (variables.stream().noneMatch(Variable::isInput)) {
            return new OfOutputs(sum);
        }
        if (variables.size() > 1) {
            throw tokens.refused("a condition on " + variables.get(0) + " and " + variables.get(1)
                    + " together, so the inputs are not a box; expected bounds of one input each, as in"
                    + " (<= X_0 0.5)");
        }
        double coefficient = sum.coefficients.get(variables.get(0));
        double value = -sum.constant / coefficient + 0.0; // and not −0
        if (!Double.isFinite(value)) {
            throw tokens.refused("numbers too large to calculate with");
        }
        return new Bound(variables.get(0).index, coefficient > 0, value);
    }

    // Terms.

    private Sum term(String first, int depth) throws IOException {
        requireDepth(depth);
        if (!first.equals(SmtTokens.OPEN)) {
            Sum sum = new Sum();
            Matcher variable = VARIABLE.matcher(first);
            if (variable.matches()) {
                requireFew(++mentioned);
                sum.coefficients.put(declared(variable), 1.0);
            } else {
                sum.constant = number(first);
            }
            return sum;
        }
        String operator = next();
        return switch (operator) {
            case "+" -> sum(1, depth);
            case "-" -> sum(-1, depth);
            case "*" -> product(depth);
            default -> throw tokens.refused("the operator " + operator + " is unknown here; expected +, - or *");
        };
    }

    /** The first operand and, times {@code sign}, the others; where there are none, the first one times it. */
    private Sum sum(int sign, int depth) throws IOException {
        Sum sum = term(next(), depth + 1);
        String token = next();
        if (token.equals(SmtTokens.CLOSE)) {
            return new Sum().add(sum, sign);
        }
        for (; !token.equals(SmtTokens.CLOSE); token = next()) {
            sum.add(term(token, depth + 1), sign);
        }
        return sum;
    }

    private Sum product(int depth) throws IOException {
        Sum first = term(next(), depth + 1);
        Sum second = term(next(), depth + 1);
        require(SmtTokens.CLOSE, next());
        if (!first.coefficients.isEmpty() && !second.coefficients.isEmpty()) {
            throw tokens.refused("a product of inputs or outputs; expected linear conditions");
        }
        return first.coefficients.isEmpty()
                ? new Sum().add(second, first.constant)
                : new Sum().add(first, second.constant);
    }

    private Variable declared(Matcher name) {
        boolean isInput = name.group(1).equals("X");
        int index = Integer.parseInt(name.group(2));
        if (index >= (isInput ? inputs : outputs)) {
            throw tokens.refused(name.group() + " is not declared");
        }
        return new Variable(isInput, index);
    }

    private double number(String text) {
        if (!NUMBER.matcher(text).matches()) {
            throw tokens.refused(text + " is unknown; expected a number, an input X_0 … or an output Y_0 …");
        }
        double number = Double.parseDouble(text);
        if (Double.isInfinite(number)) {
            throw tokens.refused("the number " + text + " is too large");
        }
        return number;
    }

    // Tokens.

    private String next() throws IOException {
        String token = tokens.next();
        if (token == null) {
            throw tokens.refused("ends within a command: cut off? fetch or copy it again");
        }
        return token;
    }

    /** The first operand, of which there is one at least. */
    private String nextOfSome(String operator) throws IOException {
        String token = next();
        if (token.equals(SmtTokens.CLOSE)) {
            throw tokens.refused(operator + " of nothing");
        }
        return token;
    }

    private void require(String expected, String token) {
        if (!token.equals(expected)) {
            throw tokens.refused("found " + token + "; expected " + expected);
        }
    }

    private void requireDepth(int depth) {
        if (depth > MAX_DEPTH) {
            throw tokens.refused("nested deeper than " + MAX_DEPTH + " levels");
        }
    }

    // Properties.

    private List<Property> properties() {
        if (inputs == 0 || outputs == 0) {
            throw tokens.refusedWhole(inputs + " inputs and " + outputs + " outputs are declared; expected both, as in"
                    + " (declare-const X_0 Real) and (declare-const Y_0 Real)");
        }
        List<Bound> common = only(Bound.class, shared);
        List<Condition> ofOutputs = new ArrayList<>(only(OfOutputs.class, shared));
        Map<List<Bound>, List<List<OfOutputs>>> byBox = new LinkedHashMap<>();
        for (List<Condition> alternative : both(List.of(ofOutputs), alternatives)) {
            List<OfOutputs> unsafe = only(OfOutputs.class, alternative);
            if (unsafe.isEmpty()) {
                throw tokens.refusedWhole("no condition on the outputs"
                        + (alternatives.size() > 1 ? " in one of the alternatives" : "")
                        + "; expected at least one, as in (assert (<= Y_0 Y_1))");
            }
            byBox.computeIfAbsent(only(Bound.class, alternative), own -> new ArrayList<>())
                    .add(unsafe);
        }
        long inequalities = byBox.values().stream()
                .flatMap(List::stream)
                .mapToLong(List::size)
                .sum();
        if (Math.max(2L * inputs * byBox.size(), inequalities * outputs) > MAX_NUMBERS) {
            throw tokens.refusedWhole(byBox.size() + " boxes of " + inputs + " inputs with " + inequalities
                    + " inequalities of " + outputs + " outputs: too many; expected a smaller property");
        }
        List<Property> properties = new ArrayList<>();
        byBox.forEach((own, unsafe) -> properties.add(property(common, own, unsafe)));
        return properties;
    }

    private Property property(List<Bound> common, List<Bound> own, List<List<OfOutputs>> unsafe) {
        double[] lower = new double[inputs];
        double[] upper = new double[inputs];
        Arrays.fill(lower, Double.NEGATIVE_INFINITY);
        Arrays.fill(upper, Double.POSITIVE_INFINITY);
        for (List<Bound> bounds : List.of(common, own)) {
            for (Bound bound : bounds) {
                int i = bound.input;
                if (bound.isUpper) {
                    upper[i] = Math.min(upper[i], bound.value);
                } else {
                    lower[i] = Math.max(lower[i], bound.value);
                }
            }
        }
        for (int i = 0; i < inputs; i++) {
            if (Double.isInfinite(lower[i]) || Double.isInfinite(upper[i])) {
                throw noBox("X_" + i + " has no " + (Double.isInfinite(lower[i]) ? "lower" : "upper") + " bound");
            }
            if (lower[i] > upper[i]) {
                throw noBox("X_" + i + " has the lower bound " + lower[i] + ", above its upper bound " + upper[i]);
            }
        }
        return new Property(
                lower,
                upper,
                outputs,
                unsafe.stream()
                        .map(all ->
                                all.stream().map(one -> one.inequality(outputs)).toList())
                        .toList());
    }

    private InputException noBox(String what) {
        return tokens.refusedWhole(what + "; expected a box of inputs, each between two bounds");
    }

    private static <C extends Condition> List<C> only(Class<C> type, List<Condition> conditions) {
        return conditions.stream().filter(type::isInstance).map(type::cast).toList();
    }
}
