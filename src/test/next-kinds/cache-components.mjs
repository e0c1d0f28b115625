import components from 'freshet-next/components';

/** TRACE=1 has each call of Next's told, for the test of their order. */
const traced = (handler) =>
  Object.fromEntries(
    ['get', 'set', 'refreshTags', 'getExpiration', 'updateTags'].map((method) => [
      method,
      (...given) => {
        const told =
          method === 'getExpiration' || method === 'updateTags' ? given : given.slice(1, 2);
        console.log(`TRACE ${method} ${method === 'set' ? '' : JSON.stringify(told)}`.trim());
        return handler[method](...given);
      },
    ]),
  );

export default process.env.TRACE ? traced(components) : components;
