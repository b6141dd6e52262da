/** Secrets that engines print (SGLang logs its whole argument list, keys included) do not leave the node. */
const PATTERNS: readonly RegExp[] = [
  /\bhf_[A-Za-z0-9]{16,}/g,
  /\bDJ1[0-9a-f]{64}\S*/g,
  /\bBearer\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  /((?:api[_-]?key|secret|password|token)["']?\s*[=:]\s*["']?)[A-Za-z0-9._~+/-]{8,}/gi,
];

/** `secrets` are texts known to be secret, such as the attempt's API key. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const known = secrets
    .filter((secret) => secret.length >= 4)
    .reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
  return PATTERNS.reduce(
    (masked, pattern) =>
      masked.replace(pattern, (_all, label: unknown) => `${typeof label === 'string' ? label : ''}***`),
    known,
  );
}
