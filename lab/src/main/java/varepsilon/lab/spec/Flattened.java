package varepsilon.lab.spec;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A record component that holds a member of a {@link varepsilon.base.Family}: in YAML its name stands under the
 * component's key, and its parameters are keys beside that one. A component without this holds all in one text, {@code
 * pgd:steps=40}.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface Flattened {
    /** The key; by default, that of the component's name. */
    String value() default "";
}
