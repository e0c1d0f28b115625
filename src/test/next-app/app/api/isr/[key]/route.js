import { cached } from '../../../../lib/cached.js';

export function generateStaticParams() {
  return [{ key: 'seed' }];
}

/** An answer that is kept whole, as a page is. */
export async function GET(_request, { params }) {
  const { key } = await params;
  return Response.json({ key, value: await cached(key), build: process.env.NEXT_DEPLOYMENT_ID });
}
