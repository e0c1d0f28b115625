import { localized } from '../../../../lib/localized.js';
import { Value } from '../../../../lib/value.jsx';

export function generateStaticParams() {
  return [{ key: 'seed' }];
}

/** Kept whole; the build renders that of the key `seed` in each language. */
export default async function Page({ params }) {
  const { key } = await params;
  return <Value of={key} value={await localized(key)} />;
}
