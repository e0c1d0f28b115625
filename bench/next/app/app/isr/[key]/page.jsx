import { Article } from '../../../lib/article.jsx';

/** The build renders this one; every other page is rendered when it is first asked for, and kept. */
export function generateStaticParams() {
  return [{ key: 'seed' }];
}

export default async function Page({ params }) {
  const { key } = await params;
  return <Article of={key} />;
}
