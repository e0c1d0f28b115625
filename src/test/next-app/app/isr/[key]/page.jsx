import { cached } from '../../../lib/cached.js';
import { Value } from '../../../lib/value.jsx';

/** The build renders this one page; every other is rendered when it is first asked for, and kept. */
export function generateStaticParams() {
  return [{ key: 'seed' }];
}

export default async function Page({ params }) {
  const { key } = await params;
  return <Value of={key} value={await cached(key)} />;
}
