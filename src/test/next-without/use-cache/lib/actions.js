'use server';

import { revalidatePath, revalidateTag } from 'next/cache';
import { redirect } from 'next/navigation';

/* In Next 15 revalidateTag ends what it names, in an action for the action's own answer, too. */

export async function update(key) {
  revalidateTag(key);
}

export async function updateForm(form) {
  revalidateTag(form.get('key'));
}

export async function redirectForm(form) {
  revalidateTag(form.get('key'));
  redirect(`/remote/${form.get('key')}`);
}

/** Next 15 has no refresh(). */
export async function refreshForm() {}

export async function revalidate(path) {
  revalidatePath(path);
}

export async function revalidateForm(form) {
  revalidatePath(form.get('path'));
}
