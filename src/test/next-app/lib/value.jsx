import { Suspense } from 'react';
import { connection } from 'next/server';

/** What a test reads: the value, the key it is of, and the build that rendered it. */
export function Value({ of, value }) {
  return <output data-key={of} data-value={value} data-build={process.env.NEXT_DEPLOYMENT_ID} />;
}

/** A page that is rendered for each request around a value that is read by `read`. */
export function dynamicPage(read) {
  async function Content({ params }) {
    await connection();
    const { key } = await params;
    return <Value of={key} value={await read(key)} />;
  }
  return function Page({ params }) {
    return (
      <Suspense fallback={<p>reading</p>}>
        <Content params={params} />
      </Suspense>
    );
  };
}
