/** Are logs read right, wrong settings named, and is the cause among the first two diagnoses? */
import type { CorpusCase, LogExpectation } from './case.ts';
import type { Answer, Check, LogAnswer } from './score.ts';

export function judgeLogs(expected: CorpusCase, answer: Answer): Check[] {
  const verdict = expected.group?.verdict;
  const found = answer.groups.main?.verdict;
  const categories = answer.diagnosis.slice(0, 2).map((item) => item.category);
  const cause = expected.diagnosis;
  return [
    ...(verdict && verdict !== 'unknown'
      ? [
          {
            part: 'group' as const,
            ok: found === verdict,
            soft: expected.group?.soft === true,
            what: `verdict is ${found}, not ${verdict}`,
          },
        ]
      : []),
    ...(expected.nccl ?? []).flatMap((log) => judgeLog(log, answer.nccl)),
    ...(expected.bad_env ?? []).map((bad) => ({
      part: 'bad_env' as const,
      ok: answer.rejected_env.some((item) => item.var === bad.var && item.value === bad.value),
      soft: bad.soft === true,
      what: `accepted ${bad.var}=${bad.value}`,
    })),
    ...(cause
      ? [
          {
            part: 'diagnosis' as const,
            ok: categories.includes(cause.category),
            soft: cause.soft === true,
            what: `diagnosis is ${categories}, not ${cause.category}`,
          },
        ]
      : []),
  ];
}

function judgeLog(wanted: LogExpectation, logs: readonly LogAnswer[]): Check[] {
  const candidates = logs.filter(
    (log) => log.file === wanted.file && (!wanted.host || log.host === null || log.host === wanted.host),
  );
  const log = candidates.find((item) => item.host === (wanted.host ?? null)) ?? candidates[0];
  const errors = candidates.flatMap((item) => item.errors);
  const name = `${wanted.file} ${wanted.host ?? ''}`.trim();
  const check = (ok: boolean, what: string): Check => ({
    part: 'nccl',
    ok,
    soft: wanted.soft === true,
    what: `${name} ${what}`,
  });
  const fields = (['version', 'network', 'transport', 'oob_ifname', 'gdr', 'nic_count'] as const).filter(
    (key) => wanted[key] !== undefined && wanted[key] !== null && wanted[key] !== 'unknown',
  );
  return [
    ...fields.map((key) => check(log?.[key] === wanted[key], `${key} is ${log?.[key]}, not ${wanted[key]}`)),
    ...(wanted.devices_used?.length
      ? [
          check(
            devices(log?.devices_used) === devices(wanted.devices_used),
            `devices are ${log?.devices_used}, not ${wanted.devices_used}`,
          ),
        ]
      : []),
    ...(wanted.errors ?? []).map((error) =>
      check(
        errors.some(
          (item) =>
            [error.category, ...(error.or ?? [])].includes(item.category) &&
            squeezed(item.line).includes(squeezed(error.line_contains)),
        ),
        `no ${error.category} at «${error.line_contains}»`,
      ),
    ),
    ...(wanted.benign ?? []).map((line) =>
      check(!errors.some((item) => item.line.includes(line)), `called an error: ${line}`),
    ),
  ];
}

function devices(list: readonly string[] | undefined): string {
  return (list ?? []).map((entry) => entry.split(':')[0]).join(' ');
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, ' ');
}
