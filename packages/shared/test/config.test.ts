import { test } from 'tap';
import { Type } from 'typebox';
import { type ConfigRequest, loadConfig, printConfig } from '../src/config.ts';
import { Dsr1Error } from '../src/errors.ts';
import { decode } from '../src/schema.ts';

const Settings = Type.Object(
  {
    stateDir: Type.String({ default: '/var/lib/x' }),
    port: Type.Integer({ default: 7440, minimum: 1, maximum: 65535 }),
    tls: Type.Boolean({ default: true }),
    names: Type.Array(Type.String(), { default: [] }),
    level: Type.Union([Type.Literal('info'), Type.Literal('debug')], { default: 'info' }),
  },
  { additionalProperties: false },
);

const load = (over: Partial<ConfigRequest> = {}) =>
  loadConfig(Settings, {
    defaultFile: '/nonexistent/x.yaml',
    envPrefix: 'DSR1_X_',
    env: {},
    flags: {},
    ...over,
  });

test('defaults < file < environment < flags, and every value says where it came from', (t) => {
  const dir = t.testdir({ 'x.yaml': 'port: 1\ntls: false\nnames: [a]\nlevel: debug\n' });
  const loaded = load({
    defaultFile: `${dir}/x.yaml`,
    env: { DSR1_X_PORT: '2', DSR1_X_NAMES: 'b, c', DSR1_XY: 'not ours', PATH: '/bin' },
    flags: { port: '3', stateDir: undefined },
  });
  t.same(loaded.config, { stateDir: '/var/lib/x', port: 3, tls: false, names: ['b', 'c'], level: 'debug' });
  t.same(loaded.sources, {
    stateDir: 'default',
    port: 'flag',
    tls: 'file',
    names: 'environment',
    level: 'file',
  });
  t.equal(
    printConfig(loaded),
    'stateDir: /var/lib/x # default\nport: 3 # flag\ntls: false # file\nnames: [b, c] # environment\nlevel: debug # file\n',
  );
  const printed = t.testdir({ 'again.yaml': printConfig(loaded) });
  t.same(load({ file: `${printed}/again.yaml` }).config, loaded.config, 'what is printed is a valid file');
  t.end();
});

test('each wrong setting is refused by name and layer', (t) => {
  const dir = t.testdir({
    'typo.yaml': 'prot: 1',
    'type.yaml': 'port: high',
    'list.yaml': '- a',
    'broken.yaml': 'a: [b',
  });
  const file = (name: string) => ({ file: `${dir}/${name}.yaml` });
  const cases: readonly (readonly [Partial<ConfigRequest>, string, RegExp])[] = [
    [file('typo'), 'UNKNOWN_KEY', /typo\.yaml: prot is not a known key \(known: stateDir, port/],
    [file('type'), 'CONFIG_INVALID', /type\.yaml: port must be integer, found "high"/],
    [file('list'), 'CONFIG_INVALID', /a list/],
    [file('broken'), 'CONFIG_INVALID', /not YAML/],
    [{ file: '/nonexistent/y.yaml' }, 'CONFIG_INVALID', /\/nonexistent\/y\.yaml cannot be read \(ENOENT\)/],
    [{ env: { DSR1_X_PROT: '1' } }, 'UNKNOWN_KEY', /DSR1_X_PROT/],
    [{ env: { DSR1_X_PORT: '99999' } }, 'CONFIG_INVALID', /environment: port must be <= 65535/],
    [{ flags: { level: 'loud' } }, 'CONFIG_INVALID', /flags: level must be one of info, debug, found "loud"/],
    [{ flags: { tls: 'maybe' } }, 'CONFIG_INVALID', /flags: tls must be boolean, found "maybe"/],
  ];
  for (const [over, code, message] of cases) {
    t.throws(() => load(over), { code, message, hint: /config/ });
  }
  t.end();
});

test('a value is told once, at its place, unknown keys first', (t) => {
  const schema = Type.Object({
    a: Type.Object({ b: Type.Integer() }, { additionalProperties: false }),
    c: Type.String(),
  });
  try {
    decode(schema, { a: { b: 'x', z: 1 } }, { what: 'thing' });
    t.fail('it was taken');
  } catch (error) {
    t.ok(error instanceof Dsr1Error);
    t.match(error, { code: 'UNKNOWN_KEY', message: 'thing: a.z is not a known key (known: b)' });
    const problems = (error as Dsr1Error).details.problems as readonly { path: string }[];
    t.same(problems.map((problem) => problem.path).sort(), ['a.b', 'a.z', 'c']);
  }
  t.end();
});
