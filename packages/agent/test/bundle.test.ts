import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { MANIFEST_FILE, manifestText, nodeFiles } from '@dsr1/shared/fabric/collect/bundle';
import { type CollectedNode, MAX_COLLECTED_BYTES } from '@dsr1/shared/fabric/collect/model';
import { type DumpManifest, readManifestDump } from '@dsr1/shared/fabric/dump';
import { explainDump } from '@dsr1/shared/fabric/explain';
import type { FabricPolicy } from '@dsr1/shared/fabric/model';
import { withMeetingAddresses } from '@dsr1/shared/fabric/select/meeting';
import { selectFabric } from '@dsr1/shared/fabric/select/select';
import { fabricView } from '@dsr1/shared/facts/fabric-view';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { test } from 'tap';
import { answerCollect, collectNode, compressed } from '../src/bundle/collect.ts';
import { collectFacts } from '../src/facts/collect.ts';
import { linuxHost } from '../src/host/linux.ts';
import { type HostRecord, simulatedHost } from '../src/host/simulated.ts';
import { roceHost } from './fake-hosts.ts';

const identity = { agentVersion: '0.1.0', agentCommand: ['/opt/dsr1/agent'] };
const POLICY: FabricPolicy = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} };

/** What explain chooses from a bundle of these nodes. */
function replayed(nodes: Readonly<Record<string, CollectedNode>>) {
  const parts = Object.entries(nodes).map(([name, node]) => nodeFiles({ name, ...node }));
  const texts = new Map(parts.flatMap(({ files }) => [...files]));
  texts.set(
    MANIFEST_FILE,
    manifestText(
      parts.map(({ entry }) => entry),
      [],
    ),
  );
  const manifest = JSON.parse(texts.get(MANIFEST_FILE) ?? '') as DumpManifest;
  return explainDump(readManifestDump(manifest, texts), POLICY).groups.map(({ selection }) => selection);
}

async function collected(record: HostRecord): Promise<{ facts: NodeFacts; node: CollectedNode }> {
  const host = simulatedHost(record);
  const facts = await collectFacts(host, identity);
  return { facts, node: await collectNode(host, { facts, env: {}, mask: false }) };
}

