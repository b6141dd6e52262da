import { setTimeout } from 'node:timers/promises';
import { test } from 'tap';
import { collectFacts } from '../src/facts/collect.ts';
import { createGauges } from '../src/facts/gauges.ts';
import { factsHash } from '../src/facts/hash.ts';
import { DEFAULT_FACTS_OPTIONS } from '../src/facts/parts.ts';
import { watchFacts } from '../src/facts/watch.ts';
import type { Host } from '../src/host/host.ts';
import { type HostRecord, simulatedHost } from '../src/host/simulated.ts';
import { LINUX_FILES, roceHost } from './fake-hosts.ts';

const identity = { agentVersion: '0.1.0', agentCommand: ['agent'] };
const shape = { hcas: 8, gidSlots: 16, gidsUsed: 4, gpus: 8 };

test('the hash is the same for an unchanged host and moves with a GID', async (t) => {
  const host = roceHost(shape);
  const hash = async (record: HostRecord) => factsHash(await collectFacts(simulatedHost(record), identity));
  const first = await hash(host);
  t.equal(await hash(roceHost(shape)), first);
  t.equal(
    await hash({ ...host, silentNameServers: ['10.0.0.53'] }),
    first,
    'a name server that just went silent',
  );
  const port = `${host.links['/sys/class/infiniband/mlx5_3']}/ports/1`;
  t.not(
    await hash({ ...host, files: { ...host.files, [`${port}/gid_attrs/types/3`]: 'IB/RoCE v1\n' } }),
    first,
  );
});

test('a watch tells of changes once, and of nothing else', async (t) => {
  const base = simulatedHost(roceHost({ ...shape, hcas: 1, gpus: 0 }));
  let carrier = '1\n';
  let looks = 0;
  const host: Host = {
    ...base,
    readText: async (path) => {
      if (path === '/sys/class/net/xgbe0/carrier') looks += 1;
      return path.endsWith('/xgbe0/carrier') ? carrier : base.readText(path);
    },
  };
  const told: boolean[] = [];
  const watch = await watchFacts(
    host,
    identity,
    DEFAULT_FACTS_OPTIONS,
    ({ facts }) => told.push(facts.netdevs.detected && facts.netdevs.value[0]?.up === true),
    { network: '* * * * * *', gpus: '0 0 1 1 *', machine: '0 0 1 1 *', software: '0 0 1 1 *' },
  );
  t.teardown(() => watch.stop());
  const looksAtStart = looks;
  for (let turn = 0; turn < 60 && looks <= looksAtStart; turn += 1) await setTimeout(50);
  t.ok(looks > looksAtStart, 'it has looked again');
  t.same(told, [], 'and seen nothing new');
  carrier = '0\n';
  for (let turn = 0; turn < 60 && told.length === 0; turn += 1) await setTimeout(50);
  t.same(told, [false]);
  t.equal(watch.current().hash, (await watch.refresh()).hash);
  carrier = '1\n';
  const { facts } = await watch.refresh();
  t.equal(facts.netdevs.detected && facts.netdevs.value[0]?.up, true, 'refresh answers with what is now');
  t.same(told, [false, true]);
});

test('heartbeats look at GPUs every ten seconds, and only where there are some', async (t) => {
  const argv = 'nvidia-smi --query-gpu=index,memory.used,utilization.gpu --format=csv,noheader,nounits';
  const base = simulatedHost({ files: LINUX_FILES, tools: { [argv]: '0, 1024, 55\n1, 0, [N/A]\n' } });
  let looks = 0;
  const host: Host = {
    ...base,
    run: async (command) => {
      looks += 1;
      return base.run(command);
    },
  };
  let nowMs = 1000;
  let present = false;
  const gauges = createGauges(host, { wallMs: () => 77, monotonicMs: () => nowMs }, () => present);
  t.same(await gauges.heartbeat(), {
    sequence: 1,
    clockMs: 77,
    load1: 1.5,
    memoryAvailableBytes: 2_000_000_000 * 1024,
    gpus: [],
  });
  t.equal(looks, 0);
  present = true;
  await gauges.heartbeat();
  await setTimeout(20);
  nowMs += 9_999;
  const { gpus, sequence } = await gauges.heartbeat();
  t.equal(sequence, 3);
  t.same(gpus, [
    { index: 0, usedMemoryBytes: 2 ** 30, utilisationPercent: 55 },
    { index: 1, usedMemoryBytes: 0, utilisationPercent: 0 },
  ]);
  t.equal(looks, 1);
  nowMs += 1;
  await gauges.heartbeat();
  t.equal(looks, 2);
});
