package dev.freshet.loop;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The steady clock of the system that goes on while the machine is suspended. */
final class SystemClocks {
    /*
     * What this process knows is good for a time that others count, too. So its clock must not stand
     * still when theirs goes on, as System.nanoTime() does while a machine is suspended: on Linux it
     * is CLOCK_MONOTONIC, and CLOCK_BOOTTIME is the same but for that (clock_gettime(2)); on macOS it
     * is mach_absolute_time, and CLOCK_MONOTONIC goes on (clock_gettime(3) there). On Windows it is
     * QueryPerformanceCounter, which goes on by itself.
     *
     * The call is critical, without a change of the thread's state, for it takes some 30 ns and never
     * blocks. Each thread has 16 bytes of its own for the answer.
     */

    private static final Logger LOG = LoggerFactory.getLogger(SystemClocks.class);

    private static final int CLOCK_BOOTTIME_LINUX = 7;
    private static final int CLOCK_MONOTONIC_MACOS = 6;
    private static final int NONE = -1;

    private static final int CLOCK = clock(System.getProperty("os.name", "").toLowerCase(Locale.ROOT));
    private static final @Nullable MethodHandle GETTIME = CLOCK == NONE ? null : gettime();

    private static final ThreadLocal<MemorySegment> TIMESPEC =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(16, 8));

    private SystemClocks() {}

    private static int clock(String os) {
        return os.startsWith("linux") ? CLOCK_BOOTTIME_LINUX : os.startsWith("mac") ? CLOCK_MONOTONIC_MACOS : NONE;
    }

    @SuppressWarnings("restricted")
    private static @Nullable MethodHandle gettime() {
        try {
            Linker linker = Linker.nativeLinker();
            MethodHandle gettime = linker.downcallHandle(
                    linker.defaultLookup().findOrThrow("clock_gettime"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS),
                    Linker.Option.critical(false));
            MemorySegment time = Arena.ofAuto().allocate(16, 8);
            return (int) gettime.invokeExact(CLOCK, time) == 0 ? gettime : null;
        } catch (Throwable refused) {
            LOG.debug("No clock_gettime here", refused);
            return null;
        }
    }

    /** The clock; one that stands still while the machine is suspended if the system gives no other, which is said once. */
    static Clocks find() {
        if (CLOCK != NONE && GETTIME == null) {
            LOG.warn("The system's clock stands still while the machine is suspended, and no other can be read: "
                    + "start with --enable-native-access=ALL-UNNAMED, and never resume a suspended replica");
        }
        return GETTIME == null ? System::nanoTime : SystemClocks::nanos;
    }

    private static long nanos() {
        MemorySegment time = TIMESPEC.get();
        try {
            if (GETTIME == null || (int) GETTIME.invokeExact(CLOCK, time) != 0) {
                throw new IllegalStateException("the system's clock cannot be read any more");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
        return time.get(ValueLayout.JAVA_LONG, 0) * 1_000_000_000L + time.get(ValueLayout.JAVA_LONG, 8);
    }
}