test('a tool that hangs or prints for ever costs its time limit and nothing else', async (t) => {
  const tools = {
    rdma: 'exec sleep 600',
    ibstat: 'while :; do echo "CA for ever"; done',
    show_gids: 'echo "mlx5_0 1 3 ::ffff:10.0.0.1 10.0.0.1 v2 ens1"; exit 3',
    ibdev2netdev: 'echo "mlx5_0 port 1 ==> ens1 (Up)"',
  };
  const bin = join(t.testdir(), 'bin');
  mkdirSync(bin);
  for (const [name, script] of Object.entries(tools)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const host = linuxHost({ toolPath: [bin, '/usr/bin', '/bin'] });
  const facts = await collectFacts(simulatedHost({ files: {} }), identity);
  const env = { NCCL_IB_HCA: '=mlx5_0', NCCL_API_KEY: 'secret', HOME: '/' };
  const startedMs = performance.now();
  const { texts, missing } = await collectNode(host, { facts, env, mask: false, timeoutMs: 1000 });
  t.ok(performance.now() - startedMs < 5000, 'the tools run at the same time');
  const why = Object.fromEntries(missing.map(({ tool, reason }) => [tool, reason]));
  t.match(why, {
    'rdma link': /no answer within 1000 ms/,
    ibstat: /no answer within|printed more than/,
    show_gids: /exit status 3/,
  });
  t.match(texts, { show_gids: /^mlx5_0 1 3/, ibdev2netdev: /==> ens1/, env: 'NCCL_IB_HCA="=mlx5_0"\n' });
  t.notMatch(JSON.stringify(texts), 'secret');
});

test('16 HCAs × 256 GIDs: explain chooses from the bundle as from live facts, and it fits into a message', async (t) => {
  const record = roceHost({ hcas: 16, gidSlots: 256, gidsUsed: 256, gpus: 8 });
  const { netdevs, hcas } = fabricView('', await collectFacts(simulatedHost(record), identity));
  const gids = hcas?.flatMap(({ device, ports }) =>
    (ports[0]?.gids ?? []).map(
      ({ index, gid, ipv4, version, netdev }) =>
        `${device}\t1\t${index}\t${gid}\t${ipv4 ?? ''}\tv${version}\t${netdev}\n`,
    ),
  );
  t.equal(netdevs?.length, 16);
  t.equal(gids?.length, 4096);
  const { facts, node } = await collected({
    ...record,
    tools: { ...record.tools, show_gids: gids?.join('') ?? '' },
  });
  const bytes = compressed(node, MAX_COLLECTED_BYTES);
  const raw = JSON.stringify(node).length;
  t.ok(bytes.length < 512 * 1024 && raw > 1024 * 1024, `${raw} bytes, ${bytes.length} compressed`);
  t.same(JSON.parse(gunzipSync(bytes).toString()), node, 'nothing is left out');
  t.same(replayed({ gpu1: node }), [selectFabric([fabricView('gpu1', facts)], POLICY)]);
  t.match(node.texts['sysfs-infiniband'], /mlx5_15\/ports\/1\/gid_attrs\/types\/3:RoCE v2/);
});

test('two hosts meet in a bundle where a launch would have them meet', async (t) => {
  const record = roceHost({ hcas: 2, gidSlots: 16, gidsUsed: 4, gpus: 2 });
  const own = (last: number) => ({
    ...record,
    tools: JSON.parse(JSON.stringify(record.tools).replaceAll('.7', `.${last}`)) as typeof record.tools,
  });
  const [a, b] = [await collected(own(7)), await collected(own(8))];
  const views = [fabricView('a', a.facts), fabricView('b', b.facts)];
  const live = selectFabric(withMeetingAddresses(views), POLICY);
  t.match(live.nodes, [{ address: '10.1.0.7' }, { address: '10.1.0.8' }]);
  t.same(replayed({ a: a.node, b: b.node }), [live]);
  t.notSame(selectFabric(views, POLICY), live, 'it makes a difference here');
});

test('a host without ip still shows its interfaces; a device node that is closed stays out', async (t) => {
  const whole = roceHost({ hcas: 2, gidSlots: 16, gidsUsed: 4, gpus: 2 });
  const { facts, node } = await collected({
    ...whole,
    tools: {},
    closed: { '/dev/infiniband/uverbs1': 'EACCES' },
    addresses: [
      { netdev: 'xgbe0', family: 4, address: '10.1.0.7', prefixLength: 24, mac: '' },
      { netdev: 'xgbe1', family: 4, address: '10.1.1.7', prefixLength: 24, mac: '' },
    ],
  });
  t.notOk('ip-a' in node.texts);
  const [selection] = replayed({ gpu1: node });
  t.same(selection, selectFabric([fabricView('gpu1', facts)], POLICY));
  t.match(selection?.nodes, [
    { controlInterface: 'xgbe1', hcas: [{ device: 'mlx5_0', address: '10.1.0.7' }] },
  ]);
});

test('masked on the node: no public address, serial number or GPU UUID leaves it', async (t) => {
  const record = roceHost({ hcas: 1, gidSlots: 4, gidsUsed: 4, gpus: 1 });
  const host = simulatedHost({
    ...record,
    tools: {
      ...record.tools,
      'ip -d addr': '2: eth0: <UP,LOWER_UP> mtu 1500\n    inet 8.8.4.4/24 scope global eth0\n',
      'ip -d -j addr':
        '[{"ifname":"eth0","addr_info":[{"family":"inet","local":"8.8.4.4","prefixlen":24,"scope":"global"}]}]',
      'nvidia-smi -q -x':
        '<nvidia_smi_log><serial>1650</serial><uuid>GPU-f2234c3b-4df2-090b-5346-756930d62ab4</uuid>',
    },
  });
  const facts = () => collectFacts(host, identity);
  const { gzip } = await answerCollect(host, facts, { mask: true });
  const text = gunzipSync(Buffer.from(gzip, 'base64')).toString();
  t.notMatch(text, /8\.8\.4\.4|1650|f2234c3b/);
  t.match(text, /x\.x\.4\.4/);
  t.match((await answerCollect(host, facts, { mask: false })).gzip.length, Number);
  await t.rejects(answerCollect(host, facts, {}), { code: 'INVALID_ARGUMENT' });
});

test('what is too much for a message is left out and named, the largest first', (t) => {
  const node = {
    texts: { lspci: randomBytes(60_000).toString('hex'), 'ip-a': 'inet 10.0.0.1' },
    missing: [],
  };
  t.same(JSON.parse(gunzipSync(compressed(node, 20_000)).toString()), {
    texts: { 'ip-a': 'inet 10.0.0.1' },
    missing: [{ tool: 'lspci', reason: 'its 120000 characters are too much for one bundle' }],
  });
  t.end();
});
