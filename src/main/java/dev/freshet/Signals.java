package dev.freshet;

import java.lang.reflect.Proxy;

/** The signals of the process. */
final class Signals {
    /*
     * A shutdown hook hears of the first signal alone, and of none that is no end. What the JDK has
     * beside it is sun.misc.Signal, of the module jdk.unsupported, which the compiler warns of without a
     * way to let it pass: hence by its name.
     */

    private Signals() {}

    /**
     * Runs something whenever a signal comes, each time on a thread of its own.
     *
     * @param name without SIG
     */
    static void on(String name, Runnable run) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object heeding = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(), new Class<?>[] {handler}, (self, method, given) -> {
                        run.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), heeding);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("SIG" + name + " cannot be heard", e);
        }
    }
}
