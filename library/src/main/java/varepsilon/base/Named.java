package varepsilon.base;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The name of something in configurations, on the command line and in reports: a member of a {@link Family}, or, on an
 * interface, the kind of its members.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Named {
    /** The name: {@code pgd}, or of a kind {@code attack}. */
    String value();

    /** Its description, in one line. */
    String help();
}
