export function generateStaticParams() {
  return [{ lang: 'fr' }, { lang: 'it' }];
}

/** The root layout, so that the language is a root parameter. */
export default async function Layout({ children, params }) {
  const { lang } = await params;
  return (
    <html lang={lang}>
      <body>{children}</body>
    </html>
  );
}
