/**
 * Turns the events of this process into metrics of OpenTelemetry, from now on; returns what ends
 * that. Without `@opentelemetry/api` it warns and does nothing.
 *
 * @param where `meterProvider` in place of the one that is registered globally
 */
export declare function register(where?: {
  meterProvider?: { getMeter(name: string): unknown };
}): () => void;
