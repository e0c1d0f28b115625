import { revalidatePath, revalidateTag } from 'next/cache';

/**
 * `?tag=` makes what carries the tag stale, or ends it, as `profile` says: a name, seconds, or `none`;
 * `?path=` ends the page, and with `type` the pages of a pattern or under a layout.
 */
export function POST(request) {
  const { searchParams } = request.nextUrl;
  const [tag, path, type] = ['tag', 'path', 'type'].map((name) => searchParams.get(name));
  const profile = searchParams.get('profile') ?? 'max';
  if (tag && profile === 'none') {
    revalidateTag(tag);
  } else if (tag) {
    revalidateTag(tag, /^\d+$/.test(profile) ? { expire: Number(profile) } : profile);
  }
  if (path) {
    revalidatePath(path, type ?? undefined);
  }
  return Response.json({ tag, path });
}
