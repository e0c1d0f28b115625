package dev.freshet.http;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A test of the API as it is served. */
abstract class OnApi {
    static Api api;

    @BeforeAll
    static void startApi() {
        api = Api.start();
    }

    @AfterAll
    static void stopApi() {
        api.close();
    }
}
