// @ts-check
/** What a person can do something about: told in one line, without a stack. */
export class Failure extends Error {
  exit = 1;
}
