/** Has a page of the Pages Router rendered anew. */
export default async function handler(request, response) {
  await response.revalidate(request.query.path);
  response.json({ revalidated: request.query.path });
}
