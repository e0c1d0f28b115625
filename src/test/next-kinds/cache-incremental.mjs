export { default } from 'freshet-next/incremental';
