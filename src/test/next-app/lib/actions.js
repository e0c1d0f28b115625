'use server';

import { refresh, revalidatePath, updateTag } from 'next/cache';
import { redirect } from 'next/navigation';

export async function update(key) {
  updateTag(key);
}

export async function updateForm(form) {
  updateTag(form.get('key'));
}

export async function redirectForm(form) {
  updateTag(form.get('key'));
  redirect(`/remote/${form.get('key')}`);
}

/** Has the page rendered anew, and ends nothing. */
export async function refreshForm() {
  refresh();
}

export async function revalidate(path) {
  revalidatePath(path);
}

export async function revalidateForm(form) {
  revalidatePath(form.get('path'));
}
