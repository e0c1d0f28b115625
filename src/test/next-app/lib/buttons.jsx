'use client';

import { useEffect, useState, useTransition } from 'react';
import { revalidate, update } from './actions.js';

/**
 * Calls a server action from the browser. The buttons are enabled once the page is hydrated, and
 * `#done` counts the actions that have answered.
 */
export function Buttons({ of }) {
  const [ready, setReady] = useState(false);
  const [done, setDone] = useState(0);
  const [, startTransition] = useTransition();
  useEffect(() => setReady(true), []);
  const call = (action, argument) => () =>
    startTransition(async () => {
      await action(argument);
      setDone((n) => n + 1);
    });
  return (
    <p>
      <button id="update" disabled={!ready} onClick={call(update, of)}>
        updateTag
      </button>
      <button id="revalidate" disabled={!ready} onClick={call(revalidate, `/isr/${of}`)}>
        revalidatePath
      </button>
      <span id="done">{done}</span>
    </p>
  );
}
