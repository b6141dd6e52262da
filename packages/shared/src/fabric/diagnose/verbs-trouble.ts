/** What the complaints of libibverbs mean on a host whose devices are known. */
import type { FabricNode } from '../model.ts';
import { isProviderOf, providerTrouble, saysNoDevices } from '../parse/verbs-provider.ts';
import { verbsTroubleOf } from '../select/verbs-library.ts';

/** A library that no device of the host needs: libibverbs tries every one that /etc/libibverbs.d names. */
export function isOthersLibrary(line: string, node: FabricNode | null): boolean {
  const trouble = providerTrouble(line);
  if (trouble === null || trouble.provider === null || trouble.device !== null) return false;
  const { provider } = trouble;
  const hcas = node?.hcas ?? [];
  return hcas.length > 0 && hcas.every((hca) => isProviderOf(provider, hca) === false);
}

/**
 * What a complaint means for the devices of its host; null for one that is of nothing here. That no device was found follows
 * from a library that does not fit.
 */
export function verbsTrouble(
  line: string,
  node: FabricNode,
): { cause: string; fix: string; consequence: boolean } | null {
  const trouble = verbsTroubleOf(node);
  if (trouble === null || (providerTrouble(line) === null && !saysNoDevices(line))) return null;
  const consequence = saysNoDevices(line) && trouble.category === 'verbs-library-missing';
  return { cause: trouble.because, fix: trouble.fix, consequence };
}
