'use server';

import { revalidateTag, updateTag } from 'next/cache';

/**
 * Ends what carries the tag (`hard`: nobody is to get it any more), or makes it stale (`soft`). An
 * action that calls `updateTag` answers when each handler has said that it has done so.
 */
export async function end(tag, mode) {
  if (mode === 'hard') {
    updateTag(tag);
  } else {
    revalidateTag(tag, 'max');
  }
}
