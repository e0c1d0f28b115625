import { read } from '../../lib/origin.js';

export function getStaticPaths() {
  return { paths: [], fallback: 'blocking' };
}

export async function getStaticProps({ params }) {
  return { props: { of: params.key, value: await read(params.key) }, revalidate: 3600 };
}

/** A page of the Pages Router, rendered when it is first asked for, and kept. */
export default function Page({ of, value }) {
  return <output data-key={of} data-value={value} data-build={process.env.NEXT_DEPLOYMENT_ID} />;
}
