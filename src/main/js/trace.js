// @ts-check
/** The trace that the current request belongs to, if the app has OpenTelemetry. */
import { borrowed } from './next.js';

/**
 * The headers that pass it on: none, or `traceparent`, and `tracestate` where there is one.
 *
 * @returns {Record<string, string>}
 */
export function traceHeaders() {
  try {
    const api = borrowed('@opentelemetry/api');
    if (!api) return {};
    /** @type {Record<string, string>} */
    const carrier = {};
    api.propagation.inject(api.context.active(), carrier);
    const { traceparent, tracestate } = carrier;
    return { ...(traceparent && { traceparent }), ...(tracestate && { tracestate }) };
  } catch {
    return {};
  }
}
