package varepsilon.lab.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;
import varepsilon.base.Declared;

/** Numbers that may be written as fractions, as lengths in pixel units are: {@code 8/255}. */
final class Fraction implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
        try {
            return Declared.number(text);
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is neither a number nor a fraction such as 8/255");
        }
    }
}
