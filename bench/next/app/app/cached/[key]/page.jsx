import { Suspense } from 'react';
import { connection } from 'next/server';
import { Article } from '../../../lib/article.jsx';

async function Content({ params }) {
  await connection();
  const { key } = await params;
  return <Article of={key} />;
}

/** Rendered for each request, around what `'use cache'` has kept. */
export default function Page({ params }) {
  return (
    <Suspense fallback={<p>reading</p>}>
      <Content params={params} />
    </Suspense>
  );
}
