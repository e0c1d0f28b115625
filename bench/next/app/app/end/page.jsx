import { end } from '../../lib/end.js';

/** Where the bench finds the action's id, and calls it. */
export default function Page() {
  return (
    <form action={end}>
      <button>end</button>
    </form>
  );
}
