package dev.freshet.store;

/** Memory for bodies that are on their way, of which there is only so much. Any thread may call. */
public interface Room {
    /** As much as anybody wants. */
    Room ENDLESS = new Room() {
        @Override
        public void take(long bytes) {}

        @Override
        public void giveBack(long bytes) {}
    };

    /**
     * Takes some.
     *
     * @throws RuntimeException if there is not as much left; it is what the client is told
     */
    void take(long bytes);

    /** Gives back what was taken. */
    void giveBack(long bytes);
}
