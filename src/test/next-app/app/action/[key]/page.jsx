import { Suspense } from 'react';
import { connection } from 'next/server';
import { redirectForm, refreshForm, revalidateForm, updateForm } from '../../../lib/actions.js';
import { Buttons } from '../../../lib/buttons.jsx';
import { remote } from '../../../lib/cached.js';
import { Value } from '../../../lib/value.jsx';

async function Content({ params }) {
  await connection();
  const { key } = await params;
  return (
    <>
      <Value of={key} value={await remote(key)} />
      <Buttons of={key} />
      <form id="update-form" action={updateForm}>
        <input type="hidden" name="key" value={key} />
        <button>updateTag</button>
      </form>
      <form id="redirect-form" action={redirectForm}>
        <input type="hidden" name="key" value={key} />
        <button>updateTag and redirect</button>
      </form>
      <form id="refresh-form" action={refreshForm}>
        <button>refresh</button>
      </form>
      <form id="revalidate-form" action={revalidateForm}>
        <input type="hidden" name="path" value={`/isr/${key}`} />
        <button>revalidatePath</button>
      </form>
    </>
  );
}

/**
 * The server actions, by button and, where there is no JavaScript, by form. The page that answers an
 * action is rendered anew and so refills what it shows; it shows what no test of an action reads.
 */
export default function Page({ params }) {
  return (
    <Suspense fallback={<p>reading</p>}>
      <Content params={params} />
    </Suspense>
  );
}
