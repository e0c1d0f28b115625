import { revalidatePath, revalidateTag } from 'next/cache';

/** `?tag=` makes what carries the tag stale, `?path=` ends the page. */
export function POST(request) {
  const { searchParams } = request.nextUrl;
  const [tag, path] = [searchParams.get('tag'), searchParams.get('path')];
  if (tag) {
    revalidateTag(tag, 'max');
  }
  if (path) {
    revalidatePath(path);
  }
  return Response.json({ tag, path });
}
