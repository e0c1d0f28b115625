/** The metrics as the SDK of OpenTelemetry has them, registered as an app does. */
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import components from 'freshet-next/components';
import { register } from 'freshet-next/otel';

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
register();
await components.get('key', []);
await reader.forceFlush();

const [{ scopeMetrics }] = exporter.getMetrics();
const all = scopeMetrics.flatMap(({ scope, metrics }) =>
  metrics.map(({ descriptor, dataPoints }) => ({ scope: scope.name, name: descriptor.name, dataPoints })),
);
const [reads] = all.filter(({ name }) => name === 'freshet.client.reads');
console.log(reads.scope, JSON.stringify(reads.dataPoints[0].attributes), reads.dataPoints[0].value);
await reader.shutdown();
