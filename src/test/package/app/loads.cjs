/** What is required and what is imported are one. */
const required = require('freshet-next');
const components = require('freshet-next/components');

import('freshet-next').then((imported) => {
  if (required.components !== components) throw new Error('two copies');
  /** @type {{ type: string }[]} */
  const heard = [];
  required.onEvent((event) => heard.push(event));
  imported.onEvent((event) => heard.push(event));
  return imported.components.get('key', []).then(() => console.log(heard.length, heard[0].type));
});
