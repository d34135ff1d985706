package varepsilon.lab.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Numbers that may be written as fractions, as lengths in pixel units are: {@code 8/255}. */
final class Fraction implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
        int slash = text.indexOf('/');
        try {
            return slash < 0
                    ? Double.parseDouble(text)
                    : Double.parseDouble(text.substring(0, slash)) / Double.parseDouble(text.substring(slash + 1));
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is neither a number nor a fraction such as 8/255");
        }
    }
}
