package varepsilon.base;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares a record component as a parameter, with its description and valid values. Its name and type are the
 * component's, its default is what the record's constructor without arguments gives. {@link Declared} reads it.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Parameter {
    /** Its description, in one line. */
    String value();

    /** The smallest value. */
    double min() default Double.NEGATIVE_INFINITY;

    /** Values are larger than this. */
    double above() default Double.NEGATIVE_INFINITY;

    /** The largest value. */
    double max() default Double.POSITIVE_INFINITY;

    /** Values are smaller than this. */
    double below() default Double.POSITIVE_INFINITY;

    /** The values that a text may have; empty where any will do, or where it is checked elsewhere. */
    String[] oneOf() default {};
}
