import { draftMode } from 'next/headers';

/** Sets the cookie of draft mode. */
export async function GET() {
  (await draftMode()).enable();
  return Response.json({ draft: true });
}
