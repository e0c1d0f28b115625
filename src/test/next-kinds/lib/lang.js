export { lang } from 'next/root-params';
