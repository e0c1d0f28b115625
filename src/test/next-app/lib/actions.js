'use server';

import { revalidatePath, updateTag } from 'next/cache';

export async function update(key) {
  updateTag(key);
}

export async function updateForm(form) {
  updateTag(form.get('key'));
}

export async function revalidate(path) {
  revalidatePath(path);
}

export async function revalidateForm(form) {
  revalidatePath(form.get('path'));
}
