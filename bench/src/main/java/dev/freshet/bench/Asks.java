package dev.freshet.bench;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The question of a bench, for its report. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface Asks {
    String value();
}
