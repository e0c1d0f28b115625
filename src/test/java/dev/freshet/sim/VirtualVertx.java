package dev.freshet.sim;

import io.vertx.core.Context;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Objects;

/** As much of Vert.x as a replica's parts use, on a machine's loops and timers. Whatever else is asked of it fails. */
final class VirtualVertx {
    private VirtualVertx() {}

    static Vertx vertx(Machine machine) {
        return proxy(Vertx.class, (self, method, given) -> switch (method.getName()) {
            case "getOrCreateContext" -> running(machine).context;
            case "runOnContext" -> {
                running(machine).run(handling(given[0]));
                yield null;
            }
            case "setTimer" -> machine.setTimer((Long) given[0], timing(given[1]));
            case "setPeriodic" -> machine.setPeriodic((Long) given[0], timing(given[given.length - 1]));
            case "cancelTimer" -> machine.cancelTimer((Long) given[0]);
            default -> object(self, method, given, machine.name());
        });
    }

    static Context context(Loop loop) {
        return proxy(Context.class, (self, method, given) -> switch (method.getName()) {
            case "runOnContext" -> {
                loop.run(handling(given[0]));
                yield null;
            }
            case "owner" -> loop.machine.vertx();
            default -> object(self, method, given, "a loop of " + loop.machine.name());
        });
    }

    private static Loop running(Machine machine) {
        Loop running = Objects.requireNonNull(machine.world().running(), "nobody runs");
        if (running.machine != machine) {
            throw new IllegalStateException(running.machine.name() + " runs, not " + machine.name());
        }
        return running;
    }

    private static Object object(Object self, Method method, Object[] given, String name) {
        return switch (method.getName()) {
            case "equals" -> self == given[0];
            case "hashCode" -> System.identityHashCode(self);
            case "toString" -> name;
            default -> throw new UnsupportedOperationException(method.toString());
        };
    }

    @SuppressWarnings("unchecked")
    private static Runnable handling(Object handler) {
        return () -> ((Handler<Void>) handler).handle(null);
    }

    @SuppressWarnings("unchecked")
    private static Handler<Long> timing(Object handler) {
        return (Handler<Long>) handler;
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
