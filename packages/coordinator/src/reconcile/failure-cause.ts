import type { Failure } from '@dsr1/shared/wire/messages';
import type { EndCause } from './model.ts';

const causes: ReadonlyMap<string, EndCause> = new Map([
  ['PORT_TAKEN', 'port-taken'],
  ['NODE_OFFLINE', 'interrupted'],
  ['TIMEOUT', 'interrupted'],
  ['NOT_PREPARED', 'interrupted'],
  ['COMMAND_EXPIRED', 'interrupted'],
  ['IMAGE_PULLING', 'interrupted'],
]);

/** What an agent's failure means for the attempt; `otherwise` for the codes that say nothing more. */
export const causeOfFailure = (failure: Failure | null, otherwise: EndCause): EndCause =>
  causes.get(failure?.code ?? '') ?? otherwise;

/** No answer is no refusal: the command may have been obeyed all the same. */
export const isUnanswered = (failure: Failure): boolean =>
  failure.code === 'NODE_OFFLINE' || failure.code === 'TIMEOUT';
