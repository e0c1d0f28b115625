/** There are no root parameters in the functions of 'use cache'. */
export async function lang() {
  return 'any';
}
