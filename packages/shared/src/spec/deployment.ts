/**
 * What the operator wants. The YAML file, `dsr1ctl deploy` flags and `POST /api/v1/deployments` are this one schema;
 * unknown keys are refused by name (spec/parse.ts).
 */
import { type Static, Type } from 'typebox';

/** Names of deployments and nodes: a DNS label, also used in unit names, labels and paths. */
export const NAME_PATTERN = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';

export const EngineKind = Type.Union(
  [
    Type.Literal('sglang'),
    Type.Literal('vllm'),
    Type.Literal('vllm-ray'),
    Type.Literal('command'),
    Type.Literal('rehearsal'),
  ],
  { description: 'What serves the model; rehearsal proves the network without one.' },
);
export type EngineKind = Static<typeof EngineKind>;

const closed = { additionalProperties: false } as const;

export const DeploymentSpec = Type.Object(
  {
    name: Type.String({ pattern: NAME_PATTERN, description: 'Name of the deployment.' }),
    engine: Type.Object(
      {
        kind: EngineKind,
        python: Type.Optional(
          Type.String({
            description:
              'Interpreter of the environment to run, the same path on every node (default: the newest install that the facts show).',
          }),
        ),
        image: Type.Optional(
          Type.String({
            description: 'Container image, by digest: name@sha256:…, or the id of a local one.',
          }),
        ),
        args: Type.Optional(
          Type.Array(Type.String(), { description: 'Extra engine arguments, appended as they are.' }),
        ),
        env: Type.Optional(
          Type.Record(Type.String(), Type.String(), { description: 'Extra environment of every rank.' }),
        ),
        gated: Type.Optional(
          Type.Boolean({
            description:
              'SGLang claims GPU memory and loads weights only after all ranks have met and none has reported a network that refutes the plan (default: false).',
          }),
        ),
        command: Type.Optional(
          Type.Array(Type.String(), {
            description:
              'engine.kind=command: argv template with {rank} {nodes} {world} {gpus} {head} {port} {endpointPort} {address} {interface} {model} {runDir}.',
          }),
        ),
      },
      closed,
    ),
    model: Type.Optional(
      Type.Object(
        {
          path: Type.String({ description: 'Absolute path of the model folder, the same on every node.' }),
          servedName: Type.Optional(
            Type.String({ description: 'Name that clients ask for (default: deployment name).' }),
          ),
          fit: Type.Optional(
            Type.Union([Type.Literal('enforce'), Type.Literal('warn')], {
              description:
                'A model that does not fit on its GPUs, or that the engine cannot divide so, is refused, or only told (default: enforce).',
            }),
          ),
        },
        closed,
      ),
    ),
    nodes: Type.Optional(
      Type.Object(
        {
          count: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024, description: 'How many nodes.' })),
          names: Type.Optional(
            Type.Array(Type.String(), { description: 'Exactly these nodes; their order is the rank order.' }),
          ),
          head: Type.Optional(Type.String({ description: 'Node that takes rank 0.' })),
          exclude: Type.Optional(Type.Array(Type.String(), { description: 'Never these nodes.' })),
        },
        closed,
      ),
    ),
    gpusPerNode: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 64,
        description: '0 = CPU ranks, one a node (default: all GPUs of the nodes).',
      }),
    ),
    parallelism: Type.Optional(
      Type.Object(
        {
          tensor: Type.Optional(Type.Integer({ minimum: 1, description: 'Tensor parallel size.' })),
          pipeline: Type.Optional(Type.Integer({ minimum: 1, description: 'Pipeline parallel size.' })),
        },
        closed,
      ),
    ),
    network: Type.Optional(
      Type.Object(
        {
          transport: Type.Optional(
            Type.Union([Type.Literal('auto'), Type.Literal('rdma'), Type.Literal('tcp')], {
              description: 'Network between the ranks.',
            }),
          ),
          controlInterface: Type.Optional(
            Type.String({ description: 'Netdev for bootstrap and sockets on every node.' }),
          ),
          hcas: Type.Optional(
            Type.Array(Type.String(), { description: 'HCAs of every node, instead of the selection.' }),
          ),
          gidIndex: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 255, description: 'GID index of every node.' }),
          ),
          rehearse: Type.Optional(
            Type.Union([Type.Literal('fail'), Type.Literal('warn'), Type.Literal('off')], {
              description:
                'Test of the network between the ranks before anything is started: what is broken ends the launch, or is only told (default: fail).',
            }),
          ),
          proof: Type.Optional(
            Type.Union([Type.Literal('fail'), Type.Literal('warn'), Type.Literal('off')], {
              description:
                'Ranks that fall to TCP under an RDMA plan, by their own log, end the attempt, or are only told (default: fail).',
            }),
          ),
          perNode: Type.Optional(
            Type.Record(
              Type.String(),
              Type.Object(
                {
                  controlInterface: Type.Optional(Type.String()),
                  hcas: Type.Optional(Type.Array(Type.String())),
                  gidIndex: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
                },
                closed,
              ),
            ),
          ),
        },
        closed,
      ),
    ),
    runtime: Type.Optional(
      Type.Union(
        [Type.Literal('auto'), Type.Literal('systemd'), Type.Literal('process'), Type.Literal('docker')],
        { description: 'What holds the processes of a rank.' },
      ),
    ),
    endpoint: Type.Optional(
      Type.Object(
        {
          port: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 65535,
              description: 'Port of the head for clients (default: chosen once, then kept).',
            }),
          ),
        },
        closed,
      ),
    ),
    /** Seconds that each phase may take; see engines/phases.ts for the defaults. */
    deadlines: Type.Optional(
      Type.Object(
        {
          rendezvousSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
          weightsSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
          graphsSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
          listeningSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
          servingSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
        },
        closed,
      ),
    ),
    restart: Type.Optional(
      Type.Object(
        {
          /** Relaunches after a gang that once served has failed, within `windowSeconds`. */
          maxAttempts: Type.Optional(Type.Integer({ minimum: 0 })),
          windowSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
        },
        closed,
      ),
    ),
    stopGraceSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 3600 })),
  },
  closed,
);
export type DeploymentSpec = Static<typeof DeploymentSpec>;
