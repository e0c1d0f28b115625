import { read } from '../../lib/origin.js';

export function getStaticPaths() {
  return { paths: [{ params: { key: 'seed' }, locale: 'de' }], fallback: 'blocking' };
}

export async function getStaticProps({ params, locale }) {
  return {
    props: { of: params.key, value: `${locale}: ${await read(params.key)}` },
    revalidate: 3600,
  };
}

/** A page of the Pages Router in each of its locales. */
export default function Page({ of, value }) {
  return <output data-key={of} data-value={value} data-build={process.env.NEXT_DEPLOYMENT_ID} />;
}
