/** Every kind of event and when it is recorded: the type of what is recorded, and the table in docs/vocabulary.md. */
export const EVENT_KINDS = {
  'node.joined': 'a host became a node by token, or came back as the node it was',
  'node.connected': 'its session began',
  'node.rebooted': 'its session began, with another boot id',
  'node.disconnected': 'its session ended; its ranks run on',
  'node.lost': 'nothing was heard of it for `lostAfterMs`; stops nothing by itself',
  'node.back': 'a lost node was heard again',
  'node.facts': 'it reported its first facts, or other ones',
  'node.facts-refused': 'its facts do not have the form of this version',
  'node.clock-skew': 'its clock is more than 5 s off',
  'node.renewed': 'its certificate had expired and was renewed by proof of its key',
  'node.duplicate': 'two hosts use its identity: quarantined',
  'node.stale-certificate':
    'a certificate came that was replaced by a newer one: its state was copied or restored',
  'node.cordoned': 'takes no new ranks',
  'node.uncordoned': 'takes new ranks again; a quarantine is lifted',
  'node.removed': 'an operator removed it: certificates revoked, session cut',
  'deployment.created': 'stored, and wanted to run',
  'deployment.start-requested': 'an operator wants it to run again',
  'deployment.stop-requested': 'an operator wants it stopped',
  'deployment.remove-requested': 'an operator wants it gone',
  'deployment.planned': 'an attempt has its plan; its epoch is stored',
  'deployment.infeasible': 'no plan is possible now, with the reasons',
  'deployment.prepared': 'every node holds what its rank needs',
  'deployment.rehearsed': 'the network between its ranks was tested, with the check and what it found',
  'deployment.started': 'every rank was started',
  'deployment.phase': 'a rank entered a phase',
  'deployment.serving': 'its endpoint answers',
  'deployment.network': 'which network its ranks really use, as NCCL says in their logs',
  'deployment.ended': 'an attempt is over, with the cause and the rank to blame',
  'deployment.closed': 'every rank of an attempt is known to be stopped',
  'deployment.pending': 'state: not planned yet',
  'deployment.waiting': 'state: waits for nodes, or before the next attempt',
  'deployment.preparing': 'state: nodes are being asked',
  'deployment.rehearsing': 'state: the network between the ranks is tested',
  'deployment.starting': 'state: ranks start',
  'deployment.stopping': 'state: ranks are being stopped',
  'deployment.stopped': 'state: stopped by an operator',
  'deployment.failed': 'state: failed, and not tried again by itself',
  'deployment.removed': 'nothing of it is left',
  'fabric.checked': 'a check of the network between nodes is over',
} as const;

export type EventKind = keyof typeof EVENT_KINDS;
/** What stands behind `deployment.`. */
export type DeploymentEvent = EventKind extends infer K
  ? K extends `deployment.${infer E}`
    ? E
    : never
  : never;
